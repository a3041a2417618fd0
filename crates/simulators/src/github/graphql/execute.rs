//! Walks a parsed document over the store. Errors of single fields leave the rest of the answer standing.

use async_graphql_parser::types::{
    Directive, ExecutableDocument, Field, Selection, SelectionSet, VariableDefinition,
};
use async_graphql_parser::{Pos, Positioned};
use serde_json::{Map, Value, json};

use super::accepted::{Shape as FieldShape, missing, refused};
use super::connection::Page;
use super::literal::{Arguments, write};
use super::object::{Object, Outcome, Problem, Resolved};
use super::people::fits;
use super::weight::{Weight, operation};
use crate::github::call::Call;
use crate::github::meter::Standing;
use crate::github::shape::Shape;
use crate::github::store::Store;

/// What every field may ask.
#[derive(Clone, Copy)]
pub(super) struct Context<'a> {
    pub(super) store: &'a Store,
    pub(super) call: &'a Call,
    pub(super) shape: Shape<'a>,
    /// `None` where limits are off.
    pub(super) standing: Option<Standing>,
    pub(super) weight: Weight,
}

/// One run of one document.
pub(super) struct Execution<'a> {
    context: Context<'a>,
    document: &'a ExecutableDocument,
    variables: Map<String, Value>,
    errors: Vec<Value>,
    /// Fields that may still be resolved, where that is limited.
    budget: Option<u64>,
    exhausted: bool,
}

/// Ends the whole query without data.
struct Refused(Value);

/// A response key with all selections that share it.
type Asked<'d> = (String, Vec<&'d Positioned<Field>>);

impl<'a> Execution<'a> {
    pub(super) fn new(
        context: Context<'a>,
        document: &'a ExecutableDocument,
        variables: Map<String, Value>,
        budget: Option<u64>,
    ) -> Self {
        Self { context, document, variables, errors: Vec::new(), budget, exhausted: false }
    }

    pub(super) fn run(mut self, name: Option<&str>) -> Value {
        let Some(operation) = operation(self.document, name) else {
            return json!({ "errors": [{ "message": "An operation name is required" }] });
        };
        if let Err(Refused(error)) = self.fill_variables(&operation.variable_definitions) {
            return json!({ "errors": [error] });
        }
        let mut path = Vec::new();
        match self.object(Object::Query, &[&operation.selection_set.node], &mut path) {
            Err(Refused(error)) => json!({ "errors": [error] }),
            Ok(data) if self.errors.is_empty() => json!({ "data": data }),
            Ok(data) => json!({ "data": data, "errors": self.errors }),
        }
    }

    fn fill_variables(&mut self, definitions: &[Positioned<VariableDefinition>]) -> Result<(), Refused> {
        for definition in definitions {
            let name = definition.node.name.node.to_string();
            if self.variables.contains_key(&name) {
                continue;
            }
            if let Some(default) = &definition.node.default_value {
                let value = default.node.clone().into_json().unwrap_or(Value::Null);
                self.variables.insert(name, value);
            } else if !definition.node.var_type.node.nullable {
                let message = format!(
                    "Variable ${name} of type {} was provided invalid value",
                    definition.node.var_type.node
                );
                return Err(Refused(json!({ "message": message, "locations": locations(definition.pos) })));
            }
        }
        Ok(())
    }

    /// Null if an error below takes the object with it.
    fn object(
        &mut self,
        object: Object<'a>,
        sets: &[&'a SelectionSet],
        path: &mut Vec<Value>,
    ) -> Result<Value, Refused> {
        let mut asked = Vec::new();
        for set in sets {
            self.collect(object.type_name(self.context), set, &mut asked)?;
        }
        let mut body = Map::new();
        for (key, fields) in asked {
            path.push(json!(key));
            let value = self.field(object, &fields, path)?;
            path.pop();
            match value {
                Some(value) => body.insert(key, value),
                None => return Ok(Value::Null),
            };
        }
        Ok(Value::Object(body))
    }

    /// `None` takes the parent with it.
    fn field(
        &mut self,
        object: Object<'a>,
        fields: &[&'a Positioned<Field>],
        path: &mut Vec<Value>,
    ) -> Result<Option<Value>, Refused> {
        let Some(field) = fields.first() else {
            return Ok(Some(Value::Null));
        };
        let name = field.node.name.node.as_str();
        if name == "__typename" {
            return Ok(Some(json!(object.type_name(self.context))));
        }
        if self.spent(path) {
            return Ok(Some(Value::Null));
        }
        let arguments = Arguments::of(&field.node, &self.variables);
        let outcome = object.resolve(self.context, name, &arguments);
        self.check(object, field, (&arguments, &outcome))?;
        let sets: Vec<&'a SelectionSet> = fields.iter().map(|field| &field.node.selection_set.node).collect();
        match outcome {
            Ok(Resolved::Leaf(value)) => Ok(Some(value)),
            Ok(Resolved::Object(object)) => self.object(object, &sets, path).map(Some),
            Ok(Resolved::Members(members)) => self.members(members, &sets, (field.pos, path)).map(Some),
            Ok(Resolved::Connection(connection)) => match connection.cut(name, &arguments) {
                Ok(page) => self.page(&page, &sets, path).map(Some),
                Err(problem) => self.problem(problem, (field, object), path),
            },
            Err(problem) => self.problem(problem, (field, object), path),
        }
    }

    /// Refuses what GitHub's own validation would, as far as one field shows it.
    fn check(
        &self,
        object: Object<'a>,
        field: &Positioned<Field>,
        (arguments, outcome): (&Arguments, &Outcome<'a>),
    ) -> Result<(), Refused> {
        let (kind, name) = (object.type_name(self.context), field.node.name.node.as_str());
        let refuse = |code: &str, message: String| {
            let extensions = json!({ "code": code, "typeName": kind, "fieldName": name });
            Err(Refused(
                json!({ "message": message, "locations": locations(field.pos), "path": ["query"], "extensions": extensions }),
            ))
        };
        let shape = match outcome {
            Err(Problem::Undefined) => return Ok(()),
            Ok(Resolved::Connection(_)) => FieldShape::Connection,
            _ => FieldShape::Other,
        };
        if let Some(argument) = refused((kind, name), shape, arguments) {
            return refuse("argumentNotAccepted", format!("Field '{name}' doesn't accept argument '{argument}'"));
        }
        if let Some(argument) = missing((kind, name), arguments) {
            return refuse(
                "missingRequiredArguments",
                format!("Field '{name}' is missing required arguments: {argument}"),
            );
        }
        let leaf = matches!(outcome, Ok(Resolved::Leaf(_)) | Err(_));
        if !leaf && field.node.selection_set.node.items.is_empty() {
            return refuse(
                "selectionMismatch",
                format!("Field must have selections (field '{name}' has no selections)"),
            );
        }
        Ok(())
    }

    fn members(
        &mut self,
        members: Vec<Result<Object<'a>, Problem>>,
        sets: &[&'a SelectionSet],
        (pos, path): (Pos, &mut Vec<Value>),
    ) -> Result<Value, Refused> {
        let mut values = Vec::new();
        for (at, member) in members.into_iter().enumerate() {
            path.push(json!(at));
            values.push(match member {
                Ok(object) => self.object(object, sets, path)?,
                Err(Problem::Null { kind, message } | Problem::Object { kind, message }) => {
                    self.errors.push(
                        json!({ "type": kind, "path": path, "locations": locations(pos), "message": message }),
                    );
                    Value::Null
                }
                Err(Problem::Undefined) => Value::Null,
            });
            path.pop();
        }
        Ok(Value::Array(values))
    }

    fn page(
        &mut self,
        page: &Page<'a>,
        sets: &[&'a SelectionSet],
        path: &mut Vec<Value>,
    ) -> Result<Value, Refused> {
        let mut asked = Vec::new();
        for set in sets {
            self.collect(page.kind, set, &mut asked)?;
        }
        let mut body = Map::new();
        for (key, fields) in asked {
            let Some(field) = fields.first() else {
                continue;
            };
            let below: Vec<&'a SelectionSet> = fields.iter().map(|field| &field.node.selection_set.node).collect();
            path.push(json!(key));
            let value = match field.node.name.node.as_str() {
                "__typename" => json!(page.kind),
                "totalCount" => json!(page.total),
                "pageInfo" => self.plain(&page.info(), ("PageInfo", field.pos), &below)?,
                "nodes" => {
                    let mut nodes = Vec::new();
                    for (at, item) in page.items.iter().enumerate() {
                        path.push(json!(at));
                        nodes.push(self.object(*item, &below, path)?);
                        path.pop();
                    }
                    Value::Array(nodes)
                }
                "edges" => self.edges(page, &below, path)?,
                other => return Err(undefined(page.kind, other, field.pos)),
            };
            path.pop();
            body.insert(key, value);
        }
        Ok(Value::Object(body))
    }

    fn edges(
        &mut self,
        page: &Page<'a>,
        sets: &[&'a SelectionSet],
        path: &mut Vec<Value>,
    ) -> Result<Value, Refused> {
        let mut asked = Vec::new();
        let kind = page.kind.replace("Connection", "Edge");
        for set in sets {
            self.collect(&kind, set, &mut asked)?;
        }
        let mut edges = Vec::new();
        for (at, item) in page.items.iter().enumerate() {
            path.push(json!(at));
            let mut edge = Map::new();
            for (key, fields) in &asked {
                let Some(field) = fields.first() else {
                    continue;
                };
                let value = match field.node.name.node.as_str() {
                    "__typename" => json!(kind),
                    "cursor" => json!(page.cursor(at)),
                    "node" => {
                        let below: Vec<&'a SelectionSet> =
                            fields.iter().map(|field| &field.node.selection_set.node).collect();
                        path.push(json!(key));
                        let node = self.object(*item, &below, path)?;
                        path.pop();
                        node
                    }
                    other => return Err(undefined(&kind, other, field.pos)),
                };
                edge.insert(key.clone(), value);
            }
            path.pop();
            edges.push(Value::Object(edge));
        }
        Ok(Value::Array(edges))
    }

    /// An object that is values alone.
    fn plain(&self, value: &Value, (kind, pos): (&str, Pos), sets: &[&'a SelectionSet]) -> Result<Value, Refused> {
        let mut asked = Vec::new();
        for set in sets {
            self.collect(kind, set, &mut asked)?;
        }
        let mut body = Map::new();
        for (key, fields) in asked {
            let name = fields.first().map(|field| field.node.name.node.as_str()).unwrap_or_default();
            let found = value.get(name).ok_or_else(|| undefined(kind, name, pos))?;
            body.insert(key, found.clone());
        }
        Ok(Value::Object(body))
    }

    fn collect(&self, kind: &str, set: &'a SelectionSet, asked: &mut Vec<Asked<'a>>) -> Result<(), Refused> {
        for item in &set.items {
            if !self.included(item.node.directives()) {
                continue;
            }
            match &item.node {
                Selection::Field(field) => {
                    let key = field.node.response_key().node.to_string();
                    match asked.iter_mut().find(|(known, _)| *known == key) {
                        Some((_, fields)) => fields.push(field),
                        None => asked.push((key, vec![field])),
                    }
                }
                Selection::InlineFragment(fragment) => {
                    let condition =
                        fragment.node.type_condition.as_ref().map(|condition| condition.node.on.node.as_str());
                    if condition.is_none_or(|condition| fits(kind, condition)) {
                        self.collect(kind, &fragment.node.selection_set.node, asked)?;
                    }
                }
                Selection::FragmentSpread(spread) => {
                    let name = &spread.node.fragment_name.node;
                    let fragment = self.document.fragments.get(name).ok_or_else(|| {
                        Refused(json!({ "message": format!("Fragment {name} was used, but not defined"), "locations": locations(spread.pos) }))
                    })?;
                    if fits(kind, fragment.node.type_condition.node.on.node.as_str()) {
                        self.collect(kind, &fragment.node.selection_set.node, asked)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn included(&self, directives: &[Positioned<Directive>]) -> bool {
        directives.iter().all(|directive| {
            let given = directive.node.arguments.iter().find(|(name, _)| name.node == "if");
            let condition =
                given.is_some_and(|(_, value)| write(&value.node, &self.variables) == Value::Bool(true));
            match directive.node.name.node.as_str() {
                "skip" => !condition,
                "include" => condition,
                _ => true,
            }
        })
    }

    /// Past the limit of resources, all that is left of the query is null, and told once.
    fn spent(&mut self, path: &[Value]) -> bool {
        match &mut self.budget {
            None => return false,
            Some(left) if *left > 0 => *left -= 1,
            Some(_) => {
                if !self.exhausted {
                    self.exhausted = true;
                    self.errors.push(json!({ "type": "RESOURCE_LIMITS_EXCEEDED", "path": path, "message": "Resource limits for this query exceeded." }));
                }
                return true;
            }
        }
        false
    }

    fn problem(
        &mut self,
        problem: Problem,
        (field, object): (&Positioned<Field>, Object<'a>),
        path: &[Value],
    ) -> Result<Option<Value>, Refused> {
        let (kind, message, left) = match problem {
            Problem::Undefined => {
                return Err(undefined(object.type_name(self.context), &field.node.name.node, field.pos));
            }
            Problem::Null { kind, message } => (kind, message, Some(Value::Null)),
            Problem::Object { kind, message } => (kind, message, None),
        };
        self.errors
            .push(json!({ "type": kind, "path": path, "locations": locations(field.pos), "message": message }));
        Ok(left)
    }
}

impl<'a> Object<'a> {
    /// The value of one field of this object.
    fn resolve(self, context: Context<'a>, name: &str, arguments: &Arguments) -> Outcome<'a> {
        match self {
            Self::Query => context.root(name, arguments),
            Self::RateLimit => context.rate_limit(name),
            Self::Account(_) | Self::Team(_) | Self::App(_) | Self::GitActor(_) => {
                context.person(self, name, arguments)
            }
            Self::Repository(shelf) => context.repository(shelf, name, arguments),
            Self::Branch(..)
            | Self::TagRef(..)
            | Self::Tag(..)
            | Self::Comparison(..)
            | Self::Blob(..)
            | Self::TreeEntry(..) => context.reference(self, name, arguments),
            Self::Pull(shelf, pull) => context.pull(shelf, pull, (name, arguments)),
            Self::PullCommit(..)
            | Self::ChangedFile(..)
            | Self::Label(..)
            | Self::Review(..)
            | Self::ReviewRequest(..) => context.part_of_pull(self, name),
            Self::Commit(shelf, commit) => context.commit(shelf, commit, (name, arguments)),
            Self::Release(..) | Self::Asset(..) => context.release(self, name),
            Self::Environment(..) | Self::Deployment(..) | Self::DeploymentStatus(..) => {
                context.deployment(self, name)
            }
            Self::Rollup(..) | Self::CheckRun(..) | Self::CheckSuite(..) | Self::StatusContext(..) => {
                context.check(self, name, arguments)
            }
            Self::WorkflowRun(..) | Self::SuiteOfRun(..) | Self::JobOfRun(..) | Self::DeploymentReview(..) => {
                context.workflow(self, name, arguments)
            }
        }
    }
}

fn undefined(kind: &str, field: &str, pos: Pos) -> Refused {
    Refused(json!({
        "message": format!("Field '{field}' doesn't exist on type '{kind}'"), "locations": locations(pos), "path": ["query"],
        "extensions": { "code": "undefinedField", "typeName": kind, "fieldName": field },
    }))
}

fn locations(pos: Pos) -> Value {
    json!([{ "line": pos.line, "column": pos.column }])
}
