"""Targets that mean harm do none, and nothing secret is written where others read it."""

from __future__ import annotations

import base64
import gzip
import itertools
import re
import threading
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from twilio.base.exceptions import TwilioRestException

from tests.conftest import MakeServer
from tests.servers import Server, twilio_client, wait_for

from .conftest import Hooked, MakeListener
from .listener import Behaviour, Cut, Hold, Listener, Raw, Reply
from .person import Person
from .stage import ENABLED, ask, command, empty, waiting

KIB = 1024
OK = b"HTTP/1.1 200 OK\r\n"


class Dripping:
    """Bytes that come one by one, for ever: slow enough to cost nobody anything, too fast for a time-out of silence."""

    def __init__(self, head: bytes, drip: bytes) -> None:
        self.head, self.drip = head, drip

    def __iter__(self) -> Iterator[bytes]:
        yield self.head
        pause = threading.Event()
        while not pause.wait(0.1):
            yield self.drip


def endlessly(head: bytes, piece: bytes) -> Iterable[bytes]:
    return itertools.chain([head], itertools.repeat(piece))


@cache
def bomb() -> bytes:
    """64 MiB, compressed."""
    return gzip.compress(bytes(64 * KIB * KIB), 6)


HARM: dict[str, tuple[bool, Any]] = {
    "large": (True, lambda: Reply(200, b"x" * 900 * KIB)),
    "endless": (True, lambda: Raw(endlessly(OK + b"\r\n", b"x" * KIB))),
    "endless in chunks": (
        True,
        lambda: Raw(endlessly(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"400\r\n" + b"x" * KIB + b"\r\n")),
    ),
    "bomb": (True, lambda: Reply(200, bomb(), {"Content-Encoding": "gzip"})),
    "drips": (False, lambda: Raw(Dripping(OK + b"\r\n", b"x"))),
    "headers drip": (False, lambda: Raw(Dripping(OK, b"X-More: and more\r\n"))),
    "endless headers": (False, lambda: Raw(endlessly(OK, b"X-More: " + b"x" * KIB + b"\r\n"))),
    "endless line": (False, lambda: Raw(endlessly(b"HTTP/1.1 200 ", b"O" * KIB))),
    "endless interim": (False, lambda: Raw(itertools.repeat(b"HTTP/1.1 103 Early Hints\r\n\r\n"))),
    "not all": (False, lambda: Raw([OK + b"Content-Length: 100\r\n\r\nshort"])),
    "bad chunk": (False, lambda: Raw([OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nx"])),
    "no HTTP": (False, lambda: Raw([b"\x00\xff\r\n\r\n" * 9])),
    "HTTP/2": (False, lambda: Raw([b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"])),
    "upgrade": (False, lambda: Raw([b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"])),
    "hangs": (False, Hold),
}
"""What a target may answer, and whether the call counts as delivered all the same: a 2xx came, and in time."""

STATUSES = (300, 301, 302, 303, 307, 308, 304, 400, 401, 404, 410, 429, 500, 502, 503)


def behaviours(elsewhere: Listener) -> dict[str, tuple[bool, Behaviour]]:
    """Those in the table, and each status that is a failure; redirects lead to `elsewhere`."""
    made = {name: (delivered, make()) for name, (delivered, make) in HARM.items()}
    for status in STATUSES:
        headers = {"Location": elsewhere.url("/secret"), "Set-Cookie": "c=1; Path=/", "Retry-After": "0"}
        made[f"{status}"] = (False, Reply(status, b"", headers))
    made["200 with a cookie"] = (True, Reply(200, b"", {"Set-Cookie": "c=1; Path=/"}))
    return made


def peak_memory(server: Server) -> int:
    """The most that the server's process ever held in memory, in KiB."""
    status = Path(f"/proc/{server.pid}/status").read_text()
    return int(re.findall(r"VmHWM:\s+([0-9]+) kB", status)[0])


def test_what_a_target_answers_harms_nobody(hooked: Hooked, make_listener: MakeListener) -> None:
    """Each target gets its call again if it failed; the server keeps its memory, its senders and its other targets."""
    server, listener, elsewhere = hooked.server, hooked.listener, make_listener()
    rooms = twilio_client(server).conversations.v1.conversations
    harms, before = behaviours(elsewhere), peak_memory(server)
    said = {}
    for n, (_, behaviour) in enumerate(harms.values()):
        room = rooms.create().sid
        rooms(room).webhooks.create(
            target="webhook",
            configuration_url=listener.url(f"/harm/{n}"),
            configuration_filters=["onMessageAdded"],
        )
        listener.on(f"/harm/{n}", behaviour)
        said[f"/harm/{n}"] = [
            rooms(room).messages.create(body=body, x_twilio_webhook_enabled=ENABLED).sid for body in ("1", "2")
        ]
    empty(server, 40)
    for (path, (first, second)), (name, (delivered, _)) in zip(said.items(), harms.items(), strict=True):
        told = [(call["MessageSid"], call["RetryCount"]) for call in listener.heard(path)]
        assert told == ([(first, "0")] if delivered else [(first, "0"), (first, "1")]) + [(second, "0")], name
    first, again, _ = listener.heard(f"/harm/{list(harms).index('endless interim')}")
    assert again.arrived - first.arrived < 4, "it is not listened to until the time is over"
    assert elsewhere.calls == [], "no redirect is followed"
    assert not any("cookie" in call.headers for call in listener.calls)
    assert peak_memory(server) - before < 60 * KIB


def test_what_a_target_answers_beforehand_harms_nobody(hooked: Hooked, make_listener: MakeListener) -> None:
    """A webhook that is asked: whatever its answer is, the change is made or refused, once, and within its 5 s."""
    server, listener, elsewhere = hooked.server, hooked.listener, make_listener()
    v1, before = twilio_client(server).conversations.v1, peak_memory(server)
    harms = behaviours(elsewhere)
    threads, outcomes = [], {}

    def ask_one(n: int, name: str) -> None:
        service = v1.services(v1.services.create(friendly_name=name).sid)
        room = service.conversations.create()
        service.configuration.webhooks().update(pre_webhook_url=listener.url(f"/before/{n}"), filters=["onMessageAdd"])
        try:
            service.conversations(room.sid).messages.create(body="1", x_twilio_webhook_enabled=ENABLED)
        except TwilioRestException as refused:
            outcomes[name] = (refused.status, refused.code)
        else:
            outcomes[name] = (201, len(service.conversations(room.sid).messages.list()))

    for n, (name, (_, behaviour)) in enumerate(harms.items()):
        listener.on(f"/before/{n}", behaviour)
        threads.append(threading.Thread(target=ask_one, args=(n, name)))
        threads[-1].start()
    for thread in threads:
        thread.join(30)
    refused = {f"{status}" for status in STATUSES if status >= 400}
    assert outcomes == {name: (403, 50056) if name in refused else (201, 1) for name in harms}
    assert elsewhere.calls == []
    assert peak_memory(server) - before < 60 * KIB


# --- private addresses ---

PRIVATE = [
    *("http://localhost:{port}/", "http://LOCALHOST./", "http://a.localhost/", "http://127.0.0.2/"),
    *("http://[::1]:{port}/", "http://[::ffff:127.0.0.1]:{port}/", "http://[64:ff9b::7f00:1]/"),
    *("http://0.0.0.0:{port}/", "http://10.0.0.1/", "http://192.168.1.1/", "http://100.64.0.1/"),
    *("http://169.254.169.254/latest/meta-data/", "http://[fe80::1]/", "http://[fd00::1]/"),
]


@pytest.mark.parametrize("template", PRIVATE)
def test_private_targets_are_refused(template: str, hooked: Hooked) -> None:
    """Where it is configured, in each place, with a word on how to allow it. `127.0.0.1` is, and by this name only."""
    v1, url = twilio_client(hooked.server).conversations.v1, template.format(port=hooked.listener.port)
    room = v1.conversations.create()
    service = v1.services(hooked.server.credentials["service_sid"])
    attempts: list[Callable[[], Any]] = [
        lambda: v1.configuration.webhooks().update(pre_webhook_url=url),
        lambda: service.configuration.webhooks().update(post_webhook_url=url),
        lambda: v1.conversations(room.sid).webhooks.create(
            target="webhook", configuration_url=url, configuration_filters=["onMessageAdded"]
        ),
    ]
    for attempt in attempts:
        with pytest.raises(TwilioRestException, match="WEBHOOK_ALLOW") as refused:
            attempt()
        assert (refused.value.status, refused.value.code) == (400, 50054)


def test_what_is_not_allowed_any_more_is_not_called(start_server: MakeServer, listener: Listener) -> None:
    """The connection itself is checked, whatever was configured before; what waits leaves when it is allowed again."""
    server = start_server("--only", "service", WEBHOOK_ALLOW=f"127.0.0.1:{listener.port}")
    listener.trust(server.credentials["auth_token"])
    v1 = twilio_client(server).conversations.v1
    urls = {"pre_webhook_url": listener.url("/pre"), "post_webhook_url": listener.url("/post")}
    v1.configuration.webhooks().update(**urls, filters=["onConversationAdd", "onConversationAdded"])
    server.env["WEBHOOK_ALLOW"] = f"127.0.0.1:{listener.port + 1},other.example"
    server.restart()
    for host in ("127.0.0.1", "127.1", "2130706433", "0x7f.0.0.1"):
        with pytest.raises(TwilioRestException, match="WEBHOOK_ALLOW"):
            v1.configuration.webhooks().update(post_webhook_url=f"http://{host}:{listener.port}/")
    room = v1.conversations.create(x_twilio_webhook_enabled=ENABLED)
    (target,) = wait_for(lambda: [each for each in waiting(server) if each["last_error"]], 20, "a refusal")
    assert "WEBHOOK_ALLOW" in target["last_error"]
    assert listener.calls == []
    server.env["WEBHOOK_ALLOW"] = "127.0.0.1"
    server.restart()
    (call,) = listener.wait(1)
    assert (call.event, call["ConversationSid"]) == ("onConversationAdded", room.sid)


# --- secrets ---

PASSWORD, QUERY, PATH, BODY, WORD = "pass-Xq7Zw", "query-Xq7Zw", "path-Xq7Zw", "body-Xq7Zw", "answer-Xq7Zw"


def test_nothing_secret_is_shown(start_server: MakeServer, listener: Listener) -> None:
    """Neither the log nor `roomful hooks` holds tokens, what is secret in URLs, what people wrote or targets answer."""
    server = start_server("--only", "service", WEBHOOK_ALLOW="127.0.0.1")
    listener.trust(server.credentials["auth_token"])
    v1 = twilio_client(server).conversations.v1
    room = v1.conversations.create().sid
    v1.conversations(room).participants.create(identity="ann")
    ann = Person(server, "ann")

    def url(name: str) -> str:
        return f"http://user:{PASSWORD}@127.0.0.1:{listener.port}/{name}/{PATH}?token={QUERY}"

    v1.configuration.webhooks().update(
        pre_webhook_url=url("pre"), post_webhook_url=url("post"), filters=["onMessageAdd", "onMessageAdded"]
    )
    v1.conversations(room).webhooks.create(target="trigger", configuration_url=url("own"), configuration_triggers=["x"])
    answer = WORD.encode()
    faults: list[Behaviour] = [
        *(Reply(500, answer), Cut(), Raw([answer]), Raw([OK + b"Content-Length: 99\r\n\r\n" + answer])),
        *(Reply(302, answer, {"Location": f"/{WORD}"}), Reply(200, b'{"body": 5, "w": "%b"}' % answer)),
        Reply(200, b'{"body": "%b"}' % (answer * 5000)),
    ]
    listener.on(f"/pre/{PATH}", *faults)
    answers = [
        ann.ask("POST", f"/Client/v2/Conversations/{room}/Messages", {"body": f"x {BODY}", "attributes": "{}"})
        for _ in faults
    ]
    assert {status for status, _ in answers} == {201, 400, 403}
    listener.always(f"/post/{PATH}", Reply(500, answer))
    listener.always(f"/own/{PATH}", Raw([answer]))
    v1.conversations(room).messages.create(body=f"x {BODY}", x_twilio_webhook_enabled=ENABLED)
    wait_for(lambda: sum(bool(each["last_error"]) for each in waiting(server)) == 2, 20, "both to fail")
    listener.down()
    v1.conversations(room).messages.create(body=f"x {BODY}", x_twilio_webhook_enabled=ENABLED)
    wait_for(lambda: all("500" not in each["last_error"] for each in waiting(server)), 20, "both to be refused")
    shown = [str(waiting(server)), str(ask(server, "/roomful/v1/hooks/calls"))]
    shown += [command(server, "hooks"), command(server, "hooks", "calls")]
    ann.close()
    assert server.stop() == 0
    keys = server.credentials
    never = [keys["auth_token"], keys["api_key_secret"], PASSWORD, QUERY, BODY, WORD]
    never.append(base64.b64encode(f"user:{PASSWORD}".encode()).decode())
    for secret in [*never, PATH]:
        assert secret not in server.log
    for secret in never:
        assert all(secret not in text for text in shown)
    assert "Traceback" not in server.log
    assert "127.0.0.1" in server.log, "which host it was is said"
