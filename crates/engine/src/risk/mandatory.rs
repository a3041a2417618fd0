//! Which changes must be reviewed by another person, whatever else allows them: high risks to core services.

use domain::{Service, Text};

use super::policy::RiskLevel;

/// What makes a service core, and from which risk on its changes need another person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MandatoryReview {
    /// Services of these tiers are core; one without a tier is taken for core.
    pub tiers: Vec<u8>,
    /// So are services with one of these tags.
    pub tags: Vec<Text>,
    /// Changes of this level or above.
    pub from: RiskLevel,
}

impl Default for MandatoryReview {
    fn default() -> Self {
        Self { tiers: vec![0, 1], tags: Vec::new(), from: RiskLevel::High }
    }
}

impl MandatoryReview {
    /// Why a change of this level to this service must be reviewed by another person; `None` when it need not.
    pub fn demand(&self, service: Option<&Service>, level: RiskLevel) -> Option<Text> {
        if level < self.from {
            return None;
        }
        let risk = level.as_str();
        let tier = service.and_then(|service| service.tier);
        let tagged = || service?.tags.iter().find(|tag| self.tags.contains(tag));
        match tier {
            Some(tier) if self.tiers.contains(&tier) => Some(format!("{risk} risk, tier {tier}").into()),
            None => Some(format!("{risk} risk, and no tier is known").into()),
            Some(_) => tagged().map(|tag| format!("{risk} risk, tagged {tag}").into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn high_risks_to_core_services_need_another_person() {
        let policy = MandatoryReview { tags: vec!["icfr".into()], ..MandatoryReview::default() };
        let check = |tier: Option<u8>, tag: &str, level: RiskLevel, expected: Option<&str>| {
            let mut service = crate::correlate::world::service("ledger-core", "LED");
            service.tier = tier;
            service.tags = [tag.into()].into();
            assert_eq!(policy.demand(Some(&service), level).as_deref(), expected);
        };
        check(Some(1), "", RiskLevel::High, Some("HIGH risk, tier 1"));
        check(Some(1), "", RiskLevel::Medium, None);
        check(Some(2), "icfr", RiskLevel::Critical, Some("CRITICAL risk, tagged icfr"));
        check(Some(2), "", RiskLevel::Critical, None);
        check(None, "", RiskLevel::High, Some("HIGH risk, and no tier is known"));
    }
}
