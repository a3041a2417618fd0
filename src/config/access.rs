//! Checks who may ask: static bearer tokens with the actor and scope each stands for.

use std::collections::BTreeSet;

use connectors::resilience::Secret;
use domain::{Actor, Landscape, Role, Scope, ServiceKey};

use super::file::TokenFile;
use super::landscape::word;
use super::mistakes::Mistakes;
use super::secrets::Environment;

/// A static bearer token.
#[derive(Debug)]
pub struct Token {
    /// Shown in logs instead of the token.
    pub name: String,
    /// The token.
    pub secret: Secret,
    /// Who it is.
    pub actor: Actor,
    /// What they may see.
    pub scope: Scope,
}

pub(super) fn check(
    tokens: Vec<(String, TokenFile)>,
    landscape: &Landscape,
    environment: Environment<'_>,
    mistakes: &mut Mistakes,
) -> Vec<Token> {
    let mut names = BTreeSet::new();
    let mut checked = Vec::new();
    for (path, file) in tokens {
        if !names.insert(file.name.clone()) {
            mistakes.add(format!("{path}.name"), format!("{:?} is already the name of another token", file.name));
        }
        let secret = file.token.resolve(&format!("{path}.token"), environment, mistakes);
        let roles: BTreeSet<Role> = file
            .roles
            .iter()
            .enumerate()
            .filter_map(|(at, role)| {
                word(role, format!("{path}.roles[{at}]"), "READER, OPERATOR, AUDITOR, ADMIN", mistakes)
            })
            .collect();
        if file.roles.is_empty() {
            mistakes.add(format!("{path}.roles"), "a token without a role may do nothing; give it READER");
        }
        let scope = scope(&path, &file.services, landscape, mistakes);
        if let Some(secret) = secret {
            let actor = Actor { person: file.person.into(), roles };
            checked.push(Token { name: file.name, secret, actor, scope });
        }
    }
    checked
}

fn scope(path: &str, services: &[String], landscape: &Landscape, mistakes: &mut Mistakes) -> Scope {
    if services.iter().any(|key| key == "*") {
        return Scope::All;
    }
    for (at, key) in services.iter().enumerate() {
        if !landscape.services.iter().any(|service| service.key.as_str() == key) {
            mistakes.add(format!("{path}.services[{at}]"), format!("no service is called {key:?}"));
        }
    }
    Scope::Services(services.iter().map(|key| ServiceKey::new(key.as_str())).collect())
}
