"""Push registrations: who can be notified, and whose a device is."""

from __future__ import annotations

from typing import Any

import pytest

from roomful.conversations.core.model import PushBinding
from roomful.conversations.core.push import BINDINGS_PER_USER
from tests.conversations.sync.world import World

from .people import Recorder, Watcher, count, look, reachability, register, show, user

pytestmark = pytest.mark.anyio


async def notifiable(world: World, *identities: str) -> list[bool]:
    return [(await user(world, identity)).notifiable for identity in identities]


async def test_a_device_is_registered_and_removed(world: World) -> None:
    ann = await world.connect("ann")
    await look(world)
    watcher = await Watcher(world).watch("ann")
    status, first = await register(ann, "fcm", "device")
    assert status == 200
    assert (await register(ann, "fcm", "device")) == (200, first), "a repetition"
    assert (await register(ann, "apn", "device"))[1] != first
    assert await watcher.told() == [(True, True)]
    assert await reachability(world, "ann") == [{"online": True, "notifiable": True}]
    assert (await ann.request("DELETE", f"/v1/registrations/{first['id']}", {}, productId="ip_messaging"))[0] == 204
    assert await notifiable(world, "ann") == [True]
    device = {"binding_type": "apn", "address": "device"}
    for _ in range(2):  # what is gone may be removed again
        assert (await ann.request("DELETE", "/v1/registrations", device, productId="ip_messaging"))[0] == 204
    assert await watcher.told() == [(True, True), (True, False)]
    assert await count(world, PushBinding) == 0


async def test_a_device_belongs_to_who_registered_it_last(world: World) -> None:
    ann, ben = await world.connect("ann"), await world.connect("ben")
    _, of_ann = await register(ann, "fcm", "device")
    assert (await register(ben, "fcm", "device"))[0] == 200
    assert await notifiable(world, "ann", "ben") == [False, True]
    assert await count(world, PushBinding) == 1
    await ann.request("DELETE", "/v1/registrations", {"binding_type": "fcm", "address": "device"})
    await ann.request("DELETE", f"/v1/registrations/{of_ann['id']}", {})
    assert await notifiable(world, "ann", "ben") == [False, True], "one's own only"
    assert (await register(ann, "fcm", "device"))[0] == 200
    assert await notifiable(world, "ann", "ben") == [True, False]


async def test_a_repeated_registration_writes_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    ann = await world.connect("ann")
    await look(world)
    await register(ann, "fcm", "device")
    record = Recorder(world, monkeypatch)
    await register(ann, "fcm", "device")
    assert record.commits == 0


async def test_a_user_has_so_many_devices(world: World) -> None:
    ann = await world.connect("ann")
    for n in range(BINDINGS_PER_USER + 3):
        assert (await register(ann, "fcm", f"device {n}"))[0] == 200
    assert await count(world, PushBinding) == BINDINGS_PER_USER
    left = await world.store.reads.read(lambda reads: reads.find(PushBinding, "address", ["device 2", "device 3"]))
    assert [row.address for row in left] == ["device 3"]


@pytest.mark.parametrize(
    ("channel_type", "address"),
    [("gcm", "x"), (None, "x"), ("fcm", ""), ("fcm", None), ("fcm", "x" * 1025), ("fcm", "a\x00b"), (7, "x")],
)
async def test_what_cannot_be_a_device(world: World, channel_type: Any, address: Any) -> None:
    ann = await world.connect("ann")
    status, body = await register(ann, channel_type, address)
    assert (status, body["code"]) == (400, 20001)
    assert await notifiable(world, "ann") == [False]
    status, body = await ann.request("POST", "/v1/registrations", {"channel_type": "fcm", "data": [address]})
    assert (status, body["code"]) == (400, 20001)


async def test_devices_are_kept_though_presence_is_not_shown(world: World) -> None:
    await show(world, False)
    ann = await world.connect("ann")
    watcher = await Watcher(world).watch("ann")
    await register(ann, "fcm", "device")
    assert await notifiable(world, "ann") == [True]
    assert await watcher.told() == []
    await show(world, True)
    assert await reachability(world, "ann") == [{"online": False, "notifiable": True}]
