"""The hub: order, gaps, who hears what, and how little is written."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from roomful.conversations import hub as hub_module
from roomful.conversations.core.conversations import DeleteConversation, UpdateConversation
from roomful.conversations.core.events import StreamCommit
from roomful.conversations.core.messages import DeleteMessage, SendMessage
from roomful.conversations.core.model import Conversation
from roomful.conversations.core.participants import AddParticipant, RemoveParticipant
from roomful.conversations.ids import now
from roomful.conversations.store.upkeep import DAY, prune
from roomful.conversations.sync.objects import Kind

from .world import Line, World, bus_of, eventually

pytestmark = pytest.mark.anyio


async def watch(world: World, identity: str, room: Conversation) -> Line:
    """A client that is subscribed to all of a conversation and to its own memberships."""
    line = await world.connect(identity)
    mine = Kind.MEMBERSHIPS.sid(line.session.caller.user_sid)
    await line.established(
        (mine, "map", None),
        (Kind.DOCUMENT.sid(room.sid), "document", None),
        (Kind.MESSAGES.sid(room.sid), "list", None),
        (Kind.ROSTER.sid(room.sid), "map", None),
    )
    line.events.clear()
    return line


def kinds(line: Line) -> list[str]:
    return [event["event_type"] for event in line.events]


def texts(line: Line) -> list[str]:
    return [event["item_data"]["text"] for event in line.of_type("list_item_added")]


async def test_everybody_gets_the_same_bytes_in_one_write_a_batch(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = await world.room("r", "ann", "ben")
    lines = [await watch(world, name, room) for name in ("ann", "ben", "ben")]
    written: list[list[bytes]] = [[] for _ in lines]
    for line, record in zip(lines, written, strict=True):
        monkeypatch.setattr(line, "write", record.append)
    commits: list[StreamCommit] = []
    bus = bus_of(world)
    bus.lost = commits
    await asyncio.gather(*(world.run(SendMessage(room.sid, body=str(n))) for n in range(5)))
    bus.lost = None
    bus.publish(commits)
    await eventually(lambda: all(written))
    assert [len(record) for record in written] == [1, 1, 1]
    assert written[0][0] is written[1][0] is written[2][0]


async def test_a_last_message_is_told_once_for_many(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub_module, "LATE_DOCUMENT_SECONDS", 0.1)
    room = await world.room("r", "ann")
    ann = await watch(world, "ann", room)
    for n in range(5):
        await world.say(room, "ann", str(n))
    assert "document_updated" not in kinds(ann)
    await eventually(lambda: ann.of_type("document_updated"))
    (updated,) = ann.of_type("document_updated")
    assert updated["document_data"]["lastMessage"]["index"] == 4
    ann.events.clear()
    await world.say(room, "ann", "5")
    await world.run(UpdateConversation(room.sid, friendly_name="new"))  # at once, and with the last message
    await eventually(lambda: ann.of_type("document_updated"))
    sent = await world.say(room, "ann", "6")
    await world.run(DeleteMessage(room.sid, sent.sid))
    await eventually(lambda: len(ann.of_type("document_updated")) == 2)
    last = [event["document_data"]["lastMessage"]["index"] for event in ann.of_type("document_updated")]
    assert last == [5, 5]
    positions = [event["id"] for event in ann.of_type("document_updated")]
    assert positions == sorted(positions)


async def test_who_is_removed_hears_no_more(world: World) -> None:
    room = await world.room("r", "ann", "ben")
    ann, ben = await watch(world, "ann", room), await watch(world, "ben", room)
    await asyncio.gather(
        world.run(SendMessage(room.sid, body="before")),
        world.run(RemoveParticipant(room.sid, "ben")),
        world.run(SendMessage(room.sid, body="after")),
    )
    await eventually(lambda: texts(ann) == ["before", "after"])
    await eventually(lambda: ben.of_type("map_item_removed"))
    assert [event["item_key"] for event in ben.of_type("map_item_removed")] == [room.sid]
    assert texts(ben) == ["before"]
    assert len(ann.of_type("map_item_removed")) == 1
    await world.run(AddParticipant(room.sid, "ben"))
    await world.say(room, "ann", "again")
    await eventually(lambda: texts(ann)[-1] == "again")
    assert texts(ben) == ["before"]  # until it subscribes again


async def test_who_is_removed_while_subscribing_is_refused(world: World) -> None:
    room = await world.room("r", "ann", "ben")
    ben = await world.connect("ben")
    ben.full.clear()
    await ben.subscribe((Kind.MESSAGES.sid(room.sid), "list", 1))
    await world.run(RemoveParticipant(room.sid, "ben"))
    ben.full.set()
    await eventually(lambda: ben.events)
    assert kinds(ben)[-1] in ("subscription_established", "subscription_failed")
    ben.events.clear()
    await world.run(SendMessage(room.sid, body="secret"))
    await world.connect("ben")
    assert ben.events == []


async def test_a_deleted_conversation_leaves_in_order(world: World) -> None:
    room = await world.room("r", "ann", "ben")
    lines = [await watch(world, name, room) for name in ("ann", "ben")]
    await world.say(room, "ann", "not told any more")
    await world.run(DeleteConversation(room.sid))
    for line in lines:
        await eventually(lambda line=line: line.of_type("map_removed"))  # type: ignore[misc]
        assert kinds(line) == [
            "list_item_added",
            "map_item_removed",
            "document_removed",
            "list_removed",
            "map_removed",
        ]
    assert room.sid not in world.hub._streams


async def test_what_was_told_is_not_told_again(world: World) -> None:
    room = await world.room("r", "ann")
    ann = await watch(world, "ann", room)
    commits: list[StreamCommit] = []
    bus = bus_of(world)
    bus.lost = commits
    await world.say(room, "ann", "0")
    await world.say(room, "ann", "1")
    bus.lost = None
    bus.publish([*commits, *commits, commits[0]])
    bus.publish(commits)
    await eventually(lambda: texts(ann))
    assert texts(ann) == ["0", "1"]


async def test_a_gap_is_read_from_the_store(world: World) -> None:
    room = await world.room("r", "ann", "ben", "cat")
    ann, ben = await watch(world, "ann", room), await watch(world, "ben", room)
    bus = bus_of(world)
    bus.lost = []
    await world.say(room, "ann", "lost")
    await world.run(RemoveParticipant(room.sid, "ben"))
    await world.run(UpdateConversation(room.sid, friendly_name="lost too"))
    bus.lost = None
    await world.say(room, "ann", "found")
    await world.say(room, "ann", "next")
    await eventually(lambda: texts(ann) == ["lost", "found", "next"])
    assert ann.of_type("document_updated")[0]["document_data"]["friendlyName"] == "lost too"
    assert len(ann.of_type("map_item_removed")) == 1
    assert texts(ben) == []  # it has no business there any more


async def test_a_gap_at_whose_end_nothing_is_left(world: World) -> None:
    room = await world.room("r", "ann")
    ann = await watch(world, "ann", room)
    commits: list[StreamCommit] = []
    bus = bus_of(world)
    bus.lost = commits
    await world.say(room, "ann", "0")
    await world.say(room, "ann", "1")
    await world.run(DeleteConversation(room.sid))
    bus.lost = None
    bus.publish(commits[1:2])
    await eventually(lambda: ann.of_type("map_removed"))
    assert kinds(ann) == ["document_removed", "list_removed", "map_removed"]


async def test_a_gap_that_cannot_be_read_ends_the_connections(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    room = await world.room("r", "ann")
    ann = await watch(world, "ann", room)
    bus = bus_of(world)
    bus.lost = []
    await world.say(room, "ann", "0")
    bus.lost = None

    async def broken(query: Any) -> Any:
        raise OSError("the disk is gone")

    monkeypatch.setattr(world.store.reads, "read", broken)
    await world.say(room, "ann", "1")
    await eventually(lambda: ann.closed)
    assert ann.closed is not None
    assert ann.closed[0] == 1011


async def test_a_gap_whose_removals_are_forgotten_ends_the_connections(world: World) -> None:
    """Who was told only the rest would show for ever what is gone: it must come again, and start anew."""
    room = await world.room("r", "ann")
    ann = await watch(world, "ann", room)
    mine = Kind.MEMBERSHIPS.sid(ann.session.caller.user_sid)
    at = world.hub._streams[ann.session.caller.user_sid].head
    bus = bus_of(world)
    bus.lost = []
    await world.run(RemoveParticipant(room.sid, "ann"))
    await prune(world.store.writer, now() + 31 * DAY * 1000, 30)
    bus.lost = None
    await world.room("noticed", "ann")
    await eventually(lambda: ann.closed)
    assert ann.closed is not None
    assert (ann.closed[0], ann.events) == (1011, [])
    again = await world.connect("ann")
    await again.subscribe((mine, "map", at))
    await eventually(lambda: again.closed)
    assert again.closed is not None
    assert (again.closed[0], again.events) == (1008, [])


async def test_a_subscriber_may_be_ahead_of_the_hub(world: World) -> None:
    """Its replay was read from a snapshot that holds commits of which the bus has not told yet."""
    room = await world.room("r", "ann")
    ann = await watch(world, "ann", room)
    commits: list[StreamCommit] = []
    bus = bus_of(world)
    bus.lost = commits
    await world.say(room, "ann", "0")
    ahead = await world.connect("ann")
    await ahead.established((Kind.MESSAGES.sid(room.sid), "list", 2))
    assert texts(ahead) == ["0"]
    await world.say(room, "ann", "1")
    bus.lost = None
    bus.publish(commits)
    await world.say(room, "ann", "2")
    await eventually(lambda: texts(ann) == ["0", "1", "2"])
    await eventually(lambda: texts(ahead) == ["0", "1", "2"])


async def test_nothing_is_left_of_connections_that_ended(world: World) -> None:
    room = await world.room("r", "ann", "ben")
    lines = [await watch(world, name, room) for name in ("ann", "ben")]
    for line in lines:
        line.session.closed()
    hub = world.hub
    assert (hub._streams, hub._subscriptions, hub._by_identity, hub._by_digest) == ({}, {}, {}, {})
    await world.say(room, "ann", "into the void")


async def test_closing_ends_all_connections(world: World) -> None:
    ann = await world.connect("ann")
    await world.hub.close()
    assert ann.closed is not None
    assert ann.closed[0] == 1001


async def gap(world: World, room: Conversation, *lost: str) -> None:
    """Messages of which the bus does not tell, and one more, at which the hub notices."""
    bus = bus_of(world)
    bus.lost = []
    for body in lost:
        await world.run(SendMessage(room.sid, body=body))
    bus.lost = None
    await world.run(SendMessage(room.sid, body="noticed"))


def hold_back_one_read(world: World, monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """The next reading begins only when the event is set; those after it do not wait."""
    go_on, read = asyncio.Event(), world.store.reads.read

    async def late(query: Any) -> Any:
        monkeypatch.setattr(world.store.reads, "read", read)
        await go_on.wait()
        return await read(query)

    monkeypatch.setattr(world.store.reads, "read", late)
    return go_on


async def test_who_subscribes_while_a_gap_is_read_misses_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The gap's reading did not know of the list, and the list's replay was read before the last message."""
    room = await world.room("r", "ann", "ben")
    ann, ben = await world.connect("ann"), await world.connect("ben")
    await ann.established((Kind.DOCUMENT.sid(room.sid), "document", 1))
    go_on = hold_back_one_read(world, monkeypatch)
    await gap(world, room, "lost")
    await ben.established((Kind.MESSAGES.sid(room.sid), "list", 3))
    await world.run(SendMessage(room.sid, body="meanwhile"))
    go_on.set()
    await world.run(SendMessage(room.sid, body="after"))
    await eventually(lambda: texts(ben)[-1:] == ["after"])
    assert texts(ben) == ["lost", "noticed", "meanwhile", "after"]


async def test_who_is_removed_while_a_gap_is_read_hears_no_more(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    room = await world.room("r", "ann", "ben")
    ann, ben = await world.connect("ann"), await world.connect("ben")
    await ann.established((Kind.MESSAGES.sid(room.sid), "list", 3))
    go_on = hold_back_one_read(world, monkeypatch)
    await gap(world, room, "lost")
    await ben.established((Kind.MESSAGES.sid(room.sid), "list", 3))
    bus_of(world).lost = []
    await world.run(RemoveParticipant(room.sid, "ben"))
    bus_of(world).lost = None
    go_on.set()
    await world.run(SendMessage(room.sid, body="secret"))
    await eventually(lambda: texts(ann)[-1:] == ["secret"])
    assert texts(ben) == ["lost", "noticed"]


async def test_a_document_read_for_a_gap_is_not_followed_by_an_older_one(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub_module, "LATE_DOCUMENT_SECONDS", 0.1)
    room = await world.room("r", "ann")
    ann = await watch(world, "ann", room)
    await world.say(room, "ann", "its document waits")
    bus_of(world).lost = []
    await world.run(UpdateConversation(room.sid, friendly_name="new"))
    bus_of(world).lost = None
    await world.say(room, "ann", "noticed")
    await eventually(lambda: ann.of_type("document_updated"))
    await eventually(lambda: world.hub._streams[room.sid].timer is None, "the waiting document's time to come")
    positions = [event["id"] for event in ann.of_type("document_updated")]
    assert positions == sorted(positions)
