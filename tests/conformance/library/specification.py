"""Twilio's OpenAPI file, as it ships in the npm package @twilio/cli-core: operations and their answers."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from .shapes import Shapes

FILE = Path(__file__).parents[3] / "node_modules/@twilio/cli-core/src/services/twilio-api/twilio_conversations_v1.json"
METHODS = ("get", "post", "put", "patch", "delete")
TYPES = {"string": str, "integer": int, "boolean": bool, "array": list, "object": dict}
FORMATS = {
    "date-time": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ",
    "uri": r"https?://.+",
}


@dataclass(frozen=True, eq=False)
class Operation:
    """One method of one path."""

    id: str
    method: str
    path: str
    """With the names of its variable parts in braces."""
    parameters: frozenset[str]
    """What can be sent with it, in the body or the query."""
    answers: Mapping[int, Any]
    """Status of success to the schema of the body; None where there is none."""

    @property
    def service_form(self) -> str:
        """The same path, as it is in the form that names the service."""
        return self.path.replace("/v1/", "/v1/Services/{ChatServiceSid}/", 1)


class Specification:
    def __init__(self) -> None:
        self.file: Mapping[str, Any] = json.loads(FILE.read_text())
        self.operations = tuple(self._operations())
        self._patterns = [(operation, re.compile(_pattern(operation.path))) for operation in self.operations]

    def _operations(self) -> Iterator[Operation]:
        for path, methods in self.file["paths"].items():
            for method in METHODS:
                if method in methods:
                    yield _operation(path, method, methods[method])

    @cached_property
    def shapes(self) -> Shapes:
        """Of the objects inside of answers, which the schemas leave open and the examples do not."""
        shapes = Shapes()
        for operation in self.operations:
            responses = self.file["paths"][operation.path][operation.method.lower()]["responses"]
            for content in (body for answer in responses.values() for body in answer.get("content", {}).values()):
                for example in content.get("examples", {}).values():
                    for resource, name in self._resources(example["value"], content["schema"]):
                        shapes.learn(name, resource)
        return shapes

    def _resources(self, body: Any, schema: Mapping[str, Any]) -> Iterator[tuple[Any, str]]:
        """The resources in an answer, one or a list's, each with the name of its schema."""
        if "$ref" in schema:
            yield body, schema["$ref"].rpartition("/")[2]
            return
        for key, of in schema["properties"].items():
            if of.get("type") == "array":
                yield from ((each, of["items"]["$ref"].rpartition("/")[2]) for each in body[key])

    def find(self, method: str, path: str) -> Operation:
        """What is asked for by a request. Raises LookupError when the specification has no such operation."""
        for operation, pattern in self._patterns:
            if operation.method == method and pattern.fullmatch(path):
                return operation
        raise LookupError(f"the specification has no {method} {path}")

    def check(self, operation: Operation, status: int, text: str) -> None:
        """The answer is one that the specification has: status, exactly its keys, types and forms of all values.

        Raises AssertionError, which names the place.
        """
        assert status in operation.answers, f"{operation.id} answered {status}"
        schema = operation.answers[status]
        if schema is None:
            assert text == "", operation.id
            return
        body = json.loads(text)
        self._check(body, schema, operation.id)
        for resource, name in self._resources(body, schema):
            self.shapes.check(name, resource, operation.id)

    def _check(self, value: Any, schema: Mapping[str, Any], where: str) -> None:
        name = schema.get("$ref", "").rpartition("/")[2]
        if name:
            schema = self.file["components"]["schemas"][name]
        if value is None:
            assert schema.get("nullable"), f"{where} is null"
            return
        if "type" in schema:
            assert type(value) is TYPES[schema["type"]], f"{where} is {value!r}"
        if "enum" in schema:
            assert value in schema["enum"], f"{where} is {value!r}"
        if "pattern" in schema:
            assert re.search(schema["pattern"], value), f"{where} is {value!r}"
        if schema.get("format") in FORMATS:
            assert re.fullmatch(FORMATS[schema["format"]], value), f"{where} is {value!r}"
        if "properties" in schema:
            assert set(value) == set(schema["properties"]), f"{where} has the keys {sorted(value)}"
            for key, of in schema["properties"].items():
                # Some enumerations cannot be null by their schema, and are in an example.
                if value[key] is not None or not self.shapes.may_be_null(f"{name}.{key}"):
                    self._check(value[key], of, f"{where}.{key}")
        for item in value if schema.get("type") == "array" else ():
            self._check(item, schema["items"], f"{where}[]")


def _operation(path: str, method: str, described: Mapping[str, Any]) -> Operation:
    content = described.get("requestBody", {}).get("content", {})
    form = content.get("application/x-www-form-urlencoded", {}).get("schema", {}).get("properties", {})
    query = [each["name"] for each in described.get("parameters", ()) if each["in"] == "query"]
    answers = {
        int(status): next((body["schema"] for body in answer.get("content", {}).values()), None)
        for status, answer in described["responses"].items()
    }
    return Operation(described["operationId"], method.upper(), path, frozenset([*form, *query]), answers)


def _pattern(path: str) -> str:
    return re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path))
