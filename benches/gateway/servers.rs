//! The servers that are measured, each a process of its own.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};

use crate::usage::Usage;

/// A running server. It ends with this value.
pub(crate) struct Server {
    pub(crate) name: &'static str,
    pub(crate) address: SocketAddr,
    child: Child,
}

impl Server {
    /// Starts this program in one of its other roles and waits until it says where it listens.
    pub(crate) fn start(name: &'static str, arguments: &[&str]) -> Result<Self> {
        let mut child = Command::new(std::env::current_exe()?).args(arguments).stdout(Stdio::piped()).spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().context("its output")?).read_line(&mut line)?;
        let address =
            line.trim().strip_prefix("listening on http://").with_context(|| format!("{name}: {line:?}"))?;
        Ok(Self { name, address: address.parse()?, child })
    }

    pub(crate) fn usage(&self) -> Usage {
        Usage::of(&self.child.id().to_string())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It holds nothing that must be saved, and may be gone already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
