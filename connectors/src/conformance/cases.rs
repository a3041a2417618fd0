//! Tries many cases and tells all that fail, instead of the first.

use std::panic::AssertUnwindSafe;

use futures::FutureExt as _;

/// What went wrong in the cases that were tried.
#[derive(Default)]
pub(super) struct Cases {
    tried: usize,
    wrong: Vec<String>,
}

impl Cases {
    /// Tries one.
    pub(super) async fn case(&mut self, case: impl Future<Output = ()>) {
        self.tried += 1;
        if let Err(panic) = AssertUnwindSafe(case).catch_unwind().await {
            let told = panic.downcast_ref::<String>().cloned();
            let told = told.or_else(|| panic.downcast_ref::<&str>().map(|told| (*told).to_owned()));
            self.wrong.push(told.unwrap_or_else(|| "it panicked".to_owned()));
        }
    }

    /// Fails if any of them did.
    pub(super) fn judge(self) {
        assert!(self.tried > 0, "nothing was tried");
        let Self { tried, wrong } = self;
        assert!(wrong.is_empty(), "{} of {tried} cases failed:\n{}", wrong.len(), wrong.join("\n\n"));
    }
}
