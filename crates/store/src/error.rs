//! What can go wrong with the memory, and what a person does about it. Nothing here loses what was stored before.

use domain::Text;

/// Why the memory could not do what it was asked to.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file or server cannot be used at all.
    #[error("{place} cannot be opened: {cause}")]
    Unusable {
        /// File or server, without credentials.
        place: Text,
        /// The database's own words.
        cause: Text,
    },
    /// Another process writes to it.
    #[error("{place} is in use by another interlock; end that one, or give this one a store of its own")]
    Locked {
        /// File or server, without credentials.
        place: Text,
    },
    /// A newer program made it.
    #[error("{place} was written by a newer interlock (schema {found}, this one knows {known}); run that one")]
    Newer {
        /// File or server, without credentials.
        place: Text,
        /// Its schema.
        found: i64,
        /// The newest schema that we know.
        known: i64,
    },
    /// Nothing more can be written: no space, or no right to write. What is stored can be read.
    #[error("nothing can be written ({cause}); what is stored is served, make space or grant the right to write")]
    ReadOnly {
        /// The database's own words.
        cause: Text,
    },
    /// What is stored contradicts itself.
    #[error("the store is damaged: {what}; run `interlock store check`, restore a backup if it cannot be read")]
    Damaged {
        /// Where.
        what: Text,
    },
    /// A file stands where one is to be written.
    #[error("{place} is already there; name another file, or remove it")]
    Occupied {
        /// The file.
        place: Text,
    },
    /// Anything else.
    #[error("{operation} failed: {cause}")]
    Failed {
        /// What was to be done.
        operation: &'static str,
        /// The database's own words.
        cause: Text,
    },
}

impl StoreError {
    /// What is stored contradicts itself.
    pub(crate) fn damaged(what: impl Into<Text>) -> Self {
        Self::Damaged { what: what.into() }
    }

    /// Sorts a failure of the database by what a person can do about it.
    pub(crate) fn of(operation: &'static str, error: &sqlx::Error) -> Self {
        let cause: Text = error.to_string().into();
        let code = match error {
            sqlx::Error::Database(told) => told.code().map(|code| code.into_owned()).unwrap_or_default(),
            _ => String::new(),
        };
        // SQLite tells extended codes: the low byte is the kind. 8 = read-only, 10 = I/O, 11 = corrupt, 13 = full,
        // 26 = no database. PostgreSQL: 53100 = disk full, 25006 = read-only transaction, XX001/XX002 = corrupt.
        let kind = code.parse::<i64>().ok().filter(|_| code.len() < 5).map(|code| code & 0xff);
        match (kind, code.as_str()) {
            (Some(8 | 10 | 13), _) | (None, "25006") => Self::ReadOnly { cause },
            (_, "53100") => Self::ReadOnly { cause },
            (Some(11 | 26), _) | (_, "XX001" | "XX002") => Self::Damaged { what: cause },
            _ => Self::Failed { operation, cause },
        }
    }
}
