"""Presence through sessions: devices and tabs, restarts, a service that shows it or not."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from roomful.conversations import presence as presence_module
from roomful.conversations.core.errors import internal
from roomful.conversations.core.model import Node, Presence, PushBinding
from roomful.conversations.core.ports import Actor, Command
from roomful.conversations.core.presence import LEASE, MARGIN, STEADY
from roomful.conversations.core.users import DeleteUser
from roomful.conversations.presence import GRACE, RETRY, UPKEEP
from roomful.conversations.sync.objects import Kind
from tests.conversations.sync.world import World, eventually

from .people import C, Recorder, Watcher, count, hold, known, look, pass_time, reachability, register, show, user

pytestmark = pytest.mark.anyio


async def test_two_tabs_and_a_telephone_are_one_person(world: World) -> None:
    await known(world, "ann")
    watcher = await Watcher(world).watch("ann")
    assert await reachability(world, "ann") == [{"online": False, "notifiable": False}]
    tab, other_tab, telephone = [await world.connect("ann") for _ in range(3)]
    await look(world)
    assert await watcher.told() == [(True, False)]
    assert await reachability(world, "ann") == [{"online": True, "notifiable": False}]
    tab.cut()
    await pass_time(world, 2 * GRACE)
    other_tab.cut()
    await pass_time(world, 2 * GRACE)
    assert len(await watcher.told()) == 1
    telephone.cut()
    await pass_time(world, GRACE - 1_000)
    assert len(await watcher.told()) == 1
    await pass_time(world, 1_000)
    assert await watcher.told() == [(True, False), (False, False)]
    assert await reachability(world, "ann") == [{"online": False, "notifiable": False}]


async def test_who_comes_back_in_time_was_never_away(world: World) -> None:
    await known(world, "ann")
    watcher = await Watcher(world).watch("ann")
    line = await world.connect("ann")
    await look(world)
    position = (await user(world, "ann")).position
    for _ in range(5):
        line.cut()
        await pass_time(world, GRACE - 1_000)
        line = await world.connect("ann")
        await look(world)
    assert await watcher.told() == [(True, False)]
    assert (await user(world, "ann")).position == position


async def test_nobody_changes_twice_in_ten_seconds(world: World) -> None:
    await known(world, "ann")
    watcher = await Watcher(world).watch("ann")
    line = await world.connect("ann")
    await look(world)
    line.cut()
    await pass_time(world, GRACE)
    assert await watcher.told() == [(True, False), (False, False)]
    await pass_time(world, 1_000)
    line = await world.connect("ann")
    await look(world)
    await pass_time(world, STEADY - 2_000)
    assert len(await watcher.told()) == 2
    await pass_time(world, 1_000)
    assert (await watcher.told())[2:] == [(True, False)]


async def test_a_visit_that_is_over_before_it_may_be_told_is_not_told(world: World) -> None:
    await known(world, "ann")
    watcher = await Watcher(world).watch("ann")
    line = await world.connect("ann")
    await look(world)
    line.cut()
    await pass_time(world, GRACE)
    for _ in range(3):
        line = await world.connect("ann")
        await pass_time(world, 1_000)
        line.cut()
        await pass_time(world, 1_000)
    await pass_time(world, 3 * GRACE)
    assert await watcher.told() == [(True, False), (False, False)]
    assert await count(world, Presence) == 1, "the watcher's"
    line = await world.connect("ann")
    line.cut()
    await look(world)
    assert len(await watcher.told()) == 2, "gone before anybody looked"
    await world.connect("ann")
    await look(world)
    assert (await watcher.told())[2:] == [(True, False)], "at once"


async def test_a_watcher_who_was_away_is_told(world: World) -> None:
    await known(world, "ann")
    profile = Kind.PROFILE.sid((await user(world, "ann")).sid)
    position = (await user(world, "ann")).position
    await world.connect("ann")
    await look(world)
    line = await world.connect("watcher")
    await line.established((profile, "map", position))
    (event,) = line.of_type("map_item_updated")
    assert (event["item_key"], event["item_data"]) == ("reachability", {"online": True, "notifiable": False})
    assert event["id"] == position + 1


@pytest.mark.parametrize("end", ["crash", "stop"])
async def test_a_restart_tells_nobody_anything(world: World, end: str) -> None:
    """Who returns stays online, and goes as ever; who does not is offline when the old lease is over."""
    await known(world, "ann", "ben")
    lines = [await world.connect("ann"), await world.connect("ben")]
    await look(world)
    positions = [(await user(world, name)).position for name in ("ann", "ben")]
    if end == "crash":
        await world.crash(lines)
    else:
        await world.stop()
    await pass_time_away(world, 5_000)
    await world.start()
    await hold(world)
    watcher = await Watcher(world).watch("ann", "ben")
    line = await world.connect("ann")
    await pass_time(world, 20_000)
    assert [(await user(world, name)).position for name in ("ann", "ben")] == positions
    line.cut()
    await pass_time(world, GRACE)
    assert await watcher.told() == ([(False, False)] if alone(world) else [])
    await pass_time(world, LEASE + MARGIN + UPKEEP)
    assert await watcher.told() == [(False, False)] * 2
    assert not (await user(world, "ann")).online
    assert not (await user(world, "ben")).online
    assert await count(world, Presence) == 1, "only the watcher is here"


def alone(world: World) -> bool:
    """Whether the new server knows that the old one is gone; on PostgreSQL it might be another node's."""
    return world.database_url.startswith("sqlite")


async def pass_time_away(world: World, milliseconds: int) -> None:
    world.time.shift += milliseconds


async def test_a_long_stop_is_no_reason_to_say_everybody_left(world: World) -> None:
    await known(world, "ann")
    await world.connect("ann")
    await look(world)
    position = (await user(world, "ann")).position
    await world.stop()
    await pass_time_away(world, 3_600_000)
    await world.start()
    await hold(world)
    await pass_time(world, 30_000)  # clients come back when they come back
    await world.connect("ann")
    await pass_time(world, LEASE + MARGIN + UPKEEP)
    found = await user(world, "ann")
    assert (found.online, found.position) == (True, position)


async def test_the_machine_slept(world: World) -> None:
    await known(world, "ann")
    await world.connect("ann")
    await look(world)
    position = (await user(world, "ann")).position
    world.time.shift += 3_000_000
    await pass_time(world, LEASE + MARGIN + 2 * UPKEEP)
    assert (await user(world, "ann")).position == position
    assert await count(world, Presence) == 1


async def test_a_clock_that_is_put_back_keeps_nobody_online(world: World) -> None:
    await known(world, "ann")
    line = await world.connect("ann")
    await look(world)
    line.cut()
    world.time.shift -= 3_600_000
    await pass_time(world, GRACE)
    assert not (await user(world, "ann")).online


async def test_500_people_reconnect_after_a_restart_without_a_storm(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = [f"person{n}" for n in range(500)]
    first = Recorder(world, monkeypatch)
    lines = await asyncio.gather(*(world.connect(identity) for identity in people))
    before = first.commits  # those that made the users
    await look(world)
    assert first.changes == 500
    assert first.commits - before <= 5
    await world.crash(lines)
    await pass_time_away(world, 3_000)
    await world.start()
    await hold(world)
    record = Recorder(world, monkeypatch)
    lines = await asyncio.gather(*(world.connect(identity) for identity in people))
    await look(world)
    for line in lines:  # and once more: a proxy in between was restarted
        line.cut()
    await asyncio.gather(*(world.connect(identity) for identity in people))
    await pass_time(world, LEASE + MARGIN + UPKEEP)
    assert record.changes == 0
    assert record.commits <= 20, "arrivals, renewals and the old node's people: some at a time, not one by one"
    assert await count(world, Presence) == 500


async def test_a_service_that_shows_no_presence_keeps_none(world: World) -> None:
    await show(world, False)
    await known(world, "ann")
    line = await world.connect("ann")
    assert (await line.get(f"{C}/Configuration"))["options"]["reachability_enabled"] is False
    await pass_time(world, 3 * UPKEEP)
    assert (await count(world, Presence), await count(world, Node)) == (0, 0)
    assert await reachability(world, "ann") == []
    profile = Kind.PROFILE.unique_name((await user(world, "ann")).sid)
    assert len((await line.get(f"/v3/Maps/{profile}", Include="items"))["items"]) == 2


async def test_presence_is_switched_off_and_on_while_people_are_here(world: World) -> None:
    await known(world, "ann")
    watcher = await Watcher(world).watch("ann")
    ann = await world.connect("ann")
    await look(world)
    assert len(await watcher.told()) == 1
    await show(world, False)
    assert await reachability(world, "ann") == []
    ann.cut()
    await pass_time(world, GRACE)
    assert len(await watcher.told()) == 1, "nothing is shown any more"
    assert not (await user(world, "ann")).online
    ann = await world.connect("ann")
    await pass_time(world, STEADY)
    assert not (await user(world, "ann")).online
    await show(world, True)
    second = await world.connect("ann")
    assert (await second.get(f"{C}/Configuration"))["options"]["reachability_enabled"] is True
    await look(world)
    assert (await watcher.told())[1:] == [(True, False)]
    second.cut()
    await pass_time(world, 2 * GRACE)
    assert (await user(world, "ann")).online, "the first connection is still there"


async def test_a_token_that_is_exchanged_counts_as_an_arrival(world: World) -> None:
    await show(world, False)
    ann = await world.connect("ann")
    await show(world, True)
    header, _ = await ann.send({"method": "update", "token": world.token("ann")})
    assert header["status"]["code"] == 200
    await look(world)
    assert (await user(world, "ann")).online


async def test_a_deleted_user_leaves_nothing(world: World) -> None:
    ann = await world.connect("ann")
    await look(world)
    assert (await register(ann, "fcm", "device"))[0] == 200
    await world.run(DeleteUser("ann"))
    await eventually(lambda: ann.closed)
    assert (await count(world, Presence), await count(world, PushBinding)) == (0, 0)
    world.time.shift += 2_000  # tokens of the second of the deletion are refused
    await world.connect("ann")  # another user of that name
    await pass_time(world, 2 * GRACE)
    assert (await user(world, "ann")).online
    assert await count(world, Presence) == 1


async def test_the_store_fails_for_a_while(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await known(world, "ann")
    worker = world.service._presence
    perform = worker._perform

    async def failing(actor: Actor, command: Command[Any]) -> Any:
        raise internal()

    monkeypatch.setattr(worker, "_perform", failing)
    line = await world.connect("ann")
    await worker._guarded(worker.attend)
    monkeypatch.setattr(worker, "_perform", perform)
    await look(world)
    assert not (await user(world, "ann")).online, "it is not asked again at once"
    await pass_time(world, RETRY)
    assert (await user(world, "ann")).online
    line.cut()
    await pass_time(world, GRACE - 1_000)
    monkeypatch.setattr(worker, "_perform", failing)
    world.time.shift += 1_000
    await worker._guarded(worker.attend)
    monkeypatch.setattr(worker, "_perform", perform)
    await pass_time(world, RETRY)
    assert not (await user(world, "ann")).online


@pytest.mark.parametrize("fails", [False, True])
async def test_who_returns_while_the_departure_is_written(
    world: World, monkeypatch: pytest.MonkeyPatch, fails: bool
) -> None:
    await known(world, "ann")
    line = await world.connect("ann")
    await pass_time(world, STEADY)
    line.cut()
    worker = world.service._presence
    perform = worker._perform

    async def meanwhile(actor: Actor, command: Command[Any]) -> Any:
        monkeypatch.setattr(worker, "_perform", perform)
        await world.connect("ann")
        if fails:
            raise internal()
        return await perform(actor, command)

    await pass_time(world, GRACE - 1_000)
    monkeypatch.setattr(worker, "_perform", meanwhile)
    world.time.shift += 1_000
    await worker._guarded(worker.attend)
    await pass_time(world, 3 * STEADY)
    assert (await user(world, "ann")).online
    assert await count(world, Presence) == 1


async def test_the_worker_works_by_itself(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presence_module, "LOOK_SECONDS", 0.005)
    world.service._presence.start()
    await known(world, "ann")
    watcher = await Watcher(world).watch("ann")
    line = await world.connect("ann")
    await reaches(watcher, [(True, False)])
    line.cut()
    world.time.shift += GRACE
    await reaches(watcher, [(True, False), (False, False)])


async def reaches(watcher: Watcher, expected: list[tuple[bool, bool]]) -> None:
    await eventually(lambda: len(watcher.line.of_type("map_item_updated")) >= len(expected))
    assert await watcher.told() == expected
