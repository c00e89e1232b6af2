"""Old view + events = fresh view: whatever is done, in whatever batches, listeners end with what the store holds."""

from __future__ import annotations

import asyncio
import contextlib
import json
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from roomful.conversations.core.conversations import CreateConversation, DeleteConversation, UpdateConversation
from roomful.conversations.core.errors import ServiceError
from roomful.conversations.core.events import (
    ConversationRemoved,
    MembershipAdded,
    MembershipRemoved,
    MembershipUpdated,
    MessageAdded,
    MessageRemoved,
    MessageUpdated,
    ParticipantAdded,
    ParticipantRemoved,
    ParticipantUpdated,
    StreamCommit,
)
from roomful.conversations.core.messages import DeleteMessage, SendMessage, UpdateMessage
from roomful.conversations.core.model import Conversation, Message, Participant, User
from roomful.conversations.core.participants import AddParticipant, RemoveParticipant, UpdateMembership
from roomful.conversations.core.ports import Reads
from tests.conversations.core.world import World, open_world

PEOPLE = ("ana", "bo", "chen")
ACTIONS = ("send", "edit", "delete", "add", "remove", "read", "rename", "destroy")
STEPS = st.lists(
    st.lists(
        st.tuples(
            st.sampled_from(ACTIONS), st.integers(0, 1), st.sampled_from(PEOPLE), st.integers(0, 6), st.integers(0, 2)
        ),
        min_size=1,
        max_size=8,
    ),
    max_size=8,
)


class View:
    """What a listener knows of all streams, built from events alone."""

    def __init__(self) -> None:
        self.heads: dict[str, int] = {}
        self.messages: dict[tuple[str, int], Message] = {}
        self.roster: dict[str, Participant] = {}
        self.my_channels: dict[tuple[str, str], Participant] = {}

    def hear(self, commit: StreamCommit) -> None:
        assert self.heads.get(commit.stream, 0) == commit.before, "a commit starts where the last one ended"
        positions = [event.position for event in commit.events]
        assert positions == sorted(positions)
        assert all(commit.before < position <= commit.after for position in positions)
        self.heads[commit.stream] = commit.after
        for event in commit.events:
            self._apply(event)

    def _apply(self, event: Any) -> None:
        match event:
            case MessageAdded() | MessageUpdated():
                self.messages[event.stream, event.message.index] = event.message
            case MessageRemoved():
                del self.messages[event.stream, event.message.index]
            case ParticipantAdded() | ParticipantUpdated():
                self.roster[event.participant.sid] = event.participant
            case ParticipantRemoved():
                del self.roster[event.participant.sid]
            case MembershipAdded() | MembershipUpdated():
                self.my_channels[event.stream, event.participant.conversation_sid] = event.participant
            case MembershipRemoved():
                del self.my_channels[event.stream, event.participant.conversation_sid]
            case ConversationRemoved():
                del self.heads[event.stream]
                self.messages = {key: row for key, row in self.messages.items() if key[0] != event.stream}
                self.roster = {sid: row for sid, row in self.roster.items() if row.conversation_sid != event.stream}
            case _:
                pass


async def _act(world: World, rooms: list[str], step: tuple[str, int, str, int, int]) -> None:
    action, room, person, number, variant = step
    sid = rooms[room]
    message = await world.store.reads.read(lambda reads: reads.one(Message, conversation_sid=sid, index=number))
    message_sid = message.sid if message else "IM" + "0" * 32
    cid = json.dumps({"cid": str(variant)})
    commands: dict[str, Any] = {
        "send": SendMessage(sid, body=f"{number}", attributes=cid if variant else "{}"),
        "edit": UpdateMessage(sid, message_sid, body=f"edited {variant}"),
        "delete": DeleteMessage(sid, message_sid),
        "add": AddParticipant(sid, person),
        "remove": RemoveParticipant(sid, person),
        "read": UpdateMembership(sid, person, last_read_message_index=number),
        "rename": UpdateConversation(sid, friendly_name=f"#{number}"),
        "destroy": DeleteConversation(sid),
    }
    actor = world.user(person) if action in ("send", "read") else world.account
    with contextlib.suppress(ServiceError):  # many steps are refused, as they should be
        await world.run(actor, commands[action])


def _check(reads: Reads, view: View) -> None:
    """The listener's view equals the store's rows, and the rows' own counts are right."""
    conversations = reads.page(Conversation, order="sid", limit=100)
    for conversation in conversations:
        sid = conversation.sid
        assert view.heads[sid] == conversation.position
        messages = reads.page(Message, order="index", limit=1000, conversation_sid=sid)
        known = [row for (stream, _), row in sorted(view.messages.items()) if stream == sid]
        # A send that frees an old cid changes that row without an announcement; listeners never see a cid.
        assert [(row.sid, row.body, row.changed_position) for row in messages] == [
            (row.sid, row.body, row.changed_position) for row in known
        ]
        assert conversation.messages_count == len(messages)
        assert conversation.last_message_index == (messages[-1].index if messages else None)
        roster = reads.page(Participant, order="sid", limit=1000, conversation_sid=sid)
        assert roster == sorted(
            (row for row in view.roster.values() if row.conversation_sid == sid), key=lambda row: row.sid
        )
        assert conversation.participants_count == len(roster)
    for user in reads.page(User, order="sid", limit=100):
        assert view.heads[user.sid] == user.position
        joined = [participant for participant, _ in reads.memberships(user.sid, limit=100)]
        assert {row.conversation_sid for row in joined} == {
            channel for stream, channel in view.my_channels if stream == user.sid
        }
        assert user.conversations_count == len(joined)


async def _play(url: str, batches: list[list[tuple[str, int, str, int, int]]]) -> None:
    async with open_world(url) as world:
        rooms = [(await world.run(world.account, command)).sid for command in _two_rooms()]
        for batch in batches:
            await asyncio.gather(*(_act(world, rooms, step) for step in batch))
        view = View()
        for commit in world.commits:
            view.hear(commit)
        await world.store.reads.read(lambda reads: _check(reads, view))


def _two_rooms() -> list[Any]:
    return [CreateConversation(friendly_name="#a"), CreateConversation(friendly_name="#b")]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(batches=STEPS)
def test_old_view_and_events_make_the_fresh_view(batches: list[list[tuple[str, int, str, int, int]]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(_play(f"sqlite:///{Path(folder) / 'roomful.db'}", batches))
