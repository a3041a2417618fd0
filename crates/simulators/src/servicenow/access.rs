//! Who may come in and what they may see: Basic, API keys, OAuth tokens, and rules that hide fields and rows.

use std::collections::HashMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::reply::Reply;
use super::store::Store;

const REFRESH_LIFETIME: SignedDuration = SignedDuration::from_hours(100 * 24);

/// Somebody who may log in; also a row of `sys_user`.
#[derive(Clone, Debug)]
pub struct User {
    /// Chosen by the instance where absent.
    pub sys_id: Option<String>,
    pub user_name: String,
    pub password: String,
    pub name: String,
    pub email: String,
    pub roles: Vec<String>,
    pub api_key: Option<String>,
    /// In which zone display values of times are told, such as `Europe/London`.
    pub time_zone: String,
    pub restrictions: Vec<Restriction>,
}

impl User {
    /// A user without roles, keys or restrictions, who lives in UTC.
    #[must_use]
    pub fn new(user_name: &str, password: &str) -> Self {
        Self {
            sys_id: None,
            user_name: user_name.to_owned(),
            password: password.to_owned(),
            name: user_name.to_owned(),
            email: String::new(),
            roles: Vec::new(),
            api_key: None,
            time_zone: "UTC".to_owned(),
            restrictions: Vec::new(),
        }
    }
}

/// Something a user may not do or see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Restriction {
    /// The field is left out of every record.
    HideField { table: String, field: String },
    /// Rows matching the encoded query are dropped, after the page was cut.
    HideRows { table: String, query: String },
    /// The table answers 403.
    DenyTable { table: String },
    /// Writes to the table answer 403.
    DenyWrites { table: String },
}

/// A program registered for OAuth.
#[derive(Clone, Debug)]
pub struct OauthClient {
    pub client_id: String,
    pub client_secret: String,
    /// The user that `client_credentials` tokens act as.
    pub user_name: Option<String>,
    pub lifetime: SignedDuration,
}

impl OauthClient {
    /// A client with the product's default lifetime of half an hour.
    #[must_use]
    pub fn new(client_id: &str, client_secret: &str, user_name: &str) -> Self {
        Self {
            client_id: client_id.to_owned(),
            client_secret: client_secret.to_owned(),
            user_name: Some(user_name.to_owned()),
            lifetime: SignedDuration::from_mins(30),
        }
    }
}

/// The user behind a request.
#[derive(Clone, Debug)]
pub(super) struct Caller {
    pub(super) user_id: String,
    pub(super) user_name: String,
    pub(super) roles: Vec<String>,
    pub(super) zone: TimeZone,
    pub(super) restrictions: Vec<Restriction>,
}

impl Caller {
    pub(super) fn may_see_field(&self, store: &Store, table: &str, column: &str) -> bool {
        !self.restrictions.iter().any(|restriction| match restriction {
            Restriction::HideField { table: other, field } => {
                field == column && store.dictionary.extends(table, other)
            }
            _ => false,
        })
    }
}

#[derive(Clone, Debug)]
struct Grant {
    token: String,
    client_id: String,
    user_name: String,
    until: Timestamp,
}

/// Name and password of an `Authorization: Basic` header; OAuth clients may send theirs so too.
pub(super) fn credentials(authorization: &str) -> Option<(String, String)> {
    let (scheme, encoded) = authorization.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (name, password) = decoded.split_once(':')?;
    Some((name.to_owned(), password.to_owned()))
}

/// Users, clients and the tokens given out.
#[derive(Debug, Default)]
pub(super) struct Access {
    users: HashMap<String, User>,
    clients: Vec<OauthClient>,
    access: Vec<Grant>,
    refresh: Vec<Grant>,
    given: u64,
}

impl Access {
    pub(super) fn new(clients: Vec<OauthClient>) -> Self {
        Self { clients, ..Self::default() }
    }

    pub(super) fn add(&mut self, user: User) {
        self.users.insert(user.user_name.clone(), user);
    }

    pub(super) fn restrict(&mut self, user_name: &str, restrictions: Vec<Restriction>) {
        if let Some(user) = self.users.get_mut(user_name) {
            user.restrictions = restrictions;
        }
    }

    /// Forgets every access token, as when an administrator revokes them.
    pub(super) fn revoke(&mut self) {
        self.access.clear();
    }

    /// The caller, by an `Authorization` header or an API key.
    pub(super) fn caller(&self, authorization: Option<&str>, key: Option<&str>, now: Timestamp) -> Option<Caller> {
        let user = match (authorization, key) {
            (Some(authorization), _) => {
                let (scheme, rest) = authorization.split_once(' ')?;
                match scheme.to_ascii_lowercase().as_str() {
                    "basic" => self.by_password(authorization)?,
                    "bearer" => {
                        let live = |grant: &&Grant| grant.token == rest.trim() && grant.until > now;
                        self.users.get(&self.access.iter().find(live)?.user_name)?
                    }
                    _ => return None,
                }
            }
            (None, Some(key)) => self.users.values().find(|user| user.api_key.as_deref() == Some(key))?,
            (None, None) => return None,
        };
        Some(Caller {
            user_id: user.sys_id.clone().unwrap_or_default(),
            user_name: user.user_name.clone(),
            roles: user.roles.clone(),
            zone: TimeZone::get(&user.time_zone).unwrap_or(TimeZone::UTC),
            restrictions: user.restrictions.clone(),
        })
    }

    fn by_password(&self, authorization: &str) -> Option<&User> {
        let (name, password) = credentials(authorization)?;
        self.users.get(&name).filter(|user| user.password == password)
    }

    /// Answers `POST /oauth_token.do`.
    pub(super) fn token(&mut self, form: &HashMap<String, String>, now: Timestamp) -> Reply {
        self.granted(form, now).unwrap_or_else(|| {
            let body = json!({ "error": "server_error", "error_description": "access_denied" });
            Reply::json(401, body)
        })
    }

    fn granted(&mut self, form: &HashMap<String, String>, now: Timestamp) -> Option<Reply> {
        let id = form.get("client_id")?;
        let client = self.clients.iter().find(|client| client.client_id == *id)?.clone();
        if form.get("client_secret") != Some(&client.client_secret) {
            return None;
        }
        let (user_name, with_refresh) = match form.get("grant_type")?.as_str() {
            "password" => {
                let user = self.users.get(form.get("username")?)?;
                (form.get("password") == Some(&user.password))
                    .then(|| user.user_name.clone())
                    .map(|name| (name, true))?
            }
            "client_credentials" => (client.user_name.clone()?, false),
            "refresh_token" => {
                let token = form.get("refresh_token")?;
                let live = |grant: &&Grant| grant.token == *token && grant.client_id == *id && grant.until > now;
                (self.refresh.iter().find(live)?.user_name.clone(), false)
            }
            _ => return None,
        };
        let access = self.grant(&client, &user_name, now);
        let left = access.until.duration_since(now).as_secs().saturating_sub(1).max(0);
        let mut body = json!({
            "scope": "useraccount", "token_type": "Bearer", "expires_in": left, "access_token": access.token,
        });
        if with_refresh {
            let refresh = self.refresh_grant(&client, &user_name, now);
            if let Some(body) = body.as_object_mut() {
                body.insert("refresh_token".to_owned(), refresh.token.into());
            }
        }
        Some(Reply::json(200, body))
    }

    /// A token that still lives is given out again.
    fn grant(&mut self, client: &OauthClient, user_name: &str, now: Timestamp) -> Grant {
        self.access.retain(|grant| grant.until > now);
        let same = |grant: &&Grant| grant.client_id == client.client_id && grant.user_name == user_name;
        if let Some(grant) = self.access.iter().find(same) {
            return grant.clone();
        }
        let grant = self.minted(client, user_name, now.saturating_add(client.lifetime).unwrap_or(Timestamp::MAX));
        self.access.push(grant.clone());
        grant
    }

    fn refresh_grant(&mut self, client: &OauthClient, user_name: &str, now: Timestamp) -> Grant {
        self.refresh.retain(|grant| grant.until > now);
        let same = |grant: &&Grant| grant.client_id == client.client_id && grant.user_name == user_name;
        if let Some(grant) = self.refresh.iter().find(same) {
            return grant.clone();
        }
        let grant = self.minted(client, user_name, now.saturating_add(REFRESH_LIFETIME).unwrap_or(Timestamp::MAX));
        self.refresh.push(grant.clone());
        grant
    }

    fn minted(&mut self, client: &OauthClient, user_name: &str, until: Timestamp) -> Grant {
        self.given += 1;
        let text = format!("{}\n{user_name}\n{}", client.client_secret, self.given);
        let token = blake3::hash(text.as_bytes()).to_hex().to_string();
        let (client_id, user_name) = (client.client_id.clone(), user_name.to_owned());
        Grant { token, client_id, user_name, until }
    }
}
