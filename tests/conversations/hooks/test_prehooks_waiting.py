"""Webhooks that do not answer, or not soon: nobody but who asks waits for them, and nobody for ever."""

from __future__ import annotations

import asyncio
import gc
import threading
from collections.abc import Callable, Iterator, MutableMapping
from typing import Any

import pytest

from roomful.conversations.core.conversations import CreateConversation, DeleteConversation, UpdateConversation
from roomful.conversations.core.errors import ServiceError
from roomful.conversations.core.messages import DeleteMessage, SendMessage, UpdateMessage
from roomful.conversations.core.model import Conversation, Message
from roomful.conversations.core.participants import RemoveParticipant, UpdateMembership
from roomful.conversations.core.ports import Actor, Command
from roomful.conversations.core.services import CreateService
from roomful.conversations.hooks import prehooks
from roomful.conversations.hooks.client import ANSWER_BYTES
from tests.webhooks.listener import Behaviour, Cut, Hold, Raw, Reply, override

from .asking import REFUSED, Asking, furnished
from .conftest import OpenAsking

pytestmark = pytest.mark.anyio


# When it does not answer


def dribble() -> Iterator[bytes]:
    """An answer without end, a byte at a time."""
    yield b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"
    pause = threading.Event()
    while True:
        yield b" "
        pause.wait(0.02)


OUTAGES: dict[str, tuple[Behaviour, str]] = {
    "no answer": (Hold(), "no answer within 1 s"),
    "a slow answer": (Raw(dribble()), "no answer within 1 s"),
    "a redirect": (Reply(301, headers={"Location": "/elsewhere"}), "redirect"),
    "not modified": (Reply(304), "redirect"),
    "a cut line": (Cut(), "connection"),
    "no HTTP": (Raw([b"SSH-2.0-OpenSSH_9.2\r\n"]), "no HTTP"),
    "half an answer": (Raw([b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"]), "connection"),
}


@pytest.mark.parametrize("outage", OUTAGES)
async def test_without_an_answer_the_change_happens(
    open_asking: OpenAsking, outage: str, logs: list[MutableMapping[str, Any]]
) -> None:
    behaviour, words = OUTAGES[outage]
    asking: Asking = await open_asking(**{"seconds": 1} if "1 s" in words else {})
    room, _ = await furnished(asking)
    asking.listener.on("/pre", behaviour)
    sent = await asking.world.run(asking.world.user("ana"), SendMessage(room.sid, body="x"))
    assert sent.body == "x"
    (line,) = logs
    assert (line["log_level"], line["owner"], line["host"]) == ("warning", room.service_sid, "127.0.0.1")
    assert words in line["reason"]
    assert asking.asked() != []


async def test_a_huge_answer_puts_nothing_in_place(asking: Asking, logs: list[MutableMapping[str, Any]]) -> None:
    room, _ = await furnished(asking)
    asking.listener.on("/pre", override(body="put", padding="x" * ANSWER_BYTES))
    sent = await asking.world.run(asking.world.user("ana"), SendMessage(room.sid, body="x"))
    assert sent.body == "x"
    assert [line["reason"] for line in logs] == [f"answered with more than {ANSWER_BYTES // 1024} KiB"]


async def test_a_server_that_is_down_does_not_stop_the_chat(
    asking: Asking, logs: list[MutableMapping[str, Any]]
) -> None:
    room, _ = await furnished(asking)
    url = asking.listener.url("/secret?key=secret").replace("//", "//secret:secret@")
    await asking.configure(url)
    asking.listener.down()
    assert (await asking.world.run(asking.world.user("ana"), SendMessage(room.sid, body="x"))).index == 1
    (line,) = logs
    assert line["reason"] == "connection refused"
    assert "secret" not in repr(line)
    asking.listener.up()
    asking.listener.always("/secret", Reply(403))
    assert await asking.world.refused(asking.world.user("ana"), SendMessage(room.sid, body="x")) == REFUSED


async def test_a_private_address_is_not_asked(open_asking: OpenAsking, logs: list[MutableMapping[str, Any]]) -> None:
    asking: Asking = await open_asking(allow=())
    room, _ = await furnished(asking)
    asking.listener.always("/pre", Reply(403))
    for pre in ("/pre", asking.listener.url("/pre").replace("127.0.0.1", "localhost")):
        await asking.configure(pre)
        assert (await asking.world.run(asking.world.user("ana"), SendMessage(room.sid, body="x"))).body == "x"
    assert asking.asked() == []
    assert [line["host"] for line in logs] == ["127.0.0.1", "localhost"]
    assert all("WEBHOOK_ALLOW" in line["reason"] for line in logs)


# Waiting


async def test_who_hangs_delays_nobody_else(asking: Asking) -> None:
    world = asking.world
    room, _ = await furnished(asking)
    hold = Hold()
    asking.listener.on("/pre", hold)
    hanging = asyncio.ensure_future(world.run(world.user("ana"), SendMessage(room.sid, body="hangs")))
    await asking.heard()
    for identity in ("bo", "ana"):
        await world.run(world.user(identity), SendMessage(room.sid, body=f"of {identity}"))
    await world.run(world.user("ana"), UpdateMembership(room.sid, "ana", last_read_message_index=1))
    assert not hanging.done()
    hold.release()
    assert (await hanging).index == 3, "it comes after those that did not wait for it"


async def test_the_writer_never_waits(asking: Asking) -> None:
    """A hundred and fifty hanging commands hold up neither a thread nor a transaction."""
    world = asking.world
    room, _ = await furnished(asking)
    hold = Hold()
    asking.listener.always("/pre", hold)
    sends = [world.run(world.user("ana"), SendMessage(room.sid, body="hangs")) for _ in range(150)]
    hanging = asyncio.ensure_future(asyncio.gather(*sends))
    await asking.heard(prehooks.AT_ONCE)
    quiet = Actor(room.service_sid, webhooks=False)
    assert (await world.run(quiet, SendMessage(room.sid, body="quiet"))).index == 1
    assert asking.listener.at_work == prehooks.AT_ONCE, "the others wait for their turn"
    hold.release()
    assert len(await hanging) == 150
    assert len(asking.asked()) == 150


async def test_who_does_not_come_to_its_turn_goes_ahead(
    open_asking: OpenAsking, logs: list[MutableMapping[str, Any]]
) -> None:
    asking: Asking = await open_asking(seconds=1, at_once=2)
    room, _ = await furnished(asking)
    asking.listener.always("/pre", Hold())
    sends = [asking.world.run(asking.world.user("ana"), SendMessage(room.sid, body="x")) for _ in range(5)]
    assert len(await asyncio.gather(*sends)) == 5
    assert len(asking.asked()) >= 2
    assert [line["reason"] for line in logs] == ["no answer within 1 s"] * 5
    asking.listener.always("/pre", Reply(403))
    assert await asking.world.refused(asking.world.user("ana"), SendMessage(room.sid, body="x")) == REFUSED


async def test_one_target_that_hangs_is_nothing_to_another(open_asking: OpenAsking) -> None:
    asking: Asking = await open_asking(at_once=1)
    world = asking.world
    room, _ = await furnished(asking)
    other = await world.run(world.account, CreateService("other"))
    await asking.configure("/pre/other", owner=other.sid)
    hold = Hold()
    asking.listener.always("/pre", hold)
    hanging = asyncio.ensure_future(world.run(world.user("ana"), SendMessage(room.sid, body="hangs")))
    await asking.heard()
    await world.run(Actor(other.sid), CreateConversation("#elsewhere"))
    assert not hanging.done()
    hold.release()
    await hanging


async def test_what_happened_meanwhile_is_judged(asking_on_both: Asking) -> None:
    """The command decides again, after the answer and by the rows as they then are."""
    asking, world = asking_on_both, asking_on_both.world
    quiet = Actor(world.account.service_sid, webhooks=False)
    ana = world.user("ana")

    def repeat(room: Conversation, message: Message) -> Command[Any]:
        return SendMessage(room.sid, body="twice", attributes='{"cid":"twice"}')

    meanwhile: list[tuple[Callable[..., Command[Any]], Callable[..., Command[Any]], Any]] = [
        (lambda r, m: SendMessage(r.sid, body="x"), lambda r, m: RemoveParticipant(r.sid, "ana"), (404, 50350)),
        (
            lambda r, m: SendMessage(r.sid, body="x"),
            lambda r, m: UpdateConversation(r.sid, state="closed"),
            (400, 50377),
        ),
        (lambda r, m: UpdateMessage(r.sid, m.sid, body="x"), lambda r, m: DeleteMessage(r.sid, m.sid), (404, 50500)),
        (lambda r, m: UpdateMessage(r.sid, m.sid, body="x"), lambda r, m: DeleteConversation(r.sid), (404, 50350)),
    ]
    for command, change, refusal in meanwhile:
        room, message = await furnished(asking)
        hold = Hold(override(body="put", author="bo"))
        asking.listener.on("/pre", hold)
        waiting = asyncio.ensure_future(world.run(ana, command(room, message)))
        await asking.heard()
        await world.run(quiet, change(room, message))
        hold.release()
        with pytest.raises(ServiceError) as caught:
            await waiting
        assert (caught.value.status, caught.value.code) == refusal
        asking.listener.forget()

    room, message = await furnished(asking)
    hold = Hold(override(author="bo"))
    asking.listener.on("/pre", hold, override(author="cy"))
    waiting = asyncio.ensure_future(world.run(ana, repeat(room, message)))
    await asking.heard()
    second = await world.run(ana, repeat(room, message))
    hold.release()
    assert await waiting == second
    assert (second.author, second.index) == ("cy", 1)


# The end


async def test_closing_refuses_those_who_wait(asking: Asking) -> None:
    world = asking.world
    room, _ = await furnished(asking)
    asking.listener.always("/pre", Hold())
    sends = [world.run(world.user("ana"), SendMessage(room.sid, body="x")) for _ in range(120)]
    hanging = asyncio.ensure_future(asyncio.gather(*sends, return_exceptions=True))
    await asking.heard(prehooks.AT_ONCE)
    async with asyncio.timeout(3):
        await asking.hooks.close()
        outcomes = await hanging
    assert {(error.status, error.code) for error in outcomes if isinstance(error, ServiceError)} == {(503, 20503)}
    assert len(outcomes) == 120
    assert world.commits == []
    assert await world.refused(world.user("ana"), SendMessage(room.sid, body="x")) == (503, 20503)
    await asyncio.to_thread(asking.listener.idle)
    await world.run(world.user("ana"), UpdateMembership(room.sid, "ana", last_read_message_index=0))


async def test_who_gives_up_leaves_nothing_behind(open_asking: OpenAsking) -> None:
    asking: Asking = await open_asking(at_once=1)
    world = asking.world
    room, _ = await furnished(asking)
    asking.listener.on("/pre", Hold())
    sends = [asyncio.ensure_future(world.run(world.user("ana"), SendMessage(room.sid, body="x"))) for _ in range(3)]
    await asking.heard()
    for send in sends:
        send.cancel()
    outcomes = await asyncio.gather(*sends, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [asyncio.CancelledError] * 3
    await asyncio.to_thread(asking.listener.idle)
    assert (await world.run(world.user("ana"), SendMessage(room.sid, body="next"))).index == 1
    assert len(asking.asked()) == 2
    assert not asking.hooks._waiting
    del send, sends, outcomes  # their tracebacks
    gc.collect()
    assert not asking.hooks._turns
