"""Holds recorded requests and answers against a vendor's published OpenAPI description."""

import gzip
import json
import os
import re
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from jsonschema import FormatChecker
from openapi_schema_validator import OAS30Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT4

SPECIFICATIONS = Path(os.environ["INTERLOCK_SHARED"]) / "specs"


class Description:
    """One vendor's description. `problems` tells what does not fit, as sentences that name the place."""

    def __init__(self, file):
        with gzip.open(SPECIFICATIONS / file) as packed:
            self.contents = json.load(packed)
        resource = Resource(contents=self.contents, specification=DRAFT4)
        self.registry = Registry().with_resource("urn:description", resource)
        self.validators = {}
        self.routes = [(_pattern(path), path) for path in self.contents["paths"]]
        # The narrower path goes first: `/search/jql` before `/search/{id}`, `/commits/{sha}/pulls` before `/commits/{ref}`.
        self.routes.sort(key=lambda route: (route[1].count("{"), -len(route[1])))

    def route(self, method, path):
        """The template that a path fits and whose operation has the method."""
        for pattern, template in self.routes:
            if pattern.fullmatch(path) and method.lower() in self.contents["paths"][template]:
                return template
        return None

    def problems(self, exchange):
        """The operation's name and what is wrong with one exchange."""
        url = urlsplit(exchange.target)
        template = self.route(exchange.method, url.path)
        name = f"{exchange.method} {template or url.path}"
        if template is None:
            return name, ["the description knows no such operation"]
        operation = self.contents["paths"][template][exchange.method.lower()]
        pointer = ["paths", template, exchange.method.lower()]
        found = self._parameters(template, operation, url.query)
        if exchange.request_body:
            found += self._body(operation, pointer, exchange.request_body)
        found += self._answer(operation, pointer, exchange)
        return name, found

    def resolve(self, value):
        while "$ref" in value:
            place = self.contents
            for part in value["$ref"].removeprefix("#/").split("/"):
                place = place[part.replace("~1", "/").replace("~0", "~")]
            value = place
        return value

    def _parameters(self, template, operation, query):
        declared = [*self.contents["paths"][template].get("parameters", []), *operation.get("parameters", [])]
        known = {}
        for parameter in map(self.resolve, declared):
            if parameter["in"] == "query":
                known[parameter["name"]] = parameter
        sent = parse_qsl(query, keep_blank_values=True)
        found = []
        for name, value in sent:
            if name not in known:
                found.append(f"query: no parameter {name}")
                continue
            schema = self.resolve(known[name].get("schema", {}))
            found += _unfit(name, value, schema, self.resolve)
        missing = {name for name, parameter in known.items() if parameter.get("required")} - {name for name, _ in sent}
        return found + [f"query: {name} is required" for name in sorted(missing)]

    def _body(self, operation, pointer, body):
        if "requestBody" not in operation:
            return ["body: the operation takes none"]
        content = self.resolve(operation["requestBody"])["content"]
        if "application/json" not in content:
            return []
        place = [*pointer, "requestBody"]
        return [f"body: {error}" for error in self._fits(place, json.loads(body))]

    def _answer(self, operation, pointer, exchange):
        status = str(exchange.status)
        if status not in operation["responses"]:
            return [] if status in ("304", "401", "403", "429") else [f"answer: {status} is not described"]
        content = self.resolve(operation["responses"][status]).get("content", {})
        if "application/json" not in content or not exchange.body:
            return []
        place = [*pointer, "responses", status]
        return [f"{status}: {error}" for error in self._fits(place, json.loads(exchange.body))]

    def _fits(self, place, value):
        """Errors of a value against the schema of a request body or an answer."""
        key = tuple(place)
        if key not in self.validators:
            found = self.contents
            for part in place:
                found = found[part]
            schema = self.resolve(found)["content"]["application/json"].get("schema", {})
            absolute = json.loads(json.dumps(schema).replace('"#/', '"urn:description#/'))
            self.validators[key] = OAS30Validator(absolute, registry=self.registry, format_checker=FORMATS)
        errors = self.validators[key].iter_errors(value)
        return sorted({sentence for error in errors for sentence in _sentences(error)})


def _pattern(template):
    """GitHub's paths hold slashes in some parameters (`{ref}`, `{path}`, `{basehead}`)."""
    parts = re.split(r"(\{[^}]+\})", template)
    wide = {"{ref}", "{path}", "{basehead}", "{branch}", "{tag}", "{environment_name}"}
    return re.compile(
        "".join((".+" if part in wide else "[^/]+") if part.startswith("{") else re.escape(part) for part in parts)
    )


# Jira writes offsets without a colon, everywhere and in the description's own examples.
FORMATS = FormatChecker(formats=["date", "email"])


@FORMATS.checks("date-time")
def _is_moment(value):
    return not isinstance(value, str) or MOMENT.fullmatch(value) is not None


MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d([.]\d+)?(Z|[+-]\d\d:?\d\d)")


def _unfit(name, value, schema, resolve):
    kind = schema.get("type")
    if kind == "array":
        items = resolve(schema.get("items", {}))
        return [error for part in value.split(",") for error in _unfit(name, unquote(part), items, resolve)]
    if kind == "integer" and not re.fullmatch(r"-?\d+", value):
        return [f"query: {name}={value} is no integer"]
    if kind == "boolean" and value not in ("true", "false"):
        return [f"query: {name}={value} is no boolean"]
    if "enum" in schema and value not in map(str, schema["enum"]):
        return [f"query: {name}={value} is none of {schema['enum']}"]
    return []


def _sentences(error, depth=0):
    """One line per mistake with list positions left out, so that a thousand rows with one mistake are one line."""
    if error.context and depth < 3:
        # Of alternatives, the one that fits best tells most.
        branches = {}
        for nested in error.context:
            branches.setdefault(nested.relative_schema_path[0] if nested.relative_schema_path else 0, []).append(nested)
        best = min(branches.values(), key=lambda one: (any(error.validator == "enum" for error in one), len(one)))
        return {sentence for nested in best for sentence in _sentences(nested, depth + 1)}
    place = ".".join("*" if isinstance(part, int) else str(part) for part in error.absolute_path)
    message = error.message
    if error.validator == "type":
        message = f"{type(error.instance).__name__} where {error.validator_value} is told"
    elif error.validator in ("enum", "format", "pattern", "maxLength", "not"):
        message = f"against {error.validator} {str(error.validator_value)[:120]}"
    elif error.validator == "oneOf":
        message = "fits several alternatives of which it should fit one"
    elif error.validator == "additionalProperties":
        message = re.sub(r"^.*?\(", "(", message)
    return {f"{place or 'root'}: {message[:240]}"}
