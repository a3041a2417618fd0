//! Connectors to the systems of record: one contract, one resilience layer, one folder per vendor.
