//! The history's deployments as CSV: what was known before each, whether it failed, and the probability that its fate
//! was drawn with. The best possible prediction is in the file, so that a model can be measured against it.

use super::Estate;

/// One row per deployment of the history, oldest first. `probability` is the true one; a reader that looks for
/// features finds them under `f_`.
pub fn history_csv(estate: &Estate) -> String {
    let mut text = String::from(
        "id,service,team,change_type,decided_at,failed,probability,f_lines,f_tier,f_emergency,f_hour,f_coverage,\
         f_concurrent\n",
    );
    let mut truths: Vec<_> = estate.truths.iter().collect();
    truths.sort_by(|one, other| (one.at, &one.service).cmp(&(other.at, &other.service)));
    for truth in truths {
        let team = estate.services.iter().find(|service| service.key == truth.service);
        let team = team.map_or("", |service| &*service.team);
        let (features, failed) = (&truth.features, u8::from(truth.failed));
        let kind = if features.emergency { "emergency" } else { "other" };
        text += &format!(
            "{}@{},{},{team},{kind},{},{failed},{},{},{},{},{},{},{}\n",
            truth.service,
            truth.version,
            truth.service,
            truth.at,
            truth.probability,
            features.lines,
            features.tier,
            u8::from(features.emergency),
            features.hour,
            features.coverage,
            features.concurrent
        );
    }
    text
}
