//! What is read of one table: its columns, and which of them must not be hidden from us.

/// One table as a connector reads it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Table {
    /// Its name.
    pub(crate) name: &'static str,
    /// What is asked for, as the operation is called in errors.
    pub(crate) operation: &'static str,
    /// The tables it extends: their columns are its own too.
    pub(crate) extends: &'static [&'static str],
    /// The columns read; dotted ones follow a reference.
    pub(crate) columns: &'static [&'static str],
    /// Columns of these that nothing may hide: without them a record says something else than it means.
    pub(crate) essential: &'static [&'static str],
    /// In which forms values are needed.
    pub(crate) forms: Forms,
}

/// In which forms values are needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Forms {
    /// Values alone.
    Values,
    /// Values with their labels: states and types are numbers whose meaning a company may change.
    ValuesAndLabels,
}

impl Forms {
    pub(super) fn parameter(self) -> &'static str {
        match self {
            Self::Values => "false",
            Self::ValuesAndLabels => "all",
        }
    }
}
