//! What each system of the bank is asked for, as the page of one release shows it.

/// One server and what fails with it.
pub(super) struct System {
    pub(super) server: &'static str,
    /// The connectors that read it.
    pub(super) connectors: &'static [&'static str],
    /// Lists of the release page that are made from its records.
    pub(super) lists: &'static [&'static str],
    /// Those of them that other systems tell, too: they are never null.
    pub(super) lists_told_by_others: &'static [&'static str],
    /// Lists that have fewer rows without it, because it links them.
    pub(super) thinner: &'static [&'static str],
}

/// Lists of the release page that hold records.
pub(super) const LISTS: [&str; 7] =
    ["changes", "workItems", "pullRequests", "artifacts", "deployments", "incidents", "knownErrors"];

/// Two instances, one tracker, one forge beside plain repositories, and monitoring.
pub(super) const SYSTEMS: [System; 6] = [
    System {
        server: "servicenow",
        connectors: &["servicenow", "cmdb"],
        lists: &["changes", "incidents", "knownErrors"],
        lists_told_by_others: &[],
        thinner: &[],
    },
    System {
        server: "servicenow-lending",
        connectors: &["servicenow-lending"],
        lists: &["changes", "incidents", "knownErrors"],
        lists_told_by_others: &["changes", "incidents", "knownErrors"],
        thinner: &[],
    },
    System {
        server: "jira",
        connectors: &["jira"],
        lists: &["workItems"],
        lists_told_by_others: &[],
        thinner: &[],
    },
    System {
        server: "github",
        connectors: &["github"],
        lists: &["pullRequests", "artifacts", "deployments"],
        lists_told_by_others: &[],
        thinner: &[],
    },
    System {
        server: "prometheus",
        connectors: &["prometheus"],
        lists: &[],
        lists_told_by_others: &[],
        thinner: &[],
    },
    System {
        server: "alertmanager",
        connectors: &["alertmanager"],
        lists: &[],
        lists_told_by_others: &[],
        thinner: &[],
    },
];
