"""Every request of the protocol and every command, by everybody: the table of tests/conformance/permissions.md."""

from __future__ import annotations

import inspect
from importlib import import_module
from pkgutil import iter_modules

import pytest

from roomful.conversations import core
from roomful.conversations.core.errors import ServiceError
from roomful.conversations.core.model import Conversation, User
from roomful.conversations.core.ports import Command, Reads
from roomful.conversations.sync import upstream
from tests.conversations.sync.world import World, eventually

from .account import COMMANDS, Almighty
from .operations import OPERATIONS, SUBSCRIPTIONS, WITHOUT_TRACE
from .table import ACTORS, OTHER, REQUESTS, Case, Row, case, make_roles, rows

pytestmark = pytest.mark.anyio

ACCOUNT = rows("For account credentials only")
OVER_HTTP = rows("Over HTTP")
SERVERS_OWN = rows("The server's own")


def command_classes() -> dict[str, type]:
    """All classes of the core that are commands, by name."""
    modules = [import_module(f"{core.__name__}.{found.name}") for found in iter_modules(core.__path__)]
    return {
        name: thing
        for module in modules
        for name, thing in inspect.getmembers(module, inspect.isclass)
        if hasattr(thing, "needs") and hasattr(thing, "decide") and thing is not Command
    }


def routes() -> set[str]:
    """`METHOD /path` of every request that is answered."""
    known = {
        f"{method} /{'/'.join(parts)}"
        for table in (upstream.QUERIES, upstream.ACTIONS)
        for (method, _), entries in table._by_shape.items()
        for parts, _ in entries
    }
    return known | {f"POST /{'/'.join(upstream.SUBSCRIPTIONS)}"}


def test_the_table_names_every_request() -> None:
    assert {row["request"] for row in REQUESTS} == routes()


def test_the_table_names_every_command() -> None:
    named = {row["command"] for table in (REQUESTS, ACCOUNT, OVER_HTTP, SERVERS_OWN) for row in table} - {""}
    assert named == set(command_classes())


def test_every_operation_is_tried() -> None:
    assert sorted(row["operation"] for row in REQUESTS) == sorted([*OPERATIONS, *SUBSCRIPTIONS])
    assert sorted(row["operation"] for row in ACCOUNT) == sorted(COMMANDS)


async def positions(world: World, case: Case) -> dict[str, int | None]:
    """Where the streams stand that an operation could move."""

    def query(reads: Reads) -> dict[str, int | None]:
        room = reads.one(Conversation, sid=case.room.sid)
        users = reads.find(User, "identity", [case.identity, OTHER])
        rooms = reads.count(Conversation, service_sid=world.service_sid)
        return {"rooms": rooms, "room": room.position if room else None} | {one.identity: one.position for one in users}

    return await world.store.reads.read(query)


async def asked(world: World, row: Row, case: Case) -> str:
    """The outcome of an operation, as the table writes it. A refusal says why, and has changed nothing."""
    method, path, body = OPERATIONS[row["operation"]](case)
    shape, answered = row["request"].split(" ")[1].split("/"), path.split("/")
    assert len(shape) == len(answered), "the table names another request"
    assert all(one in ("*", other) for one, other in zip(shape, answered, strict=True)), (
        "the table names another request"
    )
    before = await positions(world, case)
    status, answer = await case.line.request(method, path, body)
    after = await positions(world, case)
    if status < 400:
        if row["operation"] not in WITHOUT_TRACE:
            assert (after != before) == bool(row["command"])
        return "ok"
    assert after == before
    assert set(answer) == {"status", "code", "message"}
    assert answer["status"] == status
    assert answer["message"]
    return f"{status} {answer['code']}"


async def subscribed(world: World, row: Row, case: Case) -> str:
    """The outcome of a subscription."""
    kind, stream = SUBSCRIPTIONS[row["operation"]](case)
    await case.line.subscribe((kind.sid(stream), kind.type, None))
    (event,) = await eventually(lambda: case.line.events)
    (entry,) = event["events"]
    known = world.hub._streams.get(stream)
    receivers = known.channels[kind.sid(stream)].receivers() if known else []
    if event["event_type"] == "subscription_established":
        assert receivers == [case.line.session]
        return "ok"
    assert receivers == []
    return f"{entry['error']['status']} {entry['error']['code']}"


@pytest.mark.parametrize("row", REQUESTS, ids=lambda row: row["operation"])
async def test_a_request_by_everybody(world: World, row: Row) -> None:
    roles = await make_roles(world)
    outcomes = {}
    for actor in ACTORS:
        one = await case(world, roles, actor)
        ask = subscribed if row["operation"] in SUBSCRIPTIONS else asked
        outcomes[actor] = await ask(world, row, one)
        one.line.session.close(1000, "")
    assert outcomes == {actor: row[actor] for actor in ACTORS}


@pytest.mark.parametrize("row", ACCOUNT, ids=lambda row: row["operation"])
async def test_a_command_for_account_credentials(world: World, row: Row) -> None:
    """The same command is refused to whoever holds all permissions, and carried out for the account."""
    almighty = await Almighty.of(world)
    command = COMMANDS[row["operation"]](almighty)
    assert type(command).__name__ == row["command"]
    with pytest.raises(ServiceError) as refused:
        await world.run(command, almighty.identity)
    assert f"{refused.value.status} {refused.value.code}" == row["outcome"]
    await world.run(command)
