//! A Jira Cloud site: REST v3, and v2 where Cloud still has it, over a store in memory.
//! Left out: boards, webhooks, attachments, worklogs, administration, builds and deployments.

pub mod content;
mod standard;
