//! The words of the release graph as plain data: nodes, links, evidence, gaps, verdicts. No I/O, no clock.
