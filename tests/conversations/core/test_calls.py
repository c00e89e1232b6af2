"""The outbox as the delivery and an administrator use it: what is done with, tried again, given up, or dropped."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from roomful.conversations.core.errors import ServiceError
from roomful.conversations.core.events import WebhookCallsDue
from roomful.conversations.core.messages import SendMessage
from roomful.conversations.core.model import APPLICATION, WebhookCall
from roomful.conversations.core.outbox import CallFailure, CallPage, DropCalls, FinishCalls, RetryCalls
from roomful.conversations.core.ports import CallCount
from roomful.conversations.core.webhook_configuration import (
    DeleteWebhook,
    UpdateWebhook,
    UpdateWebhookConfiguration,
)
from roomful.conversations.store.store import Store

from .listening import URL, configure, hears
from .world import World

pytestmark = pytest.mark.anyio

HOUR = 3_600_000


async def waiting(world: World, number: int, *, rooms: int = 1) -> list[WebhookCall]:
    """So many calls of the service's webhook in each of some rooms, room by room."""
    await configure(world, "onMessageAdded")
    for _ in range(rooms):
        room = await world.room("anna")
        for n in range(number):
            await world.run(world.user("anna"), SendMessage(room.sid, body=f"{n}"))
    world.events()
    return await world.calls()


async def by_sid(world: World) -> dict[str, WebhookCall]:
    return {call.sid: call for call in await world.calls()}


async def finish(world: World, *done: str, failures: tuple[CallFailure, ...] = ()) -> None:
    await world.run(world.account, FinishCalls(done, failures))


async def fail(world: World, *calls: WebhookCall, again: int | None = None, error: str = "refused") -> None:
    await finish(world, failures=tuple(CallFailure(call.sid, error, again) for call in calls))


# How attempts end


async def test_what_was_delivered_is_gone(world: World) -> None:
    first, second, third = await waiting(world, 3)
    await finish(world, first.sid, third.sid)
    assert await world.calls() == [second]
    await finish(world, first.sid, second.sid, "WCgone")
    assert await world.calls() == []
    assert world.events() == []


async def test_a_failure_is_kept_with_its_reason(world: World) -> None:
    first, second = await waiting(world, 2)
    world.now += 5_000
    await fail(world, first, again=world.now + 1_000, error="answered 500")
    later = world.now + 1_000
    assert await world.calls() == [replace(first, attempts=1, date_due=later, error="answered 500"), second]
    await fail(world, first, again=later + 2_000, error="no answer within 5 s")
    (tried, _) = await world.calls()
    assert (tried.attempts, tried.date_due, tried.error) == (2, later + 2_000, "no answer within 5 s")
    world.now += 24 * HOUR
    await finish(world, failures=(CallFailure(first.sid, "refused", None), CallFailure("WCgone", "refused", None)))
    (given_up, _) = await world.calls()
    assert given_up == replace(first, state="failed", attempts=3, date_due=world.now, error="refused")


# What an administrator sees


async def test_lanes_and_counts(world: World) -> None:
    calls = await waiting(world, 3, rooms=2)
    assert await world.store.reads.read(lambda reads: (reads.lanes("failed"), reads.lanes("waiting"))) == (
        [],
        [(call.target_sid, call.stream_sid) for call in (calls[0], calls[3])],
    )
    await fail(world, calls[0], again=world.now + 9_000)
    await fail(world, calls[3], again=world.now + 7_000)
    await fail(world, calls[5])
    service_sid, then = world.installation.service.sid, calls[0].date_created
    assert await world.store.reads.read(lambda reads: reads.call_counts()) == [
        CallCount(service_sid, "failed", 1, then, calls[5].sid, calls[5].sid, None),
        CallCount(service_sid, "waiting", 5, then, calls[4].sid, calls[3].sid, then + 7_000),
    ]
    assert await world.store.reads.read(lambda reads: reads.lanes("failed")) == [(service_sid, calls[5].stream_sid)]


async def test_an_empty_outbox(world: World) -> None:
    assert await world.store.reads.read(lambda reads: (reads.lanes("waiting"), reads.call_counts())) == ([], [])
    assert await world.run(world.account, RetryCalls()) == CallPage((), None)
    assert await world.run(world.account, DropCalls()) == CallPage((), None)
    assert await world.run(world.account, RetryCalls(sids=())) == CallPage((), None)


# Again


async def test_what_failed_is_made_due_again(world: World) -> None:
    """Those given up have a day again; those that wait after a failure need not; others are as they were."""
    given_up, tried, fresh = await waiting(world, 3)
    await fail(world, given_up)
    await fail(world, tried, again=world.now + HOUR)
    world.now += 26 * HOUR
    done = await world.run(world.account, RetryCalls())
    assert done == CallPage((given_up.sid, tried.sid), None)
    assert await world.calls() == [
        replace(given_up, date_created=world.now, date_due=world.now, error="refused"),
        replace(tried, date_due=world.now, error="refused"),
        fresh,
    ]
    lane = (fresh.target_sid, fresh.stream_sid)
    assert world.events() == [WebhookCallsDue(world.installation.service.sid, 0, (lane,), again=True)]
    assert await world.run(world.account, RetryCalls()) == CallPage((), None)
    assert world.events() == []


async def test_what_is_tried_again_goes_where_its_webhook_is_now(world_with_application: World) -> None:
    """Also what was not tried yet: it would go to the old address otherwise, and fail there."""
    world = world_with_application
    await configure(world, "onMessageAdded")
    room = await world.room("anna")
    webhook = await hears(world, room, "onMessageAdded")
    gone = await hears(world, room, "onMessageAdded")
    for number in range(2):
        await world.run(world.user("anna"), SendMessage(room.sid, body=f"{number}"))
    calls = [call for call in await world.calls() if call.event == "onMessageAdded"]
    await fail(world, *calls[:4])
    await world.run(world.account, UpdateWebhook(room.sid, webhook.sid, url="http://new.example", method="GET"))
    await world.run(world.account, DeleteWebhook(room.sid, gone.sid))
    owner_sid = world.installation.service.sid
    await world.run(world.account, UpdateWebhookConfiguration(owner_sid, post_webhook_url="http://other.example"))
    done = await world.run(world.account, RetryCalls())
    again = {sid: (call.url, call.method) for sid, call in (await by_sid(world)).items() if sid in done.changed}
    where = {
        APPLICATION: (None, "POST"),
        owner_sid: ("http://other.example", "POST"),
        webhook.sid: ("http://new.example", "GET"),
        gone.sid: (URL, "POST"),
    }
    assert again == {
        call.sid: where[call.target_sid]
        for call in calls
        if call in calls[:4] or call.target_sid in (owner_sid, webhook.sid)
    }
    await fail(world, calls[1])
    await world.run(world.account, UpdateWebhookConfiguration(owner_sid, post_webhook_url=""))
    await world.run(world.account, RetryCalls())
    assert (await by_sid(world))[calls[1].sid].url == "http://other.example", "there is no newer one"


async def test_some_are_named(world: World) -> None:
    calls = await waiting(world, 3, rooms=2)
    await fail(world, *calls)
    named = (calls[4].sid, calls[1].sid, "WCgone", calls[1].sid)
    assert await world.run(world.account, RetryCalls("IS0", named)) == CallPage((), None)
    done = await world.run(world.account, RetryCalls(calls[0].target_sid, named))
    assert done == CallPage((calls[1].sid, calls[4].sid), None)
    (due,) = world.events()
    assert isinstance(due, WebhookCallsDue)
    assert due.lanes == tuple((call.target_sid, call.stream_sid) for call in (calls[1], calls[4]))
    states = Counter(call.state for call in await world.calls())
    assert states == {"failed": 4, "waiting": 2}


async def pages(world: World, command: type[RetryCalls] | type[DropCalls], **options: Any) -> list[tuple[str, ...]]:
    """What each transaction changed, from the first to the last."""
    done, after = [], ""
    for _ in range(20):
        page = await world.run(world.account, command(after=after, **options))
        done.append(page.changed)
        if page.next is None:
            return done
        after = page.next
    raise AssertionError("it does not end")


@pytest.mark.parametrize("command", [RetryCalls, DropCalls])
@pytest.mark.parametrize("named", [False, True])
async def test_many_are_done_in_several_transactions(
    world: World, command: type[RetryCalls] | type[DropCalls], named: bool
) -> None:
    calls = await waiting(world, 7)
    await fail(world, *calls)
    sids = [call.sid for call in calls]
    options = {"sids": tuple(reversed(sids))} if named else {"target_sid": calls[0].target_sid}
    done = await pages(world, command, limit=3, **options)
    assert [page for page in done if page] == [tuple(sids[:3]), tuple(sids[3:6]), tuple(sids[6:])]


async def test_retrying_ends_though_all_fail_at_once(world: World) -> None:
    """Also where the target fails faster than they are read, and pages without any come in between."""
    calls = await waiting(world, 6)
    await fail(world, calls[0], calls[5])
    seen: list[str] = []
    after: str | None = ""
    while after is not None:
        page = await world.run(world.account, RetryCalls(after=after, limit=2))
        seen += page.changed
        await fail(world, *[call for call in calls if call.sid in page.changed])
        after = page.next
    assert seen == [calls[0].sid, calls[5].sid]


# Away


async def test_failed_calls_are_dropped(world: World) -> None:
    calls = await waiting(world, 4)
    await fail(world, calls[0], calls[2])
    await fail(world, calls[1], again=world.now + HOUR)
    assert await world.run(world.account, DropCalls("IS0")) == CallPage((), None)
    assert await world.run(world.account, DropCalls()) == CallPage((calls[0].sid, calls[2].sid), None)
    assert [call.sid for call in await world.calls()] == [calls[1].sid, calls[3].sid]
    assert world.events() == []


async def test_a_waiting_call_is_dropped_by_name_and_makes_way(world: World) -> None:
    first, second, third = await waiting(world, 3)
    await fail(world, third)
    done = await world.run(world.account, DropCalls(sids=(first.sid, third.sid)))
    assert done.changed == (first.sid, third.sid)
    assert await world.calls() == [second]
    lane = (first.target_sid, first.stream_sid)
    assert world.events() == [WebhookCallsDue(world.installation.service.sid, 0, (lane,), again=True)]


# Who, and who else


async def test_they_are_the_accounts(world: World) -> None:
    (call,) = await waiting(world, 1)
    for command in (RetryCalls(), DropCalls(), FinishCalls((call.sid,))):
        assert await world.refused(world.user("anna"), command) == (403, 50107)
    assert await world.calls() == [call]


async def test_two_nodes_at_the_same_calls(world: World, database_url: str) -> None:
    """One delivers while the other retries and drops: nothing fails but by a conflict, and in the end all are gone."""
    calls = await waiting(world, 40)
    await fail(world, *calls)
    other = Store.open(database_url, clock=world.clock, sids=world.sid, bus=world)
    try:
        here = [world.store.writer.submit(world.account, FinishCalls((call.sid,))) for call in calls[::2]]
        there: list[Any] = [other.writer.submit(world.account, RetryCalls()) for _ in range(5)]
        there += [other.writer.submit(world.account, DropCalls(sids=(call.sid,))) for call in calls]
        answers = await asyncio.gather(*here, *there, return_exceptions=True)
        refusals = [answer for answer in answers if isinstance(answer, BaseException)]
        assert {refusal.status for refusal in refusals if isinstance(refusal, ServiceError)} <= {409}
        assert all(isinstance(refusal, ServiceError) for refusal in refusals)
        await world.run(world.account, DropCalls(sids=tuple(call.sid for call in calls)))
        assert await world.calls() == []
    finally:
        await other.close()
