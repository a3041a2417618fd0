//! The fields JQL knows and what an issue holds in each.

use jiff::Timestamp;
use jiff::civil::Date;

use super::Context;
use super::clauses;
use crate::jira::content::{CustomField, CustomValue, FieldKind, Issue};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Project,
    Key,
    Parent,
    Status,
    Category,
    Type,
    Priority,
    Resolution,
    FixVersion,
    AffectedVersion,
    Component,
    Assignee,
    Reporter,
    Labels,
    Created,
    Updated,
    Resolved,
    Due,
    Summary,
    Description,
    Comment,
    /// Summary, description, comments and text fields together.
    Text,
    Custom(u64, FieldKind),
}

/// How a field is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Ids,
    Names,
    Moment,
    Day,
    Number,
    Text,
}

impl Field {
    pub(super) fn kind(self) -> Kind {
        match self {
            Self::Project | Self::Key | Self::Parent | Self::Status | Self::Category | Self::Type => Kind::Ids,
            Self::Priority | Self::Resolution | Self::FixVersion | Self::AffectedVersion | Self::Component => {
                Kind::Ids
            }
            Self::Assignee | Self::Reporter | Self::Labels => Kind::Names,
            Self::Created | Self::Updated | Self::Resolved => Kind::Moment,
            Self::Due => Kind::Day,
            Self::Summary | Self::Description | Self::Comment | Self::Text => Kind::Text,
            Self::Custom(_, kind) => match kind {
                FieldKind::Text | FieldKind::TextArea | FieldKind::Url => Kind::Text,
                FieldKind::Number => Kind::Number,
                FieldKind::Date => Kind::Day,
                FieldKind::DateTime => Kind::Moment,
                FieldKind::Versions => Kind::Ids,
                _ => Kind::Names,
            },
        }
    }

    /// `>` and its like make sense.
    pub(super) fn is_ordered(self) -> bool {
        let versions =
            matches!(self, Self::FixVersion | Self::AffectedVersion | Self::Custom(_, FieldKind::Versions));
        versions
            || matches!(self, Self::Key | Self::Priority)
            || matches!(self.kind(), Kind::Moment | Kind::Day | Kind::Number)
    }

    pub(super) fn ids(self, context: Context<'_>, issue: &Issue) -> Vec<u64> {
        match self {
            Self::Project => vec![issue.project],
            Self::Key => vec![issue.id],
            Self::Parent => issue.parent.into_iter().collect(),
            Self::Status => vec![issue.status],
            Self::Category => {
                context.store.status(issue.status).map(|status| status.category.id()).into_iter().collect()
            }
            Self::Type => vec![issue.issue_type],
            Self::Priority => issue.priority.into_iter().collect(),
            Self::Resolution => issue.resolution.into_iter().collect(),
            Self::FixVersion => issue.fix_versions.clone(),
            Self::AffectedVersion => issue.affects_versions.clone(),
            Self::Component => issue.components.clone(),
            Self::Custom(id, _) => match issue.custom.get(&id) {
                Some(CustomValue::Versions(ids)) => ids.clone(),
                _ => Vec::new(),
            },
            _ => Vec::new(),
        }
    }

    /// Account ids, labels or option texts.
    pub(super) fn names(self, issue: &Issue) -> Vec<&str> {
        match self {
            Self::Assignee => issue.assignee.as_deref().into_iter().collect(),
            Self::Reporter => issue.reporter.as_deref().into_iter().collect(),
            Self::Labels => issue.labels.iter().map(String::as_str).collect(),
            Self::Custom(id, _) => match issue.custom.get(&id) {
                Some(CustomValue::Choice(text) | CustomValue::User(text)) => vec![text],
                Some(CustomValue::Choices(texts) | CustomValue::Users(texts) | CustomValue::Labels(texts)) => {
                    texts.iter().map(String::as_str).collect()
                }
                _ => Vec::new(),
            },
            _ => Vec::new(),
        }
    }

    pub(super) fn moment(self, issue: &Issue) -> Option<Timestamp> {
        match self {
            Self::Created => Some(issue.created),
            Self::Updated => Some(issue.updated),
            Self::Resolved => issue.resolved,
            Self::Custom(id, _) => match issue.custom.get(&id) {
                Some(CustomValue::DateTime(moment)) => Some(*moment),
                _ => None,
            },
            _ => None,
        }
    }

    pub(super) fn day(self, issue: &Issue) -> Option<Date> {
        match self {
            Self::Due => issue.due,
            Self::Custom(id, _) => match issue.custom.get(&id) {
                Some(CustomValue::Date(date)) => Some(*date),
                _ => None,
            },
            _ => None,
        }
    }

    pub(super) fn number(self, issue: &Issue) -> Option<f64> {
        match self {
            Self::Custom(id, _) => match issue.custom.get(&id) {
                Some(CustomValue::Number(number)) => Some(*number),
                _ => None,
            },
            _ => None,
        }
    }

    pub(super) fn texts(self, issue: &Issue) -> Vec<&str> {
        let comments = || issue.comments.iter().map(|comment| comment.body.as_str());
        let own = || {
            issue
                .custom
                .values()
                .filter_map(|value| if let CustomValue::Text(text) = value { Some(text.as_str()) } else { None })
        };
        match self {
            Self::Summary => vec![&issue.summary],
            Self::Description => vec![&issue.description],
            Self::Comment => comments().collect(),
            Self::Text => [issue.summary.as_str(), issue.description.as_str()]
                .into_iter()
                .chain(comments())
                .chain(own())
                .collect(),
            Self::Custom(id, _) => match issue.custom.get(&id) {
                Some(CustomValue::Text(text)) => vec![text],
                _ => Vec::new(),
            },
            _ => Vec::new(),
        }
    }

    pub(super) fn is_empty(self, context: Context<'_>, issue: &Issue) -> bool {
        match self.kind() {
            Kind::Ids => self.ids(context, issue).is_empty(),
            Kind::Names => self.names(issue).is_empty(),
            Kind::Moment => self.moment(issue).is_none(),
            Kind::Day => self.day(issue).is_none(),
            Kind::Number => self.number(issue).is_none(),
            Kind::Text => self.texts(issue).iter().all(|text| text.is_empty()),
        }
    }

    /// The id the changelog uses, for fields whose past can be asked.
    pub(super) fn history_id(self) -> Option<&'static str> {
        match self {
            Self::Status => Some("status"),
            Self::Priority => Some("priority"),
            Self::Resolution => Some("resolution"),
            Self::Assignee => Some("assignee"),
            Self::Reporter => Some("reporter"),
            Self::FixVersion => Some("fixVersions"),
            _ => None,
        }
    }
}

/// The fields of that name: several when custom fields share it, none when it is unknown.
pub(super) fn named(context: Context<'_>, field: &clauses::Field) -> Vec<Field> {
    let own = |field: &CustomField| Field::Custom(field.id, field.kind);
    let fields = &context.store.content.fields;
    match field {
        clauses::Field::Custom(number) => fields.iter().filter(|field| field.id == *number).map(own).collect(),
        clauses::Field::Named(name) => match system(&name.to_lowercase()) {
            Some(field) => vec![field],
            None => fields
                .iter()
                .filter(|field| field.name.eq_ignore_ascii_case(name) || field.wire_id() == *name)
                .map(own)
                .collect(),
        },
    }
}

fn system(name: &str) -> Option<Field> {
    Some(match name {
        "project" => Field::Project,
        "key" | "issuekey" | "issue" | "id" => Field::Key,
        "parent" => Field::Parent,
        "status" => Field::Status,
        "statuscategory" => Field::Category,
        "issuetype" | "type" => Field::Type,
        "priority" => Field::Priority,
        "resolution" => Field::Resolution,
        "fixversion" => Field::FixVersion,
        "affectedversion" => Field::AffectedVersion,
        "component" => Field::Component,
        "assignee" => Field::Assignee,
        "reporter" | "creator" => Field::Reporter,
        "labels" => Field::Labels,
        "created" | "createddate" => Field::Created,
        "updated" | "updateddate" => Field::Updated,
        "resolved" | "resolutiondate" => Field::Resolved,
        "due" | "duedate" => Field::Due,
        "summary" => Field::Summary,
        "description" => Field::Description,
        "comment" => Field::Comment,
        "text" => Field::Text,
        _ => return None,
    })
}
