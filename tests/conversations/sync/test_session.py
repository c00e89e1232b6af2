"""A connection's life: tokens, expiry, revocation, bounds."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from structlog.testing import capture_logs

from roomful.conversations.core.model import User
from roomful.conversations.core.tokens import RevokeTokens
from roomful.conversations.core.users import DeleteUser
from roomful.conversations.sync import queries, session
from roomful.conversations.sync.objects import Kind

from .world import Line, World, eventually, packet

pytestmark = pytest.mark.anyio

CONFIGURATION = {"path": "/Client/v2/Configuration", "method": "GET"}


def grants(world: World, **changes: Any) -> dict[str, Any]:
    return {"identity": "ann", "chat": {"service_sid": world.service_sid}} | changes


REFUSED: dict[str, tuple[Callable[[World], str], int]] = {
    "empty": (lambda world: "", 20101),
    "nonsense": (lambda world: "a.b.c", 20101),
    "too long": (lambda world: "a" * 10_000, 20101),
    "algorithm": (lambda world: world.token("ann", header={"alg": "HS512"}), 20102),
    "content type": (lambda world: world.token("ann", header={"cty": "other"}), 20102),
    "issuer": (lambda world: world.token("ann", iss="SK" + "0" * 32), 20103),
    "no issuer": (lambda world: world.token("ann", iss=None), 20103),
    "subject": (lambda world: world.token("ann", sub="AC" + "0" * 32), 20103),
    "expired": (lambda world: world.token("ann", seconds=-1), 20104),
    "never expires": (lambda world: world.token("ann", exp=None), 20104),
    "not yet": (lambda world: world.token("ann", nbf=int(world.clock()) + 3600, seconds=7200), 20105),
    "no grants": (lambda world: world.token("ann", grants=None), 20106),
    "no identity": (lambda world: world.token("ann", grants=grants(world, identity="")), 20106),
    "no service": (lambda world: world.token("ann", grants=grants(world, chat={})), 20106),
    "unknown service": (
        lambda world: world.token("ann", grants=grants(world, chat={"service_sid": "IS" + "0" * 32})),
        20106,
    ),
    "signature": (lambda world: world.token("ann", key="f" * 64), 20107),
    "too long a life": (lambda world: world.token("ann", seconds=86_500), 20157),
    "impossible identity": (lambda world: world.token("x" * 300), 50207),
}


@pytest.mark.parametrize("case", REFUSED)
async def test_tokens_that_are_refused(world: World, case: str) -> None:
    """Each with Twilio's code."""
    token, code = REFUSED[case]
    line = Line(world)
    status = (await line.init(token(world)))["status"]
    assert (status["code"], status["errorCode"]) == (401, code)
    assert line.closed is None  # the SDK closes
    line.send({"method": "message", "http_request": CONFIGURATION})
    assert line.closed == (1008, "not authenticated")


async def test_both_names_of_the_grant_and_a_day_long_life(world: World) -> None:
    old = {"identity": "ann", "ip_messaging": {"service_sid": world.service_sid}}
    for token in (world.token("ann", grants=old), world.token("ann", seconds=86_400), world.token("ann", nbf=None)):
        assert (await Line(world).init(token))["status"]["code"] == 200


async def test_a_valid_token_makes_the_user(world: World) -> None:
    answer = await Line(world).init(world.token("new"))
    assert answer["capabilities"] == ["client_update"]  # no telemetry, please
    user = await world.store.reads.read(lambda reads: reads.one(User, identity="new"))
    assert user is not None
    assert user.role_sid == world.installation.service.default_chat_service_role_sid


async def test_the_continuation_token_stays(world: World) -> None:
    first = await Line(world).init(world.token("ann"))
    assert first["continuation_token_status"] == {"reissued": True}
    again = await Line(world).init(world.token("ann"), first["continuation_token"])
    assert again["continuation_token"] == first["continuation_token"]
    assert again["continuation_token_status"] == {"reissued": False}
    absurd = await Line(world).init(world.token("ann"), "x" * 1000)
    assert absurd["continuation_token"] != "x" * 1000


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"junk", 1002),
        (packet({"method": "message", "id": "1", "http_request": CONFIGURATION}), 1008),
        (packet({"method": "update", "id": "1", "token": "x"}), 1008),
        (packet({"method": "close", "id": "1"}), 1000),
    ],
)
async def test_before_init_nothing_else_is_heard(world: World, data: bytes, code: int) -> None:
    line = Line(world)
    line.session.receive(data)
    assert line.closed is not None
    assert line.closed[0] == code
    line.session.receive(packet({"method": "init", "id": "2", "token": world.token("ann")}))
    assert line.writes == 0


async def test_what_needs_no_answer(world: World) -> None:
    ann = await world.connect("ann")
    writes = ann.writes
    for header in ({"method": "reply", "id": "TM"}, {"method": "reply", "id": "x"}, {"method": "telemetry.v1"}):
        ann.session.receive(packet(header, {"events": []}))
    assert (ann.writes, ann.closed) == (writes, None)


@pytest.mark.parametrize("header", [{"method": "ping"}, {"method": "message"}, {"method": "init"}])
async def test_what_ends_the_connection(world: World, header: dict[str, Any]) -> None:
    ann = await world.connect("ann")
    ann.send(header)
    assert ann.closed == (1002, {"message": "a message without a request"}.get(header["method"], "unknown method"))


async def test_silence_ends_the_connection(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "UNAUTHENTICATED_SECONDS", 1)
    silent, refused = Line(world), Line(world)
    await refused.init("nonsense")
    await eventually(lambda: silent.closed and refused.closed)
    assert silent.closed == (1008, "not authenticated in time")


async def test_expiry_is_announced_then_ends_the_connection(world: World) -> None:
    line = Line(world)
    token = world.token("ann", nbf=int(world.clock()), exp=int(world.clock()) + 1.0)
    await line.init(token)
    await eventually(lambda: line.updates)
    assert line.updates == ["token_about_to_expire"]
    await eventually(lambda: line.closed)
    assert line.closed == (1008, "the access token expired")


async def test_nothing_is_done_for_an_expired_token(world: World) -> None:
    world.seconds = 2_000_000_000.0
    line = Line(world)
    await line.init(world.token("ann", seconds=1000))
    world.seconds += 1000
    line.send({"method": "message", "http_request": CONFIGURATION})
    assert line.closed == (1008, "the access token expired")


async def test_a_token_is_exchanged(world: World) -> None:
    world.seconds = 2_000_000_000.0
    ann = await world.connect("ann")
    old = world.token("ann")
    world.seconds += 60
    for token, code in (("junk", 20101), (world.token("ben"), 20106), (world.token("ann", seconds=-1), 20104)):
        header, _ = await ann.send({"method": "update", "token": token})
        assert (header["status"]["code"], header["status"]["errorCode"]) == (401, code)
    header, _ = await ann.send({"method": "update", "token": world.token("ann")})
    assert header["status"]["code"] == 200
    await revoke(world, old)
    world.seconds += 3570  # beyond the first token's end, within the second's
    assert (await ann.get("/Client/v2/Configuration"))["identity"] == "ann"
    await revoke(world, world.token("ann", nbf=2_000_000_060, exp=2_000_003_660, jti="other"))
    assert ann.closed is None


async def revoke(world: World, *tokens: str) -> None:
    await world.run(RevokeTokens(token_sha256=tuple(hashlib.sha256(text.encode()).hexdigest() for text in tokens)))


async def test_a_revoked_token_is_refused_and_its_connections_end(world: World) -> None:
    token = world.token("ann")
    first, second, other = Line(world), Line(world), await world.connect("ann")
    await first.init(token)
    await second.init(token)
    await revoke(world, token)
    await eventually(lambda: first.closed and second.closed)
    assert first.closed == (1008, "the access token was revoked")
    status = (await Line(world).init(token))["status"]
    assert (status["code"], status["errorCode"]) == (401, 20101)
    header, _ = await other.send({"method": "update", "token": token})
    assert (header["status"]["code"], other.closed) == (401, None)


async def test_all_tokens_of_an_identity_up_to_now_are_refused(world: World) -> None:
    lines = [await world.connect("ann") for _ in range(3)]
    ben, token = await world.connect("ben"), world.token("ann")
    without_nbf = world.token("ann", nbf=None)
    await world.run(RevokeTokens(identity="ann"))
    await eventually(lambda: all(line.closed for line in lines))
    assert ben.closed is None
    for refused in (token, without_nbf, world.token("ann", nbf=None, jti="odd")):
        assert (await Line(world).init(refused))["status"]["errorCode"] == 20101
    later = world.token("ann", nbf=int(world.clock()) + 2)
    assert (await Line(world).init(later))["status"]["code"] == 200


async def test_a_deleted_user_is_signed_out(world: World) -> None:
    ann = await world.connect("ann")
    await world.run(DeleteUser("ann"))
    await eventually(lambda: ann.closed)


async def test_a_token_revoked_while_it_is_checked(world: World) -> None:
    """Whichever comes first, the connection does not stay."""
    for n in range(10):
        line, token = Line(world), world.token("ann", jti=f"race-{n}")
        checking = line.send({"method": "init", "token": token})
        for _ in range(n):
            await asyncio.sleep(0)
        await revoke(world, token)
        await eventually(partial(ended, line, checking))


def ended(line: Line, checking: asyncio.Future[Any]) -> bool:
    return line.closed is not None or (checking.done() and checking.result()[0]["status"]["code"] == 401)


async def test_one_user_cannot_take_all_connections(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "CONNECTIONS_PER_USER", 2)
    first = await world.connect("ann")
    await world.connect("ann")
    assert (await Line(world).init(world.token("ann")))["status"]["code"] == 429
    await world.connect("ben")
    first.session.closed()
    await world.connect("ann")


async def test_reading_pauses_while_too_much_is_at_work(world: World) -> None:
    ann = await world.connect("ann")
    replies = [ann.send({"method": "message", "http_request": CONFIGURATION}) for _ in range(session.MAX_PENDING)]
    assert not ann.reading
    await asyncio.gather(*replies)
    await eventually(lambda: ann.reading)


async def test_replies_wait_for_a_slow_reader(world: World) -> None:
    ann = await world.connect("ann")
    ann.full.clear()
    replies = [ann.send({"method": "message", "http_request": CONFIGURATION}) for _ in range(100)]
    await replies[0]
    await eventually(lambda: sum(reply.done() for reply in replies) == queries.AT_ONCE)
    await world.connect("ben")  # which takes longer than the next answers would
    assert sum(reply.done() for reply in replies) == queries.AT_ONCE
    ann.full.set()
    await asyncio.gather(*replies)


async def test_a_command_goes_on_when_its_connection_ends(world: World) -> None:
    room = await world.room("r", "ann", "ben")
    ann, ben = await world.connect("ann"), await world.connect("ben")
    await ben.established((Kind.MESSAGES.sid(room.sid), "list", 3))
    line = {"path": f"/Client/v2/Conversations/{room.sid}/Messages", "method": "POST"}
    ann.send({"method": "message", "http_request": line}, {"body": "last words"})
    ann.session.closed()
    await eventually(lambda: ben.of_type("list_item_added"))
    assert ben.of_type("list_item_added")[0]["item_data"]["text"] == "last words"


async def test_requests_after_the_end_are_not_answered(world: World) -> None:
    ann = await world.connect("ann")
    ann.send({"method": "message", "http_request": CONFIGURATION})
    ann.session.close(1000, "")
    writes = ann.writes
    ann.send({"method": "message", "http_request": CONFIGURATION})
    await world.connect("ben")
    assert ann.writes == writes


@pytest.mark.parametrize("kind", ["queries", "subscriptions"])
async def test_reading_pauses_while_too_many_bytes_are_at_work(world: World, kind: str) -> None:
    """Few large requests of a client that does not read are as many as a lot of small ones."""
    ann = await world.connect("ann")
    user = ann.session.caller.user_sid
    await ann.get("/Client/v2/Configuration")
    ann.full.clear()
    body: dict[str, Any] = {"x": "y" * 100_000}
    if kind == "queries":
        line = CONFIGURATION
    else:
        wanted = {"object_sid": Kind.PROFILE.sid(user), "object_type": "map", "last_event_id": 0}
        line = {"path": "/v4/Subscriptions", "method": "POST"}
        body = {"action": "establish", "correlation_id": 1, "requests": [wanted] * 1000}
    sent = 0
    while ann.reading and sent < 10:
        ann.send({"method": "message", "http_request": line}, body)
        sent += 1
    assert sent < 5
    ann.full.set()
    await eventually(lambda: ann.reading)


async def test_a_stop_is_no_error_to_who_asks_meanwhile(world: World) -> None:
    ann = await world.connect("ann")
    with capture_logs() as logs:
        stopping = asyncio.create_task(world.stop())
        while not ann.closed:
            ann.send({"method": "message", "http_request": CONFIGURATION})
            await asyncio.sleep(0)
        await stopping
    assert ann.closed == (1001, "the server is going away")
    assert [entry for entry in logs if entry["log_level"] == "error"] == []
