"""What tests of presence do and look at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from roomful.conversations.core.events import StreamCommit, UserUpdated
from roomful.conversations.core.model import User
from roomful.conversations.core.services import UpdateServiceConfiguration
from roomful.conversations.core.users import CreateUser
from roomful.conversations.sync.objects import Kind
from tests.conversations.sync.world import Line, World

C = "/Client/v2"


async def show(world: World, enabled: bool) -> None:
    await world.run(UpdateServiceConfiguration(reachability_enabled=enabled))


async def hold(world: World) -> None:
    """From now on the worker works when `look` says so, on the test's clock from its start."""
    await world.service._presence.close()


async def look(world: World) -> None:
    await world.service._presence.attend()
    await world.service._presence.upkeep()


async def pass_time(world: World, milliseconds: int) -> None:
    """Let time pass, a second at a time, and the worker look."""
    for passed in range(0, milliseconds, 1_000):
        world.time.shift += min(1_000, milliseconds - passed)
        await look(world)


async def user(world: World, identity: str) -> User:
    found = await world.store.reads.read(lambda reads: reads.one(User, identity=identity))
    assert found is not None
    return found


async def count(world: World, row: type[Any]) -> int:
    return await world.store.reads.read(lambda reads: reads.count(row))


class Watcher:
    """A client that is subscribed to people's profiles."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.line: Line

    async def watch(self, *identities: str) -> Watcher:
        self.line = await self.world.connect("watcher")
        for identity in identities:
            profile = Kind.PROFILE.sid((await user(self.world, identity)).sid)
            await self.line.established((profile, "map", None))
        return self

    async def told(self) -> list[tuple[bool, bool]]:
        """What was said of anybody's reachability so far: (online, notifiable)."""
        await self.line.get(f"{C}/Configuration")  # what was committed before has been written before the answer
        return [
            (event["item_data"]["online"], event["item_data"]["notifiable"])
            for event in self.line.of_type("map_item_updated")
            if event["item_key"] == "reachability"
        ]


async def known(world: World, *identities: str) -> None:
    for identity in identities:
        await world.run(CreateUser(identity))


async def reachability(world: World, identity: str) -> list[Any]:
    """What a client that is new finds in a person's profile."""
    line = await world.connect("fresh")
    name = Kind.PROFILE.unique_name((await user(world, identity)).sid)
    found: list[Any] = (await line.get(f"/v3/Maps/{name}/Items", Key="reachability"))["items"]
    line.cut()
    return [item["data"] for item in found]


class Recorder:
    """Counts commits and changes of anybody's reachability from now on."""

    def __init__(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        self.commits = 0
        self.changes = 0
        connection, bus = world.store.writer.connection, world.bus
        commit, publish = connection.commit, bus.publish

        def counted() -> None:
            self.commits += 1
            commit()

        def noted(commits: Sequence[StreamCommit]) -> None:
            for event in (event for commit in commits for event in commit.events):
                if isinstance(event, UserUpdated) and event.position == event.user.reachability_position:
                    self.changes += 1
            publish(commits)

        monkeypatch.setattr(connection, "commit", counted)
        monkeypatch.setattr(bus, "publish", noted)


async def register(line: Line, channel_type: Any, address: Any) -> tuple[int, Any]:
    body = {
        "endpoint_platform": "web",
        "channel_type": channel_type,
        "version": "3",
        "message_types": ["twilio.conversations.new_message"],
        "data": {"registration_id": address},
    }
    return await line.request("POST", "/v1/registrations", body, productId="ip_messaging")
