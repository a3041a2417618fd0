//! The risk of several releases together: of a change that carries them, of a wave, of a train.

use domain::{Release, Text};

use super::assess::Risks;
use super::policy::{Escalation, RiskLevel};
use crate::graph::Index;

/// The probability that any of several changes fails: under independence, and the bounds that hold without it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Together {
    /// 1 − Π(1−p), if they fail independently.
    pub independent: f64,
    /// The largest single p.
    pub low: f64,
    /// Σp, at most 1.
    pub high: f64,
}

/// Puts probabilities together.
pub fn together(probabilities: &[f64]) -> Together {
    Together {
        independent: 1.0 - probabilities.iter().map(|p| 1.0 - p).product::<f64>(),
        low: probabilities.iter().copied().fold(0.0, f64::max),
        high: probabilities.iter().sum::<f64>().min(1.0),
    }
}

/// The risk of releases that go together.
#[derive(Debug, Clone, PartialEq)]
pub struct Joint {
    /// That any of them fails.
    pub together: Together,
    /// The sum of what each is expected to lose.
    pub expected_loss: f64,
    /// The gravest of their levels: each is routed on its own.
    pub level: RiskLevel,
    /// The gravest of their escalations.
    pub escalation: Escalation,
    /// The releases, riskiest first.
    pub releases: Vec<Index<Release>>,
    /// What would lower it most, at most three.
    pub remedies: Vec<JointRemedy>,
}

/// Something to do about one of them.
#[derive(Debug, Clone, PartialEq)]
pub struct JointRemedy {
    /// Which.
    pub release: Index<Release>,
    /// What to do.
    pub act: Text,
    /// The probability that any fails then, under independence.
    pub probability: f64,
}

impl Risks {
    /// The risk of these releases together; `None` of none.
    pub fn joint(&self, releases: impl IntoIterator<Item = Index<Release>>) -> Option<Joint> {
        let mut members: Vec<_> =
            releases.into_iter().filter_map(|release| Some((release, self.get(release)?))).collect();
        members.sort_by(|(a, one), (b, other)| other.points().total_cmp(&one.points()).then_with(|| a.cmp(b)));
        members.dedup_by_key(|(release, _)| *release);
        let verdicts = || members.iter().map(|(_, risk)| &risk.record.result);
        let probabilities: Vec<f64> = verdicts().map(|verdict| verdict.score.probability).collect();
        let now = together(&probabilities);
        let with = |place: usize, other: Option<f64>| {
            let others =
                probabilities.iter().enumerate().filter_map(|(at, p)| if at == place { other } else { Some(*p) });
            together(&others.collect::<Vec<_>>()).independent
        };
        let mut remedies: Vec<JointRemedy> = Vec::new();
        for (place, (release, risk)) in members.iter().enumerate() {
            let own = risk.remedies.iter().map(|(act, lower)| (act.clone(), with(place, Some(*lower))));
            let apart = (members.len() > 1).then(|| ("let it go at another time".into(), with(place, None)));
            let acts =
                own.chain(apart).map(|(act, probability)| JointRemedy { release: *release, act, probability });
            remedies.extend(acts);
        }
        remedies.sort_by(|a, b| a.probability.total_cmp(&b.probability));
        remedies.truncate(3);
        Some(Joint {
            together: now,
            expected_loss: verdicts().map(|verdict| verdict.expected_loss).sum(),
            level: verdicts().map(|verdict| verdict.level).max()?,
            escalation: verdicts().map(|verdict| verdict.escalation).max()?,
            releases: members.iter().map(|(release, _)| *release).collect(),
            remedies,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::correlate::world::World;
    use crate::risk::{Model, RiskPolicy};

    #[test]
    fn a_wave_is_between_its_riskiest_and_the_sum() {
        let wave = together(&[0.1, 0.2, 0.05]);
        assert!((wave.independent - (1.0 - 0.9 * 0.8 * 0.95)).abs() < 1e-12);
        assert!(wave.low <= wave.independent && wave.independent <= wave.high);
        assert!(together(&[0.7, 0.8]).high <= 1.0 && together(&[]).independent.abs() < 1e-12);
    }

    #[test]
    fn several_releases_are_as_grave_as_the_gravest_and_say_what_would_help() {
        let graph = World::new()
            .service("payments-api", "PAY")
            .service("ledger-core", "LED")
            .change("CHG1", "Deploy payments-api 2.14.0", None)
            .change("CHG2", "Deploy ledger-core 5.3.0", None)
            .with_change("CHG2", |change| change.class = domain::ChangeClass::Emergency)
            .graph();
        let policy = RiskPolicy::default();
        let risks = Risks::of(&graph, &Model::prior(policy.base_rate), &policy);
        let all: Vec<_> = graph.releases.iter().map(|(index, _)| index).collect();
        let joint = risks.joint(all.iter().copied().chain(all.iter().copied())).expect("two releases");
        assert_eq!(joint.releases.len(), 2, "each counts once");
        let of = |release| &risks.get(release).expect("a risk").record.result;
        assert_eq!(
            graph.releases.get(joint.releases[0]).service.as_str(),
            "ledger-core",
            "the emergency is riskier"
        );
        assert_eq!(joint.level, of(joint.releases[0]).level.max(of(joint.releases[1]).level));
        assert!(joint.together.independent > of(joint.releases[0]).score.probability);
        assert!(joint.remedies.iter().all(|remedy| remedy.probability < joint.together.independent));
        assert_eq!(joint.remedies[0].release, joint.releases[0]);
        assert!(risks.joint([]).is_none());
        let alone = risks.joint([all[0]]).expect("one release");
        assert!((alone.together.independent - of(all[0]).score.probability).abs() < 1e-12);
    }
}
