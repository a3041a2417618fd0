//! Binary operators between scalars and vectors, with the matching of label sets.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::evaluate::{Element, Failure, Value, nameless};
use super::syntax::{Cardinality, Joining, MatchLabels, Operator};
use crate::prometheus::content::Labels;

pub(super) fn combine(operator: Operator, sides: (Value, Value), joining: &Joining) -> Result<Value, Failure> {
    Ok(match sides {
        (Value::Scalar(left), Value::Scalar(right)) => Value::Scalar(match arithmetic(operator, left, right) {
            Outcome::Number(number) => number,
            Outcome::Truth(truth) => f64::from(u8::from(truth)),
        }),
        (Value::Vector(elements), Value::Scalar(right)) => {
            Value::Vector(with_scalar(operator, elements, (joining, &|value| (value, right))))
        }
        (Value::Scalar(left), Value::Vector(elements)) => {
            Value::Vector(with_scalar(operator, elements, (joining, &|value| (left, value))))
        }
        (Value::Vector(left), Value::Vector(right)) if operator.is_set() => {
            Value::Vector(set(operator, (left, right), joining))
        }
        (Value::Vector(left), Value::Vector(right)) => Value::Vector(vectors(operator, (left, right), joining)?),
        _ => Value::Vector(Vec::new()),
    })
}

enum Outcome {
    Number(f64),
    Truth(bool),
}

fn arithmetic(operator: Operator, left: f64, right: f64) -> Outcome {
    use Outcome::{Number, Truth};
    #[expect(clippy::float_cmp, reason = "PromQL compares exactly")]
    match operator {
        Operator::Add => Number(left + right),
        Operator::Subtract => Number(left - right),
        Operator::Multiply => Number(left * right),
        Operator::Divide => Number(left / right),
        Operator::Modulo => Number(left % right),
        Operator::Power => Number(left.powf(right)),
        Operator::Atan2 => Number(left.atan2(right)),
        Operator::Equal => Truth(left == right),
        Operator::NotEqual => Truth(left != right),
        Operator::Less => Truth(left < right),
        Operator::Greater => Truth(left > right),
        Operator::LessOrEqual => Truth(left <= right),
        Operator::GreaterOrEqual => Truth(left >= right),
        Operator::And | Operator::Or | Operator::Unless => Truth(false),
    }
}

/// Whether the result is still a sample of that metric: only a filter keeps the name.
fn keeps_name(operator: Operator, joining: &Joining) -> bool {
    operator.is_comparison() && !joining.yields_bool
}

/// The value of a result, or `None` where a filter drops it.
fn outcome(operator: Operator, (left, right): (f64, f64), (joining, shown): (&Joining, f64)) -> Option<f64> {
    match arithmetic(operator, left, right) {
        Outcome::Number(number) => Some(number),
        Outcome::Truth(truth) if joining.yields_bool => Some(f64::from(u8::from(truth))),
        Outcome::Truth(truth) => truth.then_some(shown),
    }
}

fn with_scalar(
    operator: Operator,
    elements: Vec<Element>,
    (joining, sides): (&Joining, &dyn Fn(f64) -> (f64, f64)),
) -> Vec<Element> {
    let change = |element: Element| {
        let value = outcome(operator, sides(element.value), (joining, element.value))?;
        let labels = if keeps_name(operator, joining) { element.labels } else { nameless(element.labels) };
        Some(Element { labels, value })
    };
    elements.into_iter().filter_map(change).collect()
}

fn signature(labels: &Labels, matching: &MatchLabels) -> Labels {
    let kept = |name: &String| match matching {
        MatchLabels::On(names) => names.contains(name),
        MatchLabels::Ignoring(names) => name != "__name__" && !names.contains(name),
    };
    let pairs = labels.iter().filter(|(name, _)| kept(name));
    pairs.map(|(name, value)| (name.clone(), value.clone())).collect()
}

fn set(operator: Operator, (left, right): (Vec<Element>, Vec<Element>), joining: &Joining) -> Vec<Element> {
    let signed = |element: &Element| signature(&element.labels, &joining.labels);
    if operator == Operator::Or {
        let known: HashSet<Labels> = left.iter().map(signed).collect();
        return left
            .into_iter()
            .chain(right.into_iter().filter(|element| !known.contains(&signed(element))))
            .collect();
    }
    let known: HashSet<Labels> = right.iter().map(signed).collect();
    left.into_iter().filter(|element| known.contains(&signed(element)) == (operator == Operator::And)).collect()
}

fn vectors(
    operator: Operator,
    (left, right): (Vec<Element>, Vec<Element>),
    joining: &Joining,
) -> Result<Vec<Element>, Failure> {
    let many_right = matches!(joining.cardinality, Cardinality::OneToMany(_));
    let (many, one) = if many_right { (right, left) } else { (left, right) };
    let mut ones: HashMap<Labels, Element> = HashMap::new();
    for element in one {
        let key = signature(&element.labels, &joining.labels);
        if let Some(other) = ones.insert(key.clone(), element.clone()) {
            let side = if many_right { "left" } else { "right" };
            return Err(Failure(format!(
                "found duplicate series for the match group {} on the {side} hand-side of the operation: [{}, {}];many-to-many matching not allowed: matching labels must be unique on one side",
                shown(&key),
                shown(&element.labels),
                shown(&other.labels),
            )));
        }
    }
    let mut found: Vec<Element> = Vec::new();
    let mut matched: HashSet<Labels> = HashSet::new();
    for element in many {
        let key = signature(&element.labels, &joining.labels);
        let Some(other) = ones.get(&key) else {
            continue;
        };
        let sides = if many_right { (other.value, element.value) } else { (element.value, other.value) };
        let Some(value) = outcome(operator, sides, (joining, sides.0)) else {
            continue;
        };
        if matches!(joining.cardinality, Cardinality::OneToOne) && !matched.insert(key) {
            return Err(Failure(
                "multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)"
                    .to_owned(),
            ));
        }
        found.push(Element { labels: result_labels(operator, (element.labels, &other.labels), joining), value });
    }
    Ok(found)
}

fn result_labels(operator: Operator, (mut many, one): (Labels, &Labels), joining: &Joining) -> Labels {
    if !keeps_name(operator, joining) {
        many.remove("__name__");
    }
    match (&joining.cardinality, &joining.labels) {
        (Cardinality::OneToOne, MatchLabels::On(names)) => many.retain(|name, _| names.contains(name)),
        (Cardinality::OneToOne, MatchLabels::Ignoring(names)) => many.retain(|name, _| !names.contains(name)),
        (Cardinality::ManyToOne(taken) | Cardinality::OneToMany(taken), _) => {
            for name in taken {
                match one.get(name) {
                    Some(value) => many.insert(name.clone(), value.clone()),
                    None => many.remove(name),
                };
            }
        }
    }
    many
}

/// A label set as error messages print it.
fn shown(labels: &BTreeMap<String, String>) -> String {
    let pairs: Vec<String> = labels.iter().map(|(name, value)| format!("{name}={value:?}")).collect();
    format!("{{{}}}", pairs.join(", "))
}
