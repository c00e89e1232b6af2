"""Requests that Twilio's specification of REST v1 allows, and some that it does not, at a real server.

    .venv/bin/python -m fuzz.rest --examples 100 --seed 1

schemathesis makes them, operation by operation. What their paths name is there most of the time, and what can only be
right by design (JSON in a text, a name that is free) often is: so every operation comes to succeed, too. An answer has
a status, a content type, keys and types that the specification or our overlay knows, and none is a server error.
"""

from __future__ import annotations

import argparse
import copy
import json
import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.conformance.library.specification import FILE
from tests.servers import Server
from tests.webhooks.person import Person

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
ERROR = {
    "type": "object",
    "additionalProperties": False,
    "required": ["code", "message", "more_info", "status"],
    "properties": {
        "code": {"type": "integer", "minimum": 20000, "maximum": 59999},
        "message": {"type": "string", "minLength": 1},
        "more_info": {"type": "string", "pattern": r"^https://www\.twilio\.com/docs/errors/\d{5}$"},
        "status": {"type": "integer", "minimum": 400, "maximum": 499},
    },
}
METHODS = ("get", "post", "delete")
Case = schemathesis.Case[Any]


def overlay() -> dict[str, Any]:
    """The specification with our errors, which it is silent about, and with no other keys than those it names."""
    spec: dict[str, Any] = copy.deepcopy(json.loads(FILE.read_text()))
    for path in spec["paths"].values():
        for operation in (path[method] for method in METHODS if method in path):
            operation["responses"]["4XX"] = {
                "description": "refused",
                "content": {"application/json": {"schema": ERROR}},
            }
    schemas = spec["components"]["schemas"]
    for schema in schemas.values():
        if "properties" in schema:
            schema |= {"additionalProperties": False, "required": sorted(schema["properties"])}
    # Of a service that was not configured yet, the specification's own example has null.
    schemas["service_webhook_configuration_enum_method"] |= {"nullable": True, "enum": ["get", "post", None]}
    for name in ("configuration_webhook_enum_method", "service_webhook_configuration_enum_method"):
        schemas[name]["enum"] = [*schemas[name]["enum"], "GET", "POST"]
    return spec


@dataclass
class Ground:
    """What paths name, made when it is first needed, and again when a request has taken it away."""

    server: Server
    things: dict[str, str] = field(default_factory=dict)
    made: int = 0

    def __post_init__(self) -> None:
        keys = self.server.credentials
        self.session = requests.Session()
        self.session.auth = (keys["account_sid"], keys["auth_token"])

    def post(self, path: str, form: dict[str, Any] | None = None, **options: Any) -> dict[str, Any]:
        answer = self.session.post(f"{self.server.url}{path}", data=form, timeout=30, **options)
        assert answer.ok, (path, form, answer.text)
        found: dict[str, Any] = answer.json()
        return found

    def new(self, kind: str) -> str:
        """A name that nothing has."""
        self.made += 1
        return f"{kind} {self.made}"

    def sid(self, resource: str) -> str:
        """The SID of one of what a path calls `resource`."""
        if resource not in self.things:
            self.things[resource] = getattr(self, f"_{resource.lower()}")()
        return self.things[resource]

    def forget(self) -> None:
        """A request may have taken something away, or closed the conversation."""
        self.things = {name: sid for name, sid in self.things.items() if name == "Services"}

    @property
    def room(self) -> str:
        return f"/v1/Conversations/{self.sid('Conversations')}"

    def _services(self) -> str:
        sid = self.post("/v1/Services", {"FriendlyName": "fuzzed"})["sid"]
        self.post("/v1/Configuration", {"DefaultChatServiceSid": sid})
        return str(sid)

    def _conversations(self) -> str:
        self.sid("Services")
        return str(self.post("/v1/Conversations", {"FriendlyName": "room"})["sid"])

    def _participants(self) -> str:
        sid = self.post(f"{self.room}/Participants", {"Identity": self.new("ida")})["sid"]
        return str(sid)

    def _users(self) -> str:
        """One who is in the conversation."""
        participant = self.sid("Participants")
        found = self.session.get(f"{self.server.url}{self.room}/Participants/{participant}", timeout=30).json()
        user = self.session.get(f"{self.server.url}/v1/Users/{found['identity']}", timeout=30).json()
        return str(user["sid"])

    def _messages(self) -> str:
        return str(self.post(f"{self.room}/Messages", {"Body": "hello"})["sid"])

    def _receipts(self) -> str:
        self.made += 1
        binding = {"Address": f"+4930{self.made:07}", "ProxyAddress": "+4930654321"}
        form = {f"MessagingBinding.{name}": value for name, value in binding.items()}
        outside = self.post(f"{self.room}/Participants", form)["sid"]
        report = {"conversation_sid": self.sid("Conversations"), "message_sid": self.sid("Messages")}
        told = self.post("/roomful/v1/receipts", json=report | {"participant_sid": outside, "status": "sent"})
        return str(told["sid"])

    def _webhooks(self) -> str:
        form = {"Target": "trigger", "Configuration.Url": "https://example.com", "Configuration.Triggers": "help"}
        return str(self.post(f"{self.room}/Webhooks", form)["sid"])

    def _roles(self) -> str:
        self.sid("Services")
        form = {"FriendlyName": self.new("role"), "Type": "service", "Permission": "joinConversation"}
        return str(self.post("/v1/Roles", form)["sid"])

    def _credentials(self) -> str:
        return str(self.post("/v1/Credentials", {"Type": "apn"})["sid"])

    def _addresses(self) -> str:
        return str(self.post("/v1/Configuration/Addresses", {"Type": "chat", "Address": self.new("lobby")})["sid"])

    def _bindings(self) -> str:
        person = Person(self.server, self.new("ann"), self.sid("Services"))
        sid = person.register("fcm", self.new("device"))
        person.close()
        return sid

    def named(self, method: str, path: str) -> dict[str, str]:
        """For each variable part of a path, the SID of what is there. The default service cannot be deleted."""
        if (method, path) == ("DELETE", "/v1/Services/{Sid}"):
            return {"Sid": str(self.post("/v1/Services", {"FriendlyName": "short-lived"})["sid"])}
        return {name: self.sid(resource) for resource, name in re.findall(r"/(\w+)/\{(\w+)\}", path)}


UNSUPPORTED = re.compile(
    r"MessagingServiceSid|DefaultMessaging|Bindings\.Email|Projected|Default(Inactive|Closed)|Default.*Sid"
    r"|AutoCreation|MessagingBinding|RoleSid|Media|Content|LastRead|ReplayAfter|PageToken|^Page$|Date$|^Date|^Timers"
)
"""Parameters that are refused, or name what is not there: a request that is meant to succeed does without them."""

NEEDED: dict[str, dict[str, Any]] = {
    "/Participants": {"Identity": ""},
    "/Roles/{Sid}": {"Permission": []},
    "/Conversations/{ConversationSid}/Webhooks": {
        **{"Target": "trigger", "Configuration.Url": "", "Configuration.Triggers": []},
    },
}
"""What the specification does not call required and yet is."""


def right(ground: Ground, name: str, value: Any, path: str) -> Any:
    """A value of a parameter that can be accepted, where a random one can hardly be."""
    fixed: dict[str, Any] = {
        **{"Attributes": "{}", "State": "inactive", "Author": "ann", "Body": "hello", "Subject": "new"},
        **{"Configuration.Url": "https://example.com", "Configuration.FlowSid": f"FW{'a' * 32}"},
        **{"Configuration.Filters": ["onMessageAdded"], "Configuration.Triggers": ["help"]},
        **{"PreWebhookUrl": "", "PostWebhookUrl": "https://example.com", "Filters": ["onMessageAdded"]},
        **{"Permission": ["editAnyMessage"], "FriendlyName": "name", "AddressCountry": "DE"},
        "Participant": ['{"identity": "ann"}'],
    }
    if name in ("UniqueName", "Identity", "Address"):
        return ground.new(name)
    if name == "Type" and "Addresses" in path:
        return "chat"
    return fixed.get(name, value)


@dataclass
class Play:
    """A server, what is on it, and which operations have succeeded."""

    ground: Ground
    reached: set[str] = field(default_factory=set)

    def try_(self, case: Case, real: bool, meant: bool) -> None:
        """Send a request and judge the answer. `real`: what its path names is there; `meant`: it should succeed."""
        method, path = case.operation.method.upper(), case.operation.path
        if real and case.path_parameters:
            case.path_parameters |= self.ground.named(method, path)
        if meant:
            self._mend(case, path)
        answer = case.call(base_url=self.ground.server.url, session=self.ground.session, timeout=30)
        case.validate_response(answer, checks=CHECKS)
        if 200 <= answer.status_code < 300:
            self.reached.add(f"{method} {path}")
            if method == "DELETE" or path.endswith("/Conversations/{Sid}"):
                self.ground.forget()

    def _mend(self, case: Case, path: str) -> None:
        if isinstance(case.body, dict):
            kept = {name: value for name, value in case.body.items() if not UNSUPPORTED.search(name)}
            kept |= next((needed for end, needed in NEEDED.items() if path.endswith(end)), {})
            case.body = {name: right(self.ground, name, value, path) for name, value in kept.items()}
        if case.query:
            case.query = {name: value for name, value in case.query.items() if not UNSUPPORTED.search(name)}
        if path.endswith("/ParticipantConversations"):
            case.query = {"Identity": "ann"}


@contextmanager
def server(folder: Path, **env: str) -> Iterator[Play]:
    """A real server in a folder of its own; at the end its log must hold no error."""
    started = Server(folder, "--only", "service", **env).start()
    try:
        yield Play(Ground(started))
        assert not re.search(r"Traceback|\[(error|critical)|request failed", started.log), started.log[-4000:]
    finally:
        started.close()


def explore(play: Play, examples: int, start: int | None) -> list[str]:
    """Try every operation `examples` times; the operations that never succeeded. `start`: the seed; None: by chance."""
    missed = []
    for found in schemathesis.openapi.from_dict(overlay()).get_all_operations():
        assert isinstance(found, Ok), found
        operation = found.ok()
        play.ground.things.clear()  # what one operation makes may be all that a service or a conversation takes
        _test(play, operation, examples, start)()
        name = f"{operation.method.upper()} {operation.path}"
        if name not in play.reached:
            missed.append(name)
    return missed


def _test(play: Play, operation: Any, examples: int, start: int | None) -> Callable[[], None]:
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
        derandomize=False,
    )
    @given(
        case=operation.as_strategy(),
        real=st.sampled_from([True, True, True, False]),
        meant=st.sampled_from([True, True, False]),
    )
    def test(case: Case, real: bool, meant: bool) -> None:
        play.try_(case, real, meant)

    return test if start is None else seed(start)(test)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--examples", type=int, default=100, help="of each operation")
    parser.add_argument("--seed", type=int, default=None)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, server(Path(folder)) as play:
        missed = explore(play, asked.examples, asked.seed)
        print(f"{len(play.reached)} operations succeeded; not: {', '.join(missed) or 'none'}")


if __name__ == "__main__":
    main()
