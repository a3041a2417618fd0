//! Where searches stand: an opaque token names the ids found at the first page and a place in them. Issues deleted since
//! make a later page short without making it the last. Tokens live seven days and at most ten thousand are kept.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use base64::Engine as _;
use jiff::{SignedDuration, Timestamp};

const MOST: usize = 10_000;
const LIFETIME: SignedDuration = SignedDuration::from_hours(7 * 24);

#[derive(Default)]
pub(in crate::jira) struct Cursors {
    made: u64,
    live: HashMap<String, Cursor>,
    oldest: VecDeque<String>,
}

#[derive(Clone)]
pub(super) struct Cursor {
    pub(super) jql: String,
    pub(super) account: Option<String>,
    pub(super) ids: Arc<Vec<u64>>,
    pub(super) at: usize,
    pub(super) made: Timestamp,
}

impl Cursors {
    pub(super) fn keep(&mut self, cursor: Cursor) -> String {
        self.made = self.made.saturating_add(1);
        // A hash, so that no client can guess or calculate with it.
        let digest = blake3::hash(format!("{}:{}:{}", self.made, cursor.at, cursor.jql).as_bytes());
        let token = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(digest.as_bytes());
        self.live.insert(token.clone(), cursor);
        self.oldest.push_back(token.clone());
        if self.oldest.len() > MOST
            && let Some(gone) = self.oldest.pop_front()
        {
            self.live.remove(&gone);
        }
        token
    }

    pub(super) fn find(&self, token: &str, now: Timestamp) -> Option<Cursor> {
        let cursor = self.live.get(token)?;
        (now.duration_since(cursor.made) < LIFETIME).then(|| cursor.clone())
    }
}
