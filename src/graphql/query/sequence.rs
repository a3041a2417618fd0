//! The safe order of releases: what goes together, what goes first, and when.

use async_graphql::{Context, InputObject, Object, Result};
use domain::{Scope, Text};
use engine::ReleaseGraph;
use engine::sequence::{self, SequenceError, SequencePolicy, SequenceRequest, sequence_releases};
use jiff::{SignedDuration, Span, SpanRelativeTo, Timestamp};

use super::releases::ReleaseFilter;
use crate::graphql::coverage::{Coverage, NAMING};
use crate::graphql::errors;
use crate::graphql::session::Session;
use crate::graphql::types::sequence::Sequence;
use crate::graphql::types::target::TargetInput;

/// Which releases are to go where, and between when.
#[derive(Debug, Clone, InputObject)]
pub(crate) struct SequenceInput {
    /// Keys of the releases. Without keys: all to come that the filter lets through.
    releases: Option<Vec<String>>,
    /// Only those that pass.
    filter: Option<ReleaseFilter>,
    /// Where to.
    target: TargetInput,
    /// Not before this moment.
    from: Timestamp,
    /// All must be done by this moment.
    to: Timestamp,
    /// What would be different; the answer then tells the difference.
    what_if: Option<WhatIfInput>,
}

/// What would be different.
#[derive(Debug, Clone, Default, InputObject)]
pub(crate) struct WhatIfInput {
    /// Keys of releases that go too.
    add: Option<Vec<String>>,
    /// Keys of releases that do not go.
    remove: Option<Vec<String>>,
    /// Releases that start at another time.
    #[graphql(name = "move")]
    moves: Option<Vec<MoveInput>>,
    /// Releases that take another time.
    durations: Option<Vec<DurationInput>>,
    /// Pools or teams that serve another number of releases at once.
    capacity: Option<Vec<CapacityInput>>,
}

/// A release that starts at one moment and at no other.
#[derive(Debug, Clone, InputObject)]
pub(crate) struct MoveInput {
    /// Its key.
    release: String,
    /// When it starts.
    start: Timestamp,
}

/// A release that takes so long.
#[derive(Debug, Clone, InputObject)]
pub(crate) struct DurationInput {
    /// Its key.
    release: String,
    /// How long, for example `PT45M`.
    duration: Span,
}

/// A pool that serves so many releases at once.
#[derive(Debug, Clone, InputObject)]
pub(crate) struct CapacityInput {
    /// Key of a configured pool, or of a team.
    pool: String,
    /// How many, 0 or more.
    capacity: i32,
}

impl SequenceInput {
    fn request(&self, graph: &ReleaseGraph) -> Result<SequenceRequest> {
        Ok(SequenceRequest {
            releases: self.releases.as_ref().map(|keys| texts(Some(keys))),
            filter: self.filter.as_ref().map(Into::into),
            target: self.target.read(graph)?,
            from: self.from,
            to: self.to,
            what_if: self.what_if.as_ref().map(WhatIfInput::read).transpose()?.unwrap_or_default(),
        })
    }
}

impl WhatIfInput {
    fn read(&self) -> Result<sequence::WhatIf> {
        let moves = self.moves.iter().flatten().map(|row| (row.release.as_str().into(), row.start));
        let durations = self.durations.iter().flatten().map(|row| {
            let duration = row.duration.to_duration(SpanRelativeTo::days_are_24_hours()).map_err(|_| {
                errors::bad_input("whatIf.durations: write hours, minutes and seconds, for example PT1H30M.")
            })?;
            Ok((row.release.as_str().into(), duration))
        });
        let capacities = self.capacity.iter().flatten().map(|row| {
            let capacity = u32::try_from(row.capacity)
                .map_err(|_| errors::bad_input("whatIf.capacity: a capacity is 0 or more."))?;
            Ok((row.pool.as_str().into(), capacity))
        });
        Ok(sequence::WhatIf {
            add: texts(self.add.as_ref()),
            remove: texts(self.remove.as_ref()),
            moves: moves.collect(),
            durations: durations.collect::<Result<Vec<(Text, SignedDuration)>>>()?,
            capacities: capacities.collect::<Result<Vec<(Text, u32)>>>()?,
        })
    }
}

fn texts(keys: Option<&Vec<String>>) -> Vec<Text> {
    keys.into_iter().flatten().map(|key| key.as_str().into()).collect()
}

/// Every list of a sequence may have as many rows as there are releases; so many are counted.
const ROWS: usize = 100;

#[derive(Default)]
pub(super) struct SequenceQuery;

#[Object]
impl SequenceQuery {
    /// In which order, together with what, and when can these releases go to the target? What the caller may not see
    /// is neither named nor taken as there.
    #[graphql(complexity = "ROWS * child_complexity")]
    async fn sequence(&self, ctx: &Context<'_>, input: SequenceInput) -> Result<Sequence> {
        let session = Session::of(ctx)?;
        let request = input.request(&session.graph)?;
        let target = request.target.clone();
        let (graph, scope): (_, Scope) = (session.graph.clone(), session.scope().clone());
        // Scheduling may take a second: off the threads that serve others.
        let work = move || sequence_releases(&graph, &request, (&scope, &SequencePolicy::default()));
        let found = tokio::task::spawn_blocking(work).await.map_err(|_| errors::internal())?;
        match found {
            Ok(found) => Ok(Sequence::new(&session.graph, found, target)),
            Err(error) => {
                if matches!(error, SequenceError::UnknownRelease { .. }) {
                    Coverage::of(session, &session.graph, NAMING, &[]).tell_missing(ctx);
                }
                Err(refusal(error))
            }
        }
    }
}

fn refusal(error: SequenceError) -> async_graphql::Error {
    match error {
        SequenceError::AmbiguousRelease { key, keys, .. } => {
            errors::ambiguous_release(&key, &keys.iter().map(String::as_str).collect::<Vec<_>>())
        }
        SequenceError::Malformed(_) => errors::internal(),
        error if error.is_limit() => errors::limit_exceeded(sentence(&error)),
        error => errors::bad_input(sentence(&error)),
    }
}

/// Messages to clients are sentences.
fn sentence(error: &SequenceError) -> String {
    format!("{error}.")
}
