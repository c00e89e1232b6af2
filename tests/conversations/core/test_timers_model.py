"""Any sequence of activities and moves of the clock, against a model of what docs/rest.md says of states and timers."""

from __future__ import annotations

import asyncio
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from roomful.conversations.core.conversations import CreateConversation, UpdateConversation
from roomful.conversations.core.events import ConversationUpdated
from roomful.conversations.core.messages import SendMessage
from roomful.conversations.core.participants import AddParticipant
from roomful.conversations.core.timers import ApplyTimers
from tests.conversations.core.world import open_world

MINUTE = 60_000


@dataclass
class Model:
    """A state, two lengths in minutes, and the last activity."""

    now: int
    activity: int
    state: str = "active"
    inactive: int | None = None
    closed: int | None = None
    members: int = 0

    def dates(self) -> tuple[int | None, int | None]:
        inactive = closed = None
        if self.state == "active" and self.inactive:
            inactive = self.activity + self.inactive * MINUTE
        if self.state != "closed" and self.closed:
            closed = self.activity + self.closed * MINUTE
        return inactive, closed

    def live(self) -> None:
        self.state, self.activity = "active", self.now

    def look_at_the_clock(self) -> None:
        inactive, closed = self.dates()
        if closed is not None and self.now >= closed:
            self.state = "closed"
        elif inactive is not None and self.now >= inactive:
            self.state = "inactive"

    def set(self, state: str | None, inactive: int | None, closed: int | None) -> None:
        """None leaves a value as it is, 0 clears it."""
        before = (self.state, self.inactive or 0, self.closed or 0)
        self.state = state or self.state
        self.inactive = self.inactive if inactive is None else inactive
        self.closed = self.closed if closed is None else closed
        if inactive or closed or before != (self.state, self.inactive or 0, self.closed or 0):
            self.activity = self.now


STEP = st.one_of(
    st.tuples(st.just("wait"), st.integers(0, 12)),
    st.tuples(st.just("send"), st.booleans()),
    st.tuples(st.sampled_from(["add", "rename", "look"])),
    st.tuples(
        st.just("set"),
        st.sampled_from([None, None, None, "active", "inactive", "inactive", "closed"]),
        st.sampled_from([None, 0, 1, 3, 15]),
        st.sampled_from([None, 0, 10, 12, 20]),
    ),
)


def command(sid: str, model: Model, step: tuple[Any, ...]) -> Any:
    """The command of a step, and its effect on the model."""
    match step:
        case ("send", imported):
            model.live()
            return SendMessage(sid, body="x", date_created=0 if imported else None)
        case ("add",):
            model.live()
            model.members += 1
            return AddParticipant(sid, f"member {model.members}")
        case ("rename",):
            return UpdateConversation(sid, friendly_name=f"at {model.now}")
        case ("set", state, inactive, closed):
            model.set(state, inactive, closed)
            texts = {"timer_inactive": inactive, "timer_closed": closed}
            given: dict[str, Any] = {
                name: f"PT{minutes}M" if minutes else "" for name, minutes in texts.items() if minutes is not None
            }
            return UpdateConversation(sid, **given, **({"state": state} if state else {}))
    raise AssertionError(step)


async def play(url: str, steps: list[tuple[Any, ...]]) -> None:
    async with open_world(url) as world:
        room = await world.run(world.account, CreateConversation())
        model = Model(world.now, world.now)
        for step in steps:
            if step[0] == "wait":
                world.now = model.now = model.now + step[1] * MINUTE
            elif step[0] == "look":
                await world.run(world.account, ApplyTimers(room.sid))
                model.look_at_the_clock()
            elif model.state == "closed":
                after = replace(model)
                assert await world.refused(world.account, command(room.sid, after, step)) == (400, 50377)
            else:
                await world.run(world.account, command(room.sid, model, step))
            row = await world.conversation(room.sid)
            assert (row.state, (row.date_inactive, row.date_closed)) == (model.state, model.dates()), step
            assert row.date_due == min((date for date in model.dates() if date is not None), default=None)
        view = [event.state_change for event in world.events() if isinstance(event, ConversationUpdated)]
        changes = [change for change in view if change is not None]
        states = ["active", *(change.after for change in changes)]
        assert states[:-1] == [change.before for change in changes], "listeners can follow the states"
        assert states[-1] == model.state


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(STEP, max_size=25))
def test_any_life_of_a_conversation_follows_the_rules(steps: list[tuple[Any, ...]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(play(f"sqlite:///{Path(folder) / 'roomful.db'}", steps))
