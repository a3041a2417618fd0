//! The runs of pipelines on what a release was tagged as.

use domain::{AliasScheme, PipelineRun, Release};

use crate::graph::{Index, ReleaseGraph};

/// The runs on a release's commit, of workflows and of whatever else reports on it, in the order of their ids. Where a
/// repository holds several services, they share the runs of a commit that both were tagged at.
pub fn runs_of<'g>(graph: &'g ReleaseGraph, release: &'g Release) -> impl Iterator<Item = Index<PipelineRun>> + 'g {
    let exact = |commit: &str| {
        release
            .aliases
            .iter()
            .any(|alias| alias.scheme == AliasScheme::Commit && alias.exact && *alias.value == *commit)
    };
    graph.pipeline_runs.iter().filter(move |(_, run)| exact(&run.commit)).map(|(index, _)| index)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::correlate::world::World;
    use domain::ReleaseKey;

    #[test]
    fn a_release_has_the_runs_on_its_own_commit() {
        let repository = "bank/payments-api";
        let world = World::new()
            .service("payments-api", "PAY")
            .tag(repository, "v2.14.0", "c2")
            .tag(repository, "v2.13.0", "c1")
            .ran(repository, "c1", "build")
            .ran(repository, "c2", "build")
            .ran(repository, "c2", "quality gate")
            .ran(repository, "c3", "build");
        let graph = world.graph();
        let release = graph.releases.by_id(&ReleaseKey::new("payments-api@2.14.0")).expect("a release");
        let names: Vec<&str> = runs_of(&graph, release).map(|run| &*graph.pipeline_runs.get(run).name).collect();
        assert_eq!(names, ["build", "quality gate"]);
    }
}
