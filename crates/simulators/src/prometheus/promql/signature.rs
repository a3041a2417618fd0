//! The functions that are known, and what they take and yield.

use super::syntax::Kind;

#[derive(Debug)]
pub(in crate::prometheus) struct Signature {
    pub(super) name: &'static str,
    pub(super) arguments: &'static [Kind],
    /// How many of the last arguments may be left out.
    pub(super) optional: usize,
    /// The last argument may be repeated.
    pub(super) variadic: bool,
    returns: Kind,
}

pub(super) fn find(name: &str) -> Option<&'static Signature> {
    FUNCTIONS.iter().find(|signature| signature.name == name)
}

pub(super) fn returns(signature: &Signature) -> Kind {
    signature.returns
}

const fn vector(name: &'static str, arguments: &'static [Kind]) -> Signature {
    Signature { name, arguments, optional: 0, variadic: false, returns: Kind::Vector }
}

const fn shorter(name: &'static str, arguments: &'static [Kind]) -> Signature {
    Signature { name, arguments, optional: 1, variadic: false, returns: Kind::Vector }
}

const fn scalar(name: &'static str, arguments: &'static [Kind]) -> Signature {
    Signature { name, arguments, optional: 0, variadic: false, returns: Kind::Scalar }
}

const M: &[Kind] = &[Kind::Matrix];
const V: &[Kind] = &[Kind::Vector];
const VS: &[Kind] = &[Kind::Vector, Kind::Scalar];
const SM: &[Kind] = &[Kind::Scalar, Kind::Matrix];
const TEXTS_4: &[Kind] = &[Kind::Vector, Kind::Text, Kind::Text, Kind::Text, Kind::Text];
const TEXTS_3: &[Kind] = &[Kind::Vector, Kind::Text, Kind::Text, Kind::Text];

static FUNCTIONS: &[Signature] = &[
    vector("rate", M),
    vector("increase", M),
    vector("delta", M),
    vector("irate", M),
    vector("idelta", M),
    vector("deriv", M),
    vector("avg_over_time", M),
    vector("sum_over_time", M),
    vector("min_over_time", M),
    vector("max_over_time", M),
    vector("count_over_time", M),
    vector("last_over_time", M),
    vector("present_over_time", M),
    vector("stddev_over_time", M),
    vector("stdvar_over_time", M),
    vector("quantile_over_time", SM),
    vector("changes", M),
    vector("resets", M),
    vector("absent_over_time", M),
    vector("absent", V),
    vector("abs", V),
    vector("ceil", V),
    vector("floor", V),
    shorter("round", VS),
    vector("exp", V),
    vector("ln", V),
    vector("log2", V),
    vector("log10", V),
    vector("sqrt", V),
    vector("sgn", V),
    vector("clamp", &[Kind::Vector, Kind::Scalar, Kind::Scalar]),
    vector("clamp_min", VS),
    vector("clamp_max", VS),
    vector("timestamp", V),
    vector("sort", V),
    vector("sort_desc", V),
    shorter("hour", V),
    shorter("minute", V),
    shorter("day_of_week", V),
    vector("vector", &[Kind::Scalar]),
    scalar("scalar", V),
    scalar("time", &[]),
    scalar("pi", &[]),
    vector("label_replace", TEXTS_4),
    Signature { name: "label_join", arguments: TEXTS_3, optional: 1, variadic: true, returns: Kind::Vector },
    vector("histogram_quantile", &[Kind::Scalar, Kind::Vector]),
];
