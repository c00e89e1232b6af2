"""Where scenarios play: a service of their own on the run's server, in one of the two forms of paths."""

from __future__ import annotations

import json
import urllib.request
from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from tests.servers import Server

PAST = datetime(2020, 2, 29, 12, 30, 15, tzinfo=UTC)
LATER = datetime(2021, 3, 1, 1, 2, 3, tzinfo=UTC)
GONE = (404, 20404)


@dataclass(frozen=True)
class Stage:
    server: Server
    client: Client
    service_sid: str
    form: str
    """`short`, where the service is the account's default one, or `service`."""

    @property
    def v1(self) -> Any:
        """Everything that the library has of Conversations."""
        return self.client.conversations.v1

    @property
    def service(self) -> Any:
        return self.v1.services(self.service_sid)

    @property
    def api(self) -> Any:
        """What is there in both forms, in the stage's."""
        return self.v1 if self.form == "short" else self.service

    def conversation(self, **written: Any) -> Any:
        """A new one, ready to be asked for what is in it."""
        return self.api.conversations(self.api.conversations.create(**written).sid)

    def role(self, name: str) -> Any:
        """One of the service's roles, by its friendly name."""
        return next(role for role in self.api.roles.list() if role.friendly_name == name)

    def post(self, path: str, body: bytes | object, kind: str = "application/json") -> Any:
        """What only our extensions and Twilio's other APIs take; the answer's JSON, None without a body."""
        keys = self.server.credentials
        basic = b64encode(f"{keys['account_sid']}:{keys['auth_token']}".encode()).decode()
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"Authorization": f"Basic {basic}", "Content-Type": kind}
        request = urllib.request.Request(self.server.url + path, data, headers)
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.loads(answer.read() or b"null")

    def medium(self, name: str, content: bytes, content_type: str = "text/plain") -> str:
        """The SID of a file that no message has yet."""
        answer = self.post(f"/v1/Services/{self.service_sid}/Media?Filename={quote(name)}", content, content_type)
        return str(answer["sid"])


Scenario = Callable[[Stage], None]


def shown(resource: Any) -> dict[str, Any]:
    """All that the library makes of an answer."""
    return {name: value for name, value in vars(resource).items() if not name.startswith("_")}


def shows(resource: Any, **written: Any) -> None:
    """The resource has these values."""
    assert {name: getattr(resource, name) for name in written} == written


def reads_back(collection: Any, answer: Any, key: str = "sid", also: Sequence[str] = (), **written: Any) -> None:
    """The answer to a create or update has what was written, and so have fetch and list, which show the same.

    The list is read in pages of one. `key` is the attribute that tells which of the collection it is, `also` others by
    which the path may name it.
    """
    shows(answer, **written)
    for name in (key, *also):
        assert shown(collection(getattr(answer, name)).fetch()) == shown(answer)
    [listed] = [each for each in collection.list(page_size=1) if getattr(each, key) == getattr(answer, key)]
    assert shown(listed) == shown(answer)


def refusal(call: Any, *args: Any, **kwargs: Any) -> tuple[int, int]:
    """The status and code with which a call is refused."""
    with pytest.raises(TwilioRestException) as refused:
        call(*args, **kwargs)
    return refused.value.status, refused.value.code


def removes(collection: Any, key: str) -> None:
    """It is deleted, and gone from fetch and list."""
    before = len(collection.list())
    assert collection(key).delete() is True
    assert refusal(collection(key).fetch) == GONE
    assert refusal(collection(key).delete) == GONE
    assert len(collection.list()) == before - 1
