"""A service with webhooks, two ways of changing it, and what is to be told of that."""

from __future__ import annotations

import base64
import itertools
import json
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal, Protocol
from urllib.parse import quote

from twilio.rest import Client

from roomful.conversations.core.webhooks import CONVERSATION_EVENTS, POST_EVENTS, PRE_EVENTS
from tests.servers import Server, clean_environment, twilio_client

from .listener import Call, Listener
from .person import CLIENT, Person

Level = Literal["account", "service", "conversation"]
Source = Literal["SDK", "API"]
Json = dict[str, Any]

_numbers = itertools.count(1)
ENABLED = "true"
"""The value of `X-Twilio-Webhook-Enabled`."""

INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z")


class At:
    """Equal to an instant as webhooks are told it: to the second that REST shows, or the millisecond of the SDK."""

    def __init__(self, when: str | datetime) -> None:
        self.when = when

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, str) or not INSTANT.fullmatch(other):
            return False
        if isinstance(self.when, str):
            return other == self.when
        return datetime.fromisoformat(other).replace(microsecond=0) == self.when

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"At({self.when})"


class JustNow(At):
    """Equal to an instant of the last minute."""

    def __init__(self) -> None:
        super().__init__(datetime.now(UTC))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, str) or not INSTANT.fullmatch(other):
            return False
        return abs((datetime.now(UTC) - datetime.fromisoformat(other)).total_seconds()) < 60


@dataclass(frozen=True)
class Told:
    """A call that is expected: its event, and the parameters that are this event's own; None: left out."""

    event: str
    own: Mapping[str, Any]


class Acts(Protocol):
    """What both doors can do; the answers have the keys that REST's resources have."""

    def create(self, **wanted: str) -> Json: ...
    def rename(self, room: str, **wanted: str) -> Json: ...
    def delete(self, room: str) -> None: ...
    def send(self, room: str, body: str, attributes: str) -> Json: ...
    def edit(self, room: str, message: str, **wanted: str) -> Json: ...
    def erase(self, room: str, message: str) -> None: ...
    def add(self, room: str, identity: str, attributes: str) -> Json: ...
    def change(self, room: str, participant: str, attributes: str) -> Json: ...
    def remove(self, room: str, participant: str) -> None: ...
    def appear(self, identity: str) -> None: ...
    def introduce(self, identity: str, **wanted: str) -> None: ...


class BySdk:
    """What a person does by the SDK's protocol."""

    def __init__(self, person: Person, connect: Callable[[str], Person]) -> None:
        self.person = person
        self._connect = connect

    def _do(self, method: str, *path: str, body: Any = None) -> Json:
        return dict(self.person.request(method, "/".join((CLIENT, *path)), body) or {})

    def create(self, **wanted: str) -> Json:
        return self._do("POST", "Conversations", body=wanted)

    def rename(self, room: str, **wanted: str) -> Json:
        return self._do("POST", "Conversations", room, body=wanted)

    def delete(self, room: str) -> None:
        self._do("DELETE", "Conversations", room)

    def send(self, room: str, body: str, attributes: str) -> Json:
        return self._do("POST", "Conversations", room, "Messages", body={"body": body, "attributes": attributes})

    def edit(self, room: str, message: str, **wanted: str) -> Json:
        return self._do("POST", "Conversations", room, "Messages", message, body=wanted)

    def erase(self, room: str, message: str) -> None:
        self._do("DELETE", "Conversations", room, "Messages", message)

    def add(self, room: str, identity: str, attributes: str) -> Json:
        body = {"identity": identity, "attributes": attributes}
        return self._do("POST", "Conversations", room, "Participants", body=body)

    def change(self, room: str, participant: str, attributes: str) -> Json:
        return self._do("POST", "Conversations", room, "Participants", participant, body={"attributes": attributes})

    def remove(self, room: str, participant: str) -> None:
        self._do("DELETE", "Conversations", room, "Participants", participant)

    def appear(self, identity: str) -> None:
        self._connect(identity)

    def introduce(self, identity: str, **wanted: str) -> None:
        self._do("POST", "Users", identity, body=wanted)


class ByRest:
    """What the account's credentials do by the library, with the header that lets webhooks hear of it (or without)."""

    def __init__(self, server: Server, service: Any, enabled: str | None = ENABLED) -> None:
        self.server, self.service, self.enabled = server, service, enabled

    @property
    def header(self) -> dict[str, str]:
        return {} if self.enabled is None else {"x_twilio_webhook_enabled": self.enabled}

    def _delete(self, *path: str) -> None:
        """Not by the library: 9.13 forgets the header of a deletion."""
        headers = {} if self.enabled is None else {"X-Twilio-Webhook-Enabled": self.enabled}
        service = self.service._solution["sid"]
        ask(self.server, "/".join(("/v1/Services", service, *map(quote, path))), method="DELETE", headers=headers)

    def create(self, **wanted: str) -> Json:
        return dict(vars(self.service.conversations.create(**wanted, **self.header)))

    def rename(self, room: str, **wanted: str) -> Json:
        return dict(vars(self.service.conversations(room).update(**wanted, **self.header)))

    def delete(self, room: str) -> None:
        self._delete("Conversations", room)

    def send(self, room: str, body: str, attributes: str) -> Json:
        messages = self.service.conversations(room).messages
        return dict(vars(messages.create(body=body, author="ann", attributes=attributes, **self.header)))

    def edit(self, room: str, message: str, **wanted: str) -> Json:
        return dict(vars(self.service.conversations(room).messages(message).update(**wanted, **self.header)))

    def erase(self, room: str, message: str) -> None:
        self._delete("Conversations", room, "Messages", message)

    def add(self, room: str, identity: str, attributes: str) -> Json:
        participants = self.service.conversations(room).participants
        return dict(vars(participants.create(identity=identity, attributes=attributes, **self.header)))

    def change(self, room: str, participant: str, attributes: str) -> Json:
        found = self.service.conversations(room).participants(participant)
        return dict(vars(found.update(attributes=attributes, **self.header)))

    def remove(self, room: str, participant: str) -> None:
        self._delete("Conversations", room, "Participants", participant)

    def appear(self, identity: str) -> None:
        self.service.users.create(identity=identity, **self.header)

    def introduce(self, identity: str, **wanted: str) -> None:
        self.service.users(identity).update(**wanted, **self.header)

    def forget(self, identity: str) -> None:
        self._delete("Users", identity)


@dataclass
class Stage:
    """A service of its own, in which ann is an administrator and connected, and ben, cem and dan are known.

    Attributes:
        level, method: where webhooks are configured for all events, and how they are called.
        source: which door `by` is.
        quiet: the other person's way: REST without the header, of which nobody is told.
    """

    server: Server
    listener: Listener
    level: Level
    method: str
    source: Source
    client: Client = field(init=False)
    service: Any = field(init=False)
    people: list[Person] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.client = twilio_client(self.server)
        v1 = self.client.conversations.v1
        self.service = v1.services(v1.services.create(friendly_name=f"stage {next(_numbers)}").sid)
        admin = next(role.sid for role in self.service.roles.list() if role.friendly_name == "service admin")
        self.service.users.create(identity="ann", role_sid=admin)
        for identity in ("ben", "cem", "dan"):
            self.service.users.create(identity=identity)
        self.by: Acts = (
            BySdk(self.connect("ann"), self.connect) if self.source == "SDK" else ByRest(self.server, self.service)
        )
        self.quiet = ByRest(self.server, self.service, None)
        self.configure()

    @property
    def service_sid(self) -> str:
        return str(self.service._solution["sid"])

    def connect(self, identity: str) -> Person:
        self.people.append(Person(self.server, identity, self.service_sid))
        return self.people[-1]

    def configure(self) -> None:
        """Account or service: all events there are. A conversation's own webhooks come with each `room`."""
        wanted = {
            "method": self.method,
            "filters": sorted(PRE_EVENTS | POST_EVENTS),
            "pre_webhook_url": self.listener.url("/pre"),
            "post_webhook_url": self.listener.url("/post"),
        }
        if self.level == "account":
            self.client.conversations.v1.configuration.webhooks().update(**wanted)
        elif self.level == "service":
            self.service.configuration.webhooks().update(**wanted)

    def room(self, **wanted: str) -> Any:
        """A conversation of ann's and ben's, made in silence, as REST shows it."""
        room = self.service.conversations.create(**wanted)
        for identity in ("ann", "ben"):
            self.service.conversations(room.sid).participants.create(identity=identity)
        if self.level == "conversation":
            self.service.conversations(room.sid).webhooks.create(
                target="webhook",
                configuration_url=self.listener.url("/post"),
                configuration_method=self.method,
                configuration_filters=sorted(CONVERSATION_EVENTS),
            )
        return self.service.conversations(room.sid).fetch()

    def participant(self, room: str, identity: str) -> Any:
        return self.service.conversations(room).participants(identity).fetch()

    def delivered(self) -> None:
        """Wait until nothing is left in the outbox."""
        empty(self.server)

    def whole(self, told: Told) -> Json:
        """All parameters of a call, those that every call has among them."""
        common = {
            "AccountSid": self.server.credentials["account_sid"],
            "ChatServiceSid": self.service_sid,
            "EventType": told.event,
            "Source": self.source,
            "ClientIdentity": "ann" if self.source == "SDK" else None,
            "RetryCount": "0" if told.event in POST_EVENTS else None,
        }
        return {name: value for name, value in (common | dict(told.own)).items() if value is not None}

    def calls(self) -> list[Call]:
        """What was heard of this service, once nothing waits any more."""
        self.delivered()
        return self.listener.heard(None, None, ChatServiceSid=self.service_sid)

    def close(self) -> None:
        for person in self.people:
            person.close()
        if self.level == "account":
            nothing = {"filters": [""], "pre_webhook_url": "", "post_webhook_url": ""}
            self.client.conversations.v1.configuration.webhooks().update(**nothing)


def waiting(server: Server) -> list[Json]:
    """What `GET /roomful/v1/hooks` says of targets for which there is something."""
    return list(ask(server, "/roomful/v1/hooks")["targets"])


def empty(server: Server, within: float = 20) -> None:
    """Wait until nothing is left in the outbox. It is looked at ever more seldom, as a look costs a little."""
    deadline, pause = time.monotonic() + within, 0.005
    while left := waiting(server):
        assert time.monotonic() < deadline, f"waited {within:g} s; left in the outbox: {left}"
        time.sleep(pause)
        pause = min(2 * pause, 0.2)


def ask(
    server: Server, path: str, body: Json | None = None, *, method: str | None = None, headers: Mapping[str, str] = {}
) -> Json:
    """The JSON answer of a route, with the account's credentials; {} for an answer without content."""
    keys = server.credentials
    basic = base64.b64encode(f"{keys['account_sid']}:{keys['auth_token']}".encode()).decode()
    request = urllib.request.Request(
        server.url + path,
        None if body is None else json.dumps(body).encode(),
        {"Authorization": f"Basic {basic}", "Content-Type": "application/json", **headers},
        method=method,
    )
    with urllib.request.urlopen(request, timeout=20) as answer:
        return dict(json.loads(answer.read() or b"{}"))


def command(server: Server, *arguments: str) -> str:
    """What `roomful …` prints, for the server's instance."""
    done = subprocess.run(
        [sys.executable, "-m", "roomful.cli", *arguments],
        cwd=server.folder,
        env=clean_environment(**server.env),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, ""), done
    return done.stdout
