"""Holds GraphQL documents, their variables and their answers against GitHub's published schema."""

import gzip
import json
import re

from graphql import GraphQLError, build_schema, execute, parse, validate
from graphql.execution.values import get_variable_values
from graphql.language import FieldNode, FragmentSpreadNode, OperationDefinitionNode

from .openapi import SPECIFICATIONS


class Schema:
    """`problems` tells what does not fit, as sentences."""

    def __init__(self, file):
        with gzip.open(SPECIFICATIONS / file, "rt") as packed:
            self.schema = build_schema(packed.read(), assume_valid=True)
        self.documents = {}

    def problems(self, exchange):
        """The operation's name and what is wrong with one exchange."""
        asked, told = json.loads(exchange.request_body), json.loads(exchange.body)
        document, found = self._document(asked["query"])
        operation = next(node for node in document.definitions if isinstance(node, OperationDefinitionNode))
        name = operation.name.value if operation.name else "anonymous"
        if found:
            return name, found
        variables = get_variable_values(
            self.schema, operation.variable_definitions or (), asked.get("variables") or {}
        )
        if isinstance(variables, list):
            return name, [f"variables: {error.message}" for error in variables]
        return name, self._answer(document, asked, told)

    def _document(self, text):
        if text not in self.documents:
            document = parse(text)
            self.documents[text] = document, [f"document: {error.message}" for error in validate(self.schema, document)]
        return self.documents[text]

    def _answer(self, document, asked, told):
        """The answer is resolved out of itself: the schema's own types refuse a missing, null or foreign value."""
        if told.get("data") is None:
            return []
        failed = {tuple(error.get("path") or ()) for error in told.get("errors", [])}

        def field(source, info, **_):
            key = info.path.key
            if key not in source:
                raise GraphQLError(f"{info.parent_type.name}.{info.field_name} is missing")
            return source[key]

        def kind(value, info, abstract):
            return value.get("__typename") or self._meant(value, info, abstract)

        result = execute(
            self.schema,
            document,
            root_value=told["data"],
            variable_values=asked.get("variables"),
            field_resolver=field,
            type_resolver=kind,
        )
        found = set()
        for error in result.errors or []:
            path = tuple(error.path or ())
            # What the answer itself calls failed may be null.
            if path not in failed:
                place = ".".join(re.sub(r"\d+$", "*", str(part)) for part in path[-3:])
                found.add(f"answer: {place}: {error.message}")
        return sorted(found)

    def _meant(self, value, info, abstract):
        """The kind whose fragment asked for what is there; where nothing is, one that no fragment asks about."""
        asked, common = {}, {"__typename"}
        for node in info.field_nodes:
            for part in node.selection_set.selections:
                if isinstance(part, FieldNode):
                    common.add((part.alias or part.name).value)
                    continue
                fragment = info.fragments[part.name.value] if isinstance(part, FragmentSpreadNode) else part
                chosen = fragment.selection_set.selections
                names = {(one.alias or one.name).value for one in chosen if isinstance(one, FieldNode)}
                asked[fragment.type_condition.name.value] = names
        for name, names in asked.items():
            if names and names <= value.keys():
                return name
        others = [one.name for one in self.schema.get_possible_types(abstract) if one.name not in asked]
        if value.keys() - common or not others:
            raise GraphQLError(f"no {abstract.name} was asked for like this")
        return others[0]
