//! The upstream side of `/metrics`: what was asked of each system, what was spared, how it answers.

use std::fmt;
use std::sync::Arc;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric as _};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;

use super::Federation;

/// Reads the federation at the moment of the scrape.
pub struct UpstreamMetrics(pub Arc<Federation>);

impl fmt::Debug for UpstreamMetrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UpstreamMetrics")
    }
}

impl Collector for UpstreamMetrics {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let connectors = self.0.connectors();
        let snapshots: Vec<_> = connectors.iter().map(|c| (c.descriptor().id.to_string(), c.telemetry())).collect();
        let mut requests = encoder.encode_descriptor(
            "upstream_requests",
            "Tries towards a system: sent, among them retried; refused by ourselves; spared",
            None,
            MetricType::Counter,
        )?;
        for (id, seen) in &snapshots {
            let spared = seen.spared.by_cache + seen.spared.by_coalescing + seen.spared.by_revalidation;
            let counts =
                [("sent", seen.sent), ("retried", seen.retried), ("refused", seen.refused), ("spared", spared)];
            for (kind, count) in counts {
                let labels = [("connector", id.as_str()), ("kind", kind)];
                ConstCounter::new(count).encode(requests.encode_family(&labels)?)?;
            }
        }
        let mut failures = encoder.encode_descriptor(
            "upstream_failures",
            "Failed tries towards a system, by kind of failure",
            None,
            MetricType::Counter,
        )?;
        for (id, seen) in &snapshots {
            for (kind, count) in &seen.failures {
                let labels = [("connector", id.as_str()), ("failure", *kind)];
                ConstCounter::new(*count).encode(failures.encode_family(&labels)?)?;
            }
        }
        let mut versions =
            encoder.encode_descriptor("graph_version", "Number of the published graph", None, MetricType::Gauge)?;
        let version = self.0.graph().map_or(0, |graph| graph.version);
        ConstGauge::new(i64::try_from(version).unwrap_or(i64::MAX))
            .encode(versions.encode_family(&[("", ""); 0])?)?;
        Ok(())
    }
}
