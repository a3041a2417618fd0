//! Answers that are kept, and executions that identical requests share. An answer made from the graph alone is a
//! function of the graph's version, the operation, its variables and the caller's rights, and of the second where a
//! field depends on time: it is kept under exactly these, so it needs no expiry and is never wrong.

use std::future::Future;

use async_graphql::Variables;
use axum::http::HeaderValue;
use bytes::Bytes;
use domain::{Role, Scope};
use moka::future::Cache;
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge},
};

use super::{Caller, Metrics, parameters::Parameters, revalidation::entity_tag};

/// What an answer that is given now would be made from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edition {
    /// The version of the graph.
    pub version: u64,
    /// The second, counted from 1970 in UTC.
    pub second: i64,
}

/// What an answer was made from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// This version of the graph, and nothing else.
    Graph(u64),
    /// This version as it is to be judged in this second.
    Moment(Edition),
    /// Something besides: how systems do just now, a detail read for this answer, a younger graph.
    Live,
}

impl Basis {
    fn holds_for(self, edition: Edition) -> bool {
        match self {
            Basis::Graph(version) => version == edition.version,
            Basis::Moment(made_from) => made_from == edition,
            Basis::Live => false,
        }
    }
}

/// The bytes of a whole answer without errors.
#[derive(Debug, Clone)]
pub(super) struct Written {
    pub(super) body: Bytes,
    pub(super) tag: HeaderValue,
}

impl Written {
    pub(super) fn new(body: Vec<u8>) -> Self {
        Written { tag: entity_tag(&body), body: body.into() }
    }
}

/// What is known of a question. Kept without bytes, everybody executes it alone until the next graph: its answer has
/// errors, which name the request they belong to, or was made from more than the graph.
#[derive(Debug, Clone)]
pub(super) struct Kept {
    basis: Basis,
    answer: Option<Written>,
}

impl Kept {
    /// An answer that may be given to everyone who asks the same of the same edition.
    pub(super) fn answer(basis: Basis, answer: Written) -> Self {
        Kept { basis, answer: Some(answer) }
    }

    /// A question that is not answered from here as long as this version stands.
    pub(super) fn nothing(edition: Edition) -> Self {
        Kept { basis: Basis::Graph(edition.version), answer: None }
    }

    fn weight(&self) -> u32 {
        let body = self.answer.as_ref().map_or(0, |answer| answer.body.len());
        u32::try_from(body + KEPT_BESIDE_BODY).unwrap_or(u32::MAX)
    }
}

/// What an entry takes beside its body: key, tag, and the cache's own bookkeeping. Measured roughly, rounded up.
const KEPT_BESIDE_BODY: usize = 512;

/// A question as its answer depends on it: document, operation, variables, and what the caller may see. Roles and
/// scope are all that an answer may depend on of a caller; callers with equal rights share answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Question([u8; 32]);

impl Question {
    pub(super) fn new(parameters: &Parameters, caller: &Caller) -> Self {
        let mut text = blake3::Hasher::new();
        // Each part goes with its length, so that no two questions run together into the same bytes.
        let mut add = |part: &[u8]| {
            text.update(&(part.len() as u64).to_le_bytes());
            text.update(part);
        };
        add(parameters.query.as_bytes());
        add(parameters.operation_name.as_deref().unwrap_or_default().as_bytes());
        add(&variable_bytes(&parameters.variables));
        let role = |role: &Role| match role {
            Role::Reader => b'R',
            Role::Operator => b'O',
            Role::Auditor => b'A',
            Role::Admin => b'M',
        };
        add(&caller.actor.roles.iter().map(role).collect::<Vec<u8>>());
        match &caller.scope {
            Scope::All => add(b"all"),
            Scope::Services(services) => {
                add(b"services");
                services.iter().for_each(|service| add(service.as_str().as_bytes()));
            }
        }
        Question(text.finalize().into())
    }
}

fn variable_bytes(variables: &Variables) -> Vec<u8> {
    // Values of variables came as JSON, so they can be written as JSON.
    serde_json::to_vec(variables).unwrap_or_default()
}

/// How an answer came to be.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Origin {
    origin: &'static str,
}

/// Answers of the newest graph, as many as fit.
pub(super) struct Answers {
    kept: Cache<Question, Kept>,
    bytes: Gauge,
    from_kept: Counter,
    from_shared: Counter,
    executed: Counter,
    not_modified: Counter,
}

impl Answers {
    /// Keeps at most so many bytes; none keeps nothing and shares executions only.
    pub(super) fn new(most_bytes: u64, metrics: &Metrics) -> Self {
        let origins = Family::<Origin, Counter>::default();
        let from = |origin| origins.get_or_create(&Origin { origin }).clone();
        let answers = Answers {
            kept: Cache::builder().max_capacity(most_bytes).weigher(|_, kept: &Kept| kept.weight()).build(),
            bytes: Gauge::default(),
            from_kept: from("kept"),
            from_shared: from("shared"),
            executed: from("executed"),
            not_modified: Counter::default(),
        };
        metrics.register(|registry| {
            let help = "Answers by origin: executed, shared with an execution under way, or kept";
            registry.register("answers", help, origins);
            let help = "Answers that the client already had";
            registry.register("answers_not_modified", help, answers.not_modified.clone());
            registry.register("answers_kept_bytes", "Size of the answers that are kept", answers.bytes.clone());
        });
        answers
    }

    /// The kept answer, or the one of an execution of the same question that is under way, or that of `execute`, which
    /// also tells whether the answer may be kept. `None` when this question is for everyone to execute alone, also
    /// after `execute` found that out here.
    pub(super) async fn find_or_make(
        &self,
        question: Question,
        edition: Edition,
        execute: impl Future<Output = Kept>,
    ) -> Option<Written> {
        let outdated = |kept: &Kept| !kept.basis.holds_for(edition);
        if let Some(kept) = self.kept.get(&question).await.filter(|kept| !outdated(kept)) {
            return kept.answer.inspect(|_| count(&self.from_kept));
        }
        let entry = self.kept.entry(question).or_insert_with_if(execute, outdated).await;
        self.bytes.set(i64::try_from(self.kept.weighted_size()).unwrap_or(i64::MAX));
        let (made_here, kept) = (entry.is_fresh(), entry.into_value());
        match made_here {
            true => kept.answer,
            // Whoever was first may have begun with an older graph, or in an earlier second.
            false if outdated(&kept) => None,
            false => kept.answer.inspect(|_| count(&self.from_shared)),
        }
    }

    pub(super) fn count_execution(&self) {
        count(&self.executed);
    }

    pub(super) fn count_not_modified(&self) {
        count(&self.not_modified);
    }
}

fn count(counter: &Counter) {
    counter.inc();
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use domain::{Actor, ServiceKey};

    use super::*;

    fn asked(query: &str, variables: serde_json::Value) -> Parameters {
        Parameters { query: query.to_owned(), operation_name: None, variables: Variables::from_json(variables) }
    }

    fn seeing(services: &[&str]) -> Caller {
        let keys = services.iter().map(|key| ServiceKey::new(*key)).collect();
        Caller { scope: Scope::Services(keys), ..Caller::anonymous() }
    }

    #[test]
    fn questions_differ_in_all_that_answers_depend_on() {
        let one = || asked("{a}", serde_json::json!({ "x": 1 }));
        let named = Parameters { operation_name: Some("A".to_owned()), ..one() };
        let auditor = Actor { roles: [Role::Reader, Role::Auditor].into(), ..Actor::anonymous() };
        let questions = [
            Question::new(&one(), &Caller::anonymous()),
            Question::new(&asked("{b}", serde_json::json!({ "x": 1 })), &Caller::anonymous()),
            Question::new(&asked("{a}", serde_json::json!({ "x": 2 })), &Caller::anonymous()),
            Question::new(&named, &Caller::anonymous()),
            Question::new(&one(), &Caller { actor: auditor, ..Caller::anonymous() }),
            Question::new(&one(), &seeing(&[])),
            Question::new(&one(), &seeing(&["ab"])),
            Question::new(&one(), &seeing(&["a", "b"])),
        ];
        assert_eq!(questions.iter().map(|question| question.0).collect::<BTreeSet<_>>().len(), questions.len());
    }

    #[test]
    fn callers_with_equal_rights_ask_the_same() {
        let other = Caller {
            actor: Actor { person: "other".into(), ..Actor::anonymous() },
            token: Some("other".into()),
            ..Caller::anonymous()
        };
        let one = asked("{a}", serde_json::json!({}));
        assert_eq!(Question::new(&one, &Caller::anonymous()), Question::new(&one, &other));
    }

    #[test]
    fn an_answer_holds_for_what_it_was_made_from() {
        let at = |version, second| Edition { version, second };
        assert!(Basis::Graph(1).holds_for(at(1, 5)));
        assert!(!Basis::Graph(1).holds_for(at(2, 5)));
        assert!(Basis::Moment(at(1, 5)).holds_for(at(1, 5)));
        assert!(!Basis::Moment(at(1, 5)).holds_for(at(1, 6)));
        assert!(!Basis::Live.holds_for(at(1, 5)));
    }

    #[tokio::test]
    async fn what_is_kept_stays_within_its_bytes() {
        let answers = Answers::new(20_000, &Metrics::default());
        let edition = Edition { version: 1, second: 0 };
        for number in 0..100 {
            let question = Question::new(&asked("{a}", serde_json::json!({ "x": number })), &Caller::anonymous());
            let made = async { Kept::answer(Basis::Graph(1), Written::new(vec![b'x'; 2_000])) };
            assert!(answers.find_or_make(question, edition, made).await.is_some());
        }
        answers.kept.run_pending_tasks().await;
        assert!(answers.kept.weighted_size() <= 20_000, "{}", answers.kept.weighted_size());
        assert!(answers.kept.entry_count() > 0);
    }
}
