"""Subscriptions: what was missed, the confirmation, and what comes live, with no hole and no repetition."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from roomful.conversations.core.conversations import DeleteConversation, UpdateConversation
from roomful.conversations.core.messages import DeleteMessage, SendMessage, UpdateMessage
from roomful.conversations.core.model import Conversation, User
from roomful.conversations.core.participants import AddParticipant, RemoveParticipant, UpdateMembership
from roomful.conversations.core.users import UpdateUser
from roomful.conversations.ids import now
from roomful.conversations.store.upkeep import DAY, prune
from roomful.conversations.sync import channels, replay, subscriber, subscriptions
from roomful.conversations.sync.objects import Kind

from .world import Line, World, bus_of, eventually

pytestmark = pytest.mark.anyio


async def position(world: World, sid: str) -> int:
    """A stream's position."""
    row: Any = Conversation if sid.startswith("CH") else User
    found = await world.store.reads.read(lambda reads: reads.one(row, sid=sid))
    assert found is not None
    return int(found.position)


def item_events(line: Line) -> list[tuple[Any, ...]]:
    """Item events as (type, position, key)."""
    return [
        (event["event_type"], event["event"]["id"], event["event"].get("item_index", event["event"].get("item_key")))
        for event in line.events
        if "item" in event["event_type"]
    ]


async def test_a_list_is_caught_up_from_any_position(world: World) -> None:
    room = await world.room("r", "ann")
    at = await position(world, room.sid)
    sent = [await world.say(room, "ann", str(n)) for n in range(4)]  # at + 1 … at + 4
    await world.run(UpdateMessage(room.sid, sent[0].sid, body="edited"))  # at + 5
    await world.run(DeleteMessage(room.sid, sent[2].sid))  # at + 6
    everything = [
        ("list_item_added", at + 1, 0),
        ("list_item_added", at + 2, 1),
        ("list_item_added", at + 4, 3),
        ("list_item_updated", at + 5, 0),
        ("list_item_removed", at + 6, 2),
    ]
    cases: dict[int | None, list[Any]] = {
        at: everything,
        at + 1: everything[1:],
        at + 3: everything[2:],
        at + 5: everything[4:],
        at + 6: [],
        None: [],
    }
    for since, expected in cases.items():
        line = await world.connect("ann")
        confirmed = await line.established((Kind.MESSAGES.sid(room.sid), "list", since))
        assert item_events(line) == expected, since
        assert confirmed == {Kind.MESSAGES.sid(room.sid): at + 6}
        assert line.events[-1]["event_type"] == "subscription_established"


async def test_removed_and_added_again(world: World) -> None:
    room = await world.room("r", "ann", "ben")
    ann = await world.connect("ann")
    at, own = await position(world, room.sid), await position(world, ann.session.caller.user_sid)
    await world.run(RemoveParticipant(room.sid, "ann"))
    member = await world.run(AddParticipant(room.sid, "ann"))
    line = await world.connect("ann")
    mine = Kind.MEMBERSHIPS.sid(line.session.caller.user_sid)
    await line.established((mine, "map", own), (Kind.ROSTER.sid(room.sid), "map", at))
    kinds = [kind for kind, _, _ in item_events(line)]
    assert kinds == ["map_item_removed", "map_item_added"] * 2
    assert item_events(line)[0][2] == item_events(line)[1][2] == room.sid
    assert item_events(line)[3][2] == member.sid


async def test_documents_and_profiles(world: World) -> None:
    room = await world.room("r", "ann")
    ann = await world.connect("ann")
    user = ann.session.caller.user_sid
    at, own = await position(world, room.sid), await position(world, user)
    await world.run(UpdateConversation(room.sid, friendly_name="one"))
    await world.run(UpdateConversation(room.sid, friendly_name="two"))
    await world.run(UpdateUser("ann", friendly_name="A"))
    line = await world.connect("ann")
    document, profile = Kind.DOCUMENT.sid(room.sid), Kind.PROFILE.sid(user)
    await line.established((document, "document", at), (profile, "map", own))
    (updated,) = line.of_type("document_updated")
    assert (updated["id"], updated["document_sid"]) == (at + 2, document)
    assert updated["document_data"]["friendlyName"] == "two"
    assert item_events(line) == [("map_item_updated", own + 1, "friendlyName")]
    again = await world.connect("ann")
    await again.established((document, "document", at + 2), (profile, "map", own + 1))
    assert [event["event_type"] for event in again.events] == ["subscription_established"] * 2  # the user's own first


async def test_who_loses_a_conversation_hears_of_that_before_it_goes(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when the store knows of the deletion, but the bus has not told of it yet, while it is subscribed to."""
    monkeypatch.setattr(subscriptions, "READ_BYTES", 1)  # so that the document is looked at after the user's map
    monkeypatch.setattr(subscriber, "PATIENCE", 1_000_000)
    looks: list[object] = []

    def counting(*args: Any, **kwargs: Any) -> Any:
        looks.append(kwargs["jobs"])
        return subscriptions.look(*args, **kwargs)

    monkeypatch.setattr(subscriber, "look", counting)
    doomed = await world.room("doomed", "ann")
    line = await world.connect("ann")
    mine, document = Kind.MEMBERSHIPS.sid(line.session.caller.user_sid), Kind.DOCUMENT.sid(doomed.sid)
    line.full.clear()  # nothing more is read until the client has taken the first part
    await line.subscribe((mine, "map", 1), (document, "document", await position(world, doomed.sid)))
    await eventually(lambda: line.events and line.events[-1]["event_type"] == "subscription_established")
    bus, seen = bus_of(world), len(looks)
    bus.lost = []
    await world.run(DeleteConversation(doomed.sid))
    line.full.set()
    await eventually(lambda: len(looks) > seen + 2 or "subscription_failed" in {e["event_type"] for e in line.events})
    kept, bus.lost = bus.lost, None
    bus.publish(kept)
    await eventually(lambda: line.events[-1]["event_type"] == "subscription_failed", "the document's end")
    assert [event["event_type"] for event in line.events][-2:] == ["map_item_removed", "subscription_failed"]


async def test_refusals_name_only_what_is_refused(world: World) -> None:
    room, closed = await world.room("r", "ann"), await world.room("closed", "ben")
    gone = await world.room("gone", "ann")
    await world.run(DeleteConversation(gone.sid))
    ann = await world.connect("ann")
    wanted = [
        (Kind.MESSAGES.sid(room.sid), "list", 1),
        (Kind.DOCUMENT.sid(closed.sid), "document", 1),
        (Kind.DOCUMENT.sid(gone.sid), "document", 1),
        (Kind.MESSAGES.sid(gone.sid), "list", 1),
        (Kind.ROSTER.sid(gone.sid), "map", 1),
        (Kind.DOCUMENT.sid(room.sid), "list", 1),
        ("nonsense", "query", 1),
    ]
    await ann.subscribe(*wanted)

    def failed() -> list[Any]:
        return [
            (entry["object_sid"], entry["error"]["status"], entry["error"]["code"])
            for event in ann.events
            if event["event_type"] == "subscription_failed"
            for entry in event["events"]
        ]

    await eventually(lambda: len(failed()) == 6)
    assert sorted(failed()) == sorted(
        [
            (wanted[1][0], 404, 54100),
            (wanted[2][0], 404, 54100),
            (wanted[3][0], 404, 54150),
            (wanted[4][0], 404, 54200),
            (wanted[5][0], 404, 54150),
            ("nonsense", 404, 54100),
        ]
    )
    await eventually(lambda: any(event["event_type"] == "subscription_established" for event in ann.events))


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"action": "establish", "correlation_id": 1},
        {"action": "other", "correlation_id": 1, "requests": []},
        {"action": "cancel", "correlation_id": None, "requests": []},
        {"action": "establish", "correlation_id": 1, "requests": [1]},
        {"action": "establish", "correlation_id": 1, "requests": [{"object_sid": "x" * 300, "object_type": "map"}]},
        {"action": "establish", "correlation_id": 1, "requests": [{}] * 1001},
    ],
)
async def test_requests_that_cannot_be(world: World, body: Any) -> None:
    ann = await world.connect("ann")
    status, answer = await ann.request("POST", "/v4/Subscriptions", body)
    assert (status, answer["code"]) == (400, 20001)


async def test_live_events_follow_the_replay_without_a_hole(world: World) -> None:
    """Subscriptions begin at random moments of a stream that never rests."""
    room = await world.room("r", "ann")
    at, count = await position(world, room.sid), 120
    lines = [await world.connect("ann") for _ in range(6)]

    async def talk() -> None:
        for n in range(0, count, 3):
            await asyncio.gather(*(world.run(SendMessage(room.sid, body=str(n + k))) for k in range(3)))

    talking = asyncio.create_task(talk())
    for line in lines:
        await line.established((Kind.MESSAGES.sid(room.sid), "list", at))
    await talking
    for line in lines:
        await eventually(lambda line=line: len(item_events(line)) >= count)  # type: ignore[misc]
        assert item_events(line) == [("list_item_added", at + 1 + n, n) for n in range(count)]


async def test_too_much_during_a_replay_is_read_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channels, "HELD_BYTES", 1000)
    monkeypatch.setattr(subscriptions, "READ_BYTES", 5000)
    room = await world.room("r", "ann")
    at = await position(world, room.sid)
    for n in range(60):
        await world.say(room, "ann", str(n))
    ann = await world.connect("ann")
    ann.full.clear()  # the client takes its time
    await ann.subscribe((Kind.MESSAGES.sid(room.sid), "list", at))
    await eventually(lambda: len(item_events(ann)) == 50)
    for n in range(60, 80):
        await world.say(room, "ann", str(n))
    assert len(item_events(ann)) == 50
    ann.full.set()
    await eventually(lambda: len(item_events(ann)) == 80)
    await world.say(room, "ann", "80")
    await eventually(lambda: len(item_events(ann)) == 81)
    assert [key for _, _, key in item_events(ann)] == list(range(81))
    kinds = [event["event_type"] for event in ann.events]
    assert kinds.index("subscription_established") >= 60


async def test_subscribing_again_on_the_same_connection(world: World) -> None:
    room = await world.room("r", "ann")
    at, sid = await position(world, room.sid), Kind.MESSAGES.sid(room.sid)
    ann = await world.connect("ann")
    await ann.established((sid, "list", at))
    await world.say(room, "ann", "0")
    await eventually(lambda: len(item_events(ann)) == 1)
    await ann.established((sid, "list", at + 1))
    await ann.established((sid, "list", at))
    await world.say(room, "ann", "1")
    await eventually(lambda: item_events(ann)[-1][2] == 1)
    assert [key for _, _, key in item_events(ann)] == [0, 0, 1]


async def test_cancelling(world: World) -> None:
    room = await world.room("r", "ann")
    ann, witness = await world.connect("ann"), await world.connect("ann")
    sid = Kind.MESSAGES.sid(room.sid)
    await ann.established((sid, "list", 2))
    await witness.established((sid, "list", 2))
    correlation = await ann.subscribe((sid, "list", None), ("nonsense", "map", None), action="cancel")
    await eventually(lambda: ann.events[-1]["event_type"] == "subscription_canceled")
    assert ann.events[-1] == {
        "event_type": "subscription_canceled",
        "correlation_id": correlation,
        "events": [
            {"object_sid": sid, "object_type": "list"},
            {"object_sid": "nonsense", "object_type": "map"},
        ],
    }
    await world.say(room, "ann", "0")
    await eventually(lambda: item_events(witness))
    assert item_events(ann) == []


async def test_many_conversations_at_once(world: World) -> None:
    rooms = [await world.room(str(n), "ann") for n in range(30)]
    ann = await world.connect("ann")
    wanted: list[tuple[str, str, int | None]] = []
    for room in rooms:
        wanted.append((Kind.DOCUMENT.sid(room.sid), "document", 1))
        wanted.append((Kind.MESSAGES.sid(room.sid), "list", 1))
        wanted.append((Kind.ROSTER.sid(room.sid), "map", 1))
    assert len(await ann.established(*wanted)) == 90
    assert len(item_events(ann)) == 30
    await world.say(rooms[7], "ann", "hello")
    await eventually(lambda: ann.of_type("list_item_added"))


@pytest.mark.parametrize("beyond", ["pruned", "ahead"])
async def test_a_position_that_cannot_be_caught_up(world: World, beyond: str) -> None:
    """The client is sent away, and its next `init` is final; with a new continuation token it starts anew."""
    room = await world.room("r", "ann", "ben")
    line = Line(world)
    continuation = (await line.init(world.token("ann")))["continuation_token"]
    if beyond == "pruned":
        await world.run(RemoveParticipant(room.sid, "ben"))
        await prune(world.store.writer, now() + 31 * DAY * 1000, tombstone_days=30)
        # What has no tombstones can be caught up from anywhere.
        await line.established((Kind.DOCUMENT.sid(room.sid), "document", 1))
    since = {"pruned": 2, "ahead": 10_000}[beyond]
    await line.subscribe((Kind.ROSTER.sid(room.sid), "map", since))
    await eventually(lambda: line.closed)
    status = (await Line(world).init(world.token("ann"), continuation))["status"]
    assert status["code"] == 403
    assert (await Line(world).init(world.token("ann"), None))["status"]["code"] == 200
    fresh = await world.connect("ann")
    await fresh.established((Kind.ROSTER.sid(room.sid), "map", await position(world, room.sid)))


async def test_who_left_hears_of_that_before_it_is_refused(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also when there is so much to tell that it takes several readings; the SDK needs the order to tell why."""
    monkeypatch.setattr(replay, "PAGE_ROWS", 2)
    rooms = [await world.room(str(n), "ann") for n in range(5)]
    ann = await world.connect("ann")
    own = await position(world, ann.session.caller.user_sid)
    for room in rooms:
        await world.run(RemoveParticipant(room.sid, "ann"))
    mine = Kind.MEMBERSHIPS.sid(ann.session.caller.user_sid)
    await ann.subscribe((Kind.DOCUMENT.sid(rooms[4].sid), "document", 1), (mine, "map", own))
    await eventually(lambda: len(ann.events) == 7)
    kinds = [event["event_type"] for event in ann.events]
    assert kinds[:5] == ["map_item_removed"] * 5
    assert sorted(kinds[5:]) == ["subscription_established", "subscription_failed"]


async def test_what_is_one_persons_own_changes_nothing_for_the_others(world: World) -> None:
    room = await world.room("r", "ann", "ben")
    ann = await world.connect("ann")
    roster = f"/v3/Maps/{Kind.ROSTER.sid(room.sid)}/Items"
    before = await ann.get(roster)
    world.time.shift += 1000
    await world.run(UpdateMembership(room.sid, "ben", notification_level="muted"), "ben")
    assert await ann.get(roster) == before


@pytest.mark.parametrize("live", [True, False])
async def test_a_membership_is_told_in_both_of_its_streams(world: World, live: bool) -> None:
    """The read horizon is shown in the roster, and in the person's own map; the level only there."""
    room = await world.room("r", "ann", "ben")
    await world.say(room, "ben", "read me")
    ann = await world.connect("ann")
    mine = Kind.MEMBERSHIPS.sid(ann.session.caller.user_sid)
    wanted = (
        (mine, "map", await position(world, ann.session.caller.user_sid)),
        (Kind.ROSTER.sid(room.sid), "map", await position(world, room.sid)),
    )
    if live:
        await ann.established(*wanted)
    await world.run(UpdateMembership(room.sid, "ann", last_read_message_index=0), "ann")
    await world.run(UpdateMembership(room.sid, "ann", notification_level="muted"), "ann")
    if not live:
        await ann.established(*wanted)
    await eventually(lambda: len(item_events(ann)) >= (3 if live else 2))
    told = [(event["map_sid"], event["item_data"]) for event in ann.of_type("map_item_updated")]
    own = [data for sid, data in told if sid == mine]
    roster = [data for sid, data in told if sid != mine]
    assert (own[-1]["lastConsumedMessageIndex"], own[-1]["notificationLevel"]) == (0, "muted")
    assert [data["lastConsumedMessageIndex"] for data in roster] == [0]
    assert len(own) == (2 if live else 1)


async def test_a_replay_may_break_off_anywhere(world: World) -> None:
    """An edited message is told of at its creation, too: the SDK ignores an update of what it does not know."""
    room = await world.room("r", "ann")
    at, sid = await position(world, room.sid), Kind.MESSAGES.sid(room.sid)
    sent = [await world.say(room, "ann", str(n)) for n in range(120)]
    for n in (0, 60, 119):
        await world.run(UpdateMessage(room.sid, sent[n].sid, body="edited"))
    whole = await world.connect("ann")
    await whole.established((sid, "list", at))
    everything = item_events(whole)
    assert [key for kind, _, key in everything if kind == "list_item_added"] == list(range(120))
    for known in (0, 1, 60, 119, 121):
        line = await world.connect("ann")
        await line.established((sid, "list", at + known))
        assert item_events(line) == [event for event in everything if event[1] > at + known]


@pytest.mark.parametrize("held", [100_000, 1])
async def test_who_leaves_while_subscribing_hears_of_that_first(
    world: World, monkeypatch: pytest.MonkeyPatch, held: int
) -> None:
    """The removal is kept until the own map is read, or too much was kept and it is read again."""
    monkeypatch.setattr(channels, "HELD_BYTES", held)
    room = await world.room("r", "ann")
    ann = await world.connect("ann")
    user = ann.session.caller.user_sid
    wanted = (
        (Kind.MEMBERSHIPS.sid(user), "map", await position(world, user)),
        (Kind.DOCUMENT.sid(room.sid), "document", 1),
    )
    world.lag = 0.05
    await ann.subscribe(*wanted)
    await eventually(lambda: room.sid in world.hub._streams)  # what it reads now is old when it arrives
    await world.run(RemoveParticipant(room.sid, "ann"))
    world.lag = 0
    await eventually(lambda: any(event["event_type"] == "subscription_failed" for event in ann.events))
    kinds = [event["event_type"] for event in ann.events]
    assert kinds.index("map_item_removed") < kinds.index("subscription_failed")
