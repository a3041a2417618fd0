//! Words of risk.

mirror! {
    /// How large a risk is, by which review pays.
    RiskLevel of engine::risk::RiskLevel {
        /// No review pays.
        Low
        /// A peer's review pays.
        Medium
        /// The board's review pays.
        High
        /// An executive's review pays.
        Critical
    }
    /// Who looks at a change before it goes.
    Escalation of engine::risk::Escalation {
        /// Nobody anew: a live template covers it.
        PreApproved
        /// A peer.
        PeerReview
        /// The change advisory board.
        Cab
        /// An executive.
        Executive
    }
}
