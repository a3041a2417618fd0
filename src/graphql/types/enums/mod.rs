//! The words of the API: mirrors of the domain's enumerations, value by value. A vendor's open list ends in OTHER,
//! with the vendor's own word in a label beside it.

/// Declares a GraphQL enumeration that mirrors one of the domain.
macro_rules! mirror {
    ($($(#[$doc:meta])* $name:ident of $domain:ty { $($(#[$value_doc:meta])* $value:ident)* })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, async_graphql::Enum)]
        pub(crate) enum $name {
            $($(#[$value_doc])* $value,)*
        }

        impl From<$domain> for $name {
            fn from(word: $domain) -> Self {
                match word {
                    $(<$domain>::$value => Self::$value,)*
                }
            }
        }

        impl From<$name> for $domain {
            fn from(word: $name) -> Self {
                match word {
                    $($name::$value => <$domain>::$value,)*
                }
            }
        }
    )*};
}

mod graph;
mod judgement;
mod records;
mod risk;

pub(crate) use graph::*;
pub(crate) use judgement::*;
pub(crate) use records::*;
pub(crate) use risk::*;
