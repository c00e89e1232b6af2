"""Media before, with and after their message: who may use them, what bounds them, and what is swept when."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from roomful.conversations.core import limits
from roomful.conversations.core.conversations import DeleteConversation
from roomful.conversations.core.errors import ServiceError
from roomful.conversations.core.events import MediaRemoved
from roomful.conversations.core.media import (
    UPLOAD_LIFETIME,
    AbandonMedia,
    ExpireMedia,
    FinishMedia,
    ForgetMedia,
    ReserveMedia,
    attached,
)
from roomful.conversations.core.messages import DeleteMessage, SendMessage
from roomful.conversations.core.model import Media
from roomful.conversations.core.ports import Actor
from roomful.conversations.core.roles import UpdateRole
from roomful.conversations.core.users import DeleteUser
from roomful.conversations.store.store import Store
from tests.conversations.core.world import World

pytestmark = pytest.mark.anyio

NOT_FOUND = (404, 50507)
TOO_BIG = (413, 50512)


async def reserve(world: World, actor: Actor, size: int = 10, kind: str = "text/plain") -> str:
    return (await world.run(actor, ReserveMedia("media", "notes.txt", kind, size))).sid


async def upload(world: World, actor: Actor, size: int = 10) -> str:
    sid = await reserve(world, actor, size)
    await world.run(actor, FinishMedia(sid, size, inline=False))
    return sid


async def stored(world: World, sid: str) -> Media | None:
    return await world.store.reads.read(lambda reads: reads.one(Media, sid=sid))


async def state(world: World, sid: str) -> str | None:
    media = await stored(world, sid)
    return None if media is None else media.state


async def due(world: World) -> list[str]:
    """What the sweeper would find."""
    found = await world.store.reads.read(lambda reads: reads.below(Media, "date_expires", world.now + 1, 100))
    return sorted(media.sid for media in found)


# --- uploads ---------------------------------------------------------------------------------------------------------


async def test_an_upload_is_announced_finished_and_attached(world: World) -> None:
    room, ana = await world.room("ana"), world.user("ana")
    sid = await reserve(world, ana, 100)
    finished = await world.run(ana, FinishMedia(sid, 7, inline=True, filename="a b.png", content_type="image/png"))
    assert (finished.state, finished.size, finished.inline, finished.author) == ("ready", 7, True, "ana")
    message = await world.run(ana, SendMessage(room.sid, media_sids=(sid,)))
    assert [(each.sid, each.filename, each.content_type, each.size) for each in attached(message)] == [
        (sid, "a b.png", "image/png", 7)
    ]
    media = await stored(world, sid)
    assert media is not None
    assert (media.conversation_sid, media.message_sid, media.owner, media.date_expires) == (
        room.sid,
        message.sid,
        None,
        None,
    )
    world.now += 10 * UPLOAD_LIFETIME
    assert await due(world) == []


async def test_the_order_of_several_media_is_the_senders(world: World) -> None:
    room, ana = await world.room("ana"), world.user("ana")
    sids = [await upload(world, ana) for _ in range(3)][::-1]
    message = await world.run(ana, SendMessage(room.sid, media_sids=tuple(sids)))
    assert [each.sid for each in attached(message)] == sids


@pytest.mark.parametrize(
    ("command", "refusal"),
    [
        (ReserveMedia("media", None, "text/plain", limits.MEDIA_BYTES + 1), TOO_BIG),
        (ReserveMedia("picture", None, "text/plain", 1), (400, 20001)),
        (ReserveMedia("media", None, "not a type", 1), (400, 50511)),
        (ReserveMedia("media", "x" * 257, "text/plain", 1), (400, 20001)),
    ],
)
async def test_what_cannot_be_uploaded_is_refused(
    world: World, command: ReserveMedia, refusal: tuple[int, int]
) -> None:
    await world.room("ana")
    assert await world.refused(world.user("ana"), command) == refusal


async def test_more_than_was_announced_is_refused(world: World) -> None:
    await world.room("ana")
    sid = await reserve(world, world.user("ana"), 10)
    assert await world.refused(world.user("ana"), FinishMedia(sid, 11, inline=False)) == TOO_BIG


async def test_who_is_no_user_uploads_nothing(world: World) -> None:
    status, _ = await world.refused(world.user("nobody"), ReserveMedia("media", None, "text/plain", 1))
    assert status == 404


async def test_only_its_uploader_finishes_abandons_or_attaches_an_upload(world: World) -> None:
    room, ana, bo = await world.room("ana", "bo"), world.user("ana"), world.user("bo")
    sid = await reserve(world, ana)
    for stranger in (bo, world.account):
        assert await world.refused(stranger, FinishMedia(sid, 1, inline=False)) == NOT_FOUND
        assert await world.refused(stranger, AbandonMedia(sid)) == NOT_FOUND
    assert await world.refused(ana, SendMessage(room.sid, media_sids=(sid,))) == NOT_FOUND, "it is not there yet"
    await world.run(ana, FinishMedia(sid, 1, inline=False))
    assert await world.refused(bo, SendMessage(room.sid, media_sids=(sid,))) == NOT_FOUND
    # An application sends for all of its users.
    await world.run(world.account, SendMessage(room.sid, author="ana", media_sids=(sid,)))


async def test_an_abandoned_upload_is_removed_also_when_it_was_finished(world: World) -> None:
    room, ana = await world.room("ana"), world.user("ana")
    world.events()
    uploading, ready = await reserve(world, ana), await upload(world, ana)
    for sid in (uploading, ready):
        await world.run(ana, AbandonMedia(sid))
        assert await world.refused(ana, FinishMedia(sid, 1, inline=False)) == NOT_FOUND
        assert await world.refused(ana, SendMessage(room.sid, media_sids=(sid,))) == NOT_FOUND
        assert await world.refused(ana, AbandonMedia(sid)) == NOT_FOUND
    assert world.events() == [MediaRemoved(ana.service_sid, 0)] * 2
    assert await due(world) == sorted([uploading, ready])


async def test_what_is_attached_is_not_abandoned(world: World) -> None:
    room, ana = await world.room("ana"), world.user("ana")
    sid = await upload(world, ana)
    await world.run(ana, SendMessage(room.sid, media_sids=(sid,)))
    assert await world.refused(ana, AbandonMedia(sid)) == NOT_FOUND


# --- quotas -----------------------------------------------------------------------------------------------------------


async def test_unattached_media_of_a_person_are_bounded_in_number(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "UNATTACHED_MEDIA", 3)
    room, ana = await world.room("ana", "bo"), world.user("ana")
    first, second = await upload(world, ana), await upload(world, ana)
    third = await reserve(world, ana)
    one_more = ReserveMedia("media", None, "text/plain", 1)
    assert (await world.refused(ana, one_more))[0] == 429
    await upload(world, world.user("bo"))  # each has its own
    await world.run(ana, SendMessage(room.sid, media_sids=(first,)))
    await world.run(ana, one_more)
    assert (await world.refused(ana, one_more))[0] == 429
    await world.run(ana, AbandonMedia(third))
    await world.run(ana, one_more)
    world.now += UPLOAD_LIFETIME
    await world.run(world.account, ExpireMedia((second,)))
    await world.run(ana, one_more)


async def test_unattached_media_of_a_person_are_bounded_in_bytes(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "UNATTACHED_BYTES", 100)
    await world.room("ana")
    ana = world.user("ana")
    sid = await reserve(world, ana, 90)
    assert (await world.refused(ana, ReserveMedia("media", None, "text/plain", 11)))[0] == 429
    await world.run(ana, FinishMedia(sid, 20, inline=False))  # what it became counts
    await reserve(world, ana, 80)


async def test_uploads_at_once_do_not_pass_the_bound(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "UNATTACHED_MEDIA", 5)
    await world.room("ana")
    results = await asyncio.gather(*(reserve(world, world.user("ana")) for _ in range(12)), return_exceptions=True)
    assert sum(isinstance(result, str) for result in results) == 5


async def test_an_application_may_have_more_than_a_person(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "UNATTACHED_MEDIA", 1)
    monkeypatch.setattr(limits, "UNATTACHED_MEDIA_OF_ACCOUNT", 2)
    await upload(world, world.account)
    await upload(world, world.account)
    assert (await world.refused(world.account, ReserveMedia("media", None, "text/plain", 1)))[0] == 429


# --- with a message ---------------------------------------------------------------------------------------------------


async def test_a_medium_has_one_message(world: World) -> None:
    room, ana = await world.room("ana"), world.user("ana")
    sid = await upload(world, ana)
    await world.run(ana, SendMessage(room.sid, media_sids=(sid,)))
    assert await world.refused(ana, SendMessage(room.sid, media_sids=(sid,))) == (400, 50508)


async def test_of_sends_on_two_nodes_one_gets_the_medium(world: World, database_url: str) -> None:
    rooms = [await world.room("ana") for _ in range(8)]
    sid = await upload(world, world.user("ana"))
    writers = [world.store.writer]
    other = None
    if database_url.startswith("postgresql"):
        other = Store.open(database_url, clock=world.clock, sids=world.sid, bus=world)
        writers.append(other.writer)
    try:
        sends = [
            writers[number % len(writers)].submit(world.user("ana"), SendMessage(room.sid, media_sids=(sid,)))
            for number, room in enumerate(rooms)
        ]
        results: list[Any] = await asyncio.gather(*sends, return_exceptions=True)
    finally:
        if other is not None:
            await other.close()
    sent = [result for result in results if not isinstance(result, BaseException)]
    assert len(sent) == 1
    assert {result.code for result in results if isinstance(result, ServiceError)} == {50508}
    media = await stored(world, sid)
    assert media is not None
    assert media.message_sid == sent[0].sid


async def test_a_repeated_send_takes_no_second_medium(world: World) -> None:
    room, ana = await world.room("ana"), world.user("ana")
    sid = await upload(world, ana)
    send = SendMessage(room.sid, media_sids=(sid,), attributes='{"cid":"1"}')
    first = await world.run(ana, send)
    assert (await world.run(ana, send)).sid == first.sid


async def test_a_refused_send_leaves_its_media_to_be_sent(world: World) -> None:
    room, elsewhere, ana = await world.room("ana"), await world.room("bo"), world.user("ana")
    sid = await upload(world, ana)
    await world.refused(ana, SendMessage(elsewhere.sid, media_sids=(sid,)))
    await world.refused(ana, SendMessage(room.sid, media_sids=(sid, "ME" + "f" * 32)))
    await world.run(ana, SendMessage(room.sid, media_sids=(sid,)))


async def test_a_preview_attaches_nothing(world: World) -> None:
    room, ana = await world.room("ana"), world.user("ana")
    sid = await upload(world, ana)
    send = SendMessage(room.sid, media_sids=(sid,))
    assert await world.store.reads.preview(ana, send)
    media = await stored(world, sid)
    assert media is not None
    assert media.message_sid is None
    await world.run(ana, send)


async def test_the_media_of_a_message_are_bounded(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    room, ana = await world.room("ana"), world.user("ana")
    sids = tuple([await upload(world, ana) for _ in range(limits.MEDIA_PER_MESSAGE + 1)])
    assert await world.refused(ana, SendMessage(room.sid, media_sids=sids)) == (400, 50512)
    assert await world.refused(ana, SendMessage(room.sid, media_sids=sids[:1] * 2)) == (400, 50512)
    monkeypatch.setattr(limits, "MEDIA_BYTES", 29)
    assert await world.refused(ana, SendMessage(room.sid, media_sids=sids[:3])) == TOO_BIG
    await world.run(ana, SendMessage(room.sid, media_sids=sids[:2]))


async def test_media_need_a_permission_of_their_own(world: World) -> None:
    room, ana = await world.room("ana"), world.user("ana")
    sid = await upload(world, ana)
    for role in await world.roles():
        if role.type == "conversation":
            left = tuple(sorted(set(role.permissions.split()) - {"sendMediaMessage"}))
            await world.run(world.account, UpdateRole(role.sid, left))
    assert (await world.refused(ana, SendMessage(room.sid, media_sids=(sid,))))[0] == 403
    await world.run(ana, SendMessage(room.sid, body="text"))


# --- removed, and swept -----------------------------------------------------------------------------------------------


async def test_media_go_with_their_message(world: World) -> None:
    room, ana = await world.room("ana"), world.user("ana")
    gone, stays = await upload(world, ana), await upload(world, ana)
    message = await world.run(ana, SendMessage(room.sid, media_sids=(gone,)))
    await world.run(ana, SendMessage(room.sid, media_sids=(stays,)))
    world.events()
    await world.run(ana, DeleteMessage(room.sid, message.sid))
    assert MediaRemoved(ana.service_sid, 0) in world.events()
    assert (await state(world, gone), await state(world, stays)) == ("removed", "ready")
    assert await due(world) == [gone]


async def test_media_go_with_their_conversation(world: World) -> None:
    room, other, ana = await world.room("ana"), await world.room("ana"), world.user("ana")
    gone = [await upload(world, ana) for _ in range(3)]
    stays, unattached = await upload(world, ana), await upload(world, ana)
    await world.run(ana, SendMessage(room.sid, media_sids=tuple(gone[:2])))
    await world.run(ana, SendMessage(room.sid, media_sids=(gone[2],)))
    await world.run(ana, SendMessage(other.sid, media_sids=(stays,)))
    world.events()
    await world.run(world.account, DeleteConversation(room.sid))
    assert MediaRemoved(ana.service_sid, 0) in world.events()
    assert await due(world) == sorted(gone)
    assert (await state(world, stays), await state(world, unattached)) == ("ready", "ready")


async def test_unattached_media_go_with_their_user_and_sent_ones_stay(world: World) -> None:
    room, ana = await world.room("ana", "bo"), world.user("ana")
    sent, waiting, uploading = await upload(world, ana), await upload(world, ana), await reserve(world, ana)
    bos = await upload(world, world.user("bo"))
    await world.run(ana, SendMessage(room.sid, media_sids=(sent,)))
    world.events()
    await world.run(world.account, DeleteUser("ana"))
    assert MediaRemoved(ana.service_sid, 0) in world.events()
    assert await due(world) == sorted([waiting, uploading])
    assert (await state(world, sent), await state(world, bos)) == ("ready", "ready")
    # Another person of that name finds nothing of it.
    again = await world.person("ana", "participant")
    assert await world.refused(again, FinishMedia(uploading, 1, inline=False)) == NOT_FOUND


async def test_an_upload_has_its_time(world: World) -> None:
    room, ana = await world.room("ana"), world.user("ana")
    sid = await reserve(world, ana)
    world.now += UPLOAD_LIFETIME - 1
    assert await world.run(world.account, ExpireMedia((sid,))) == ()
    await world.run(ana, FinishMedia(sid, 1, inline=False))  # and now as long again
    world.now += UPLOAD_LIFETIME - 1
    assert await due(world) == []
    world.now += 1
    assert await world.refused(ana, SendMessage(room.sid, media_sids=(sid,))) == NOT_FOUND
    assert await world.run(world.account, ExpireMedia((sid,))) == (sid,)
    assert await state(world, sid) == "removed"


async def test_expiring_is_repeated_until_the_medium_is_forgotten(world: World) -> None:
    await world.room("ana")
    sid = await upload(world, world.user("ana"))
    world.now += UPLOAD_LIFETIME
    for _ in range(2):
        assert await due(world) == [sid]
        assert await world.run(world.account, ExpireMedia((sid, "ME" + "f" * 32))) == (sid,)
    await world.run(world.account, ForgetMedia((sid,)))
    assert await stored(world, sid) is None
    await world.run(world.account, ForgetMedia((sid,)))
    assert await world.run(world.account, ExpireMedia((sid,))) == ()


async def test_what_a_message_took_meanwhile_is_neither_expired_nor_forgotten(world: World) -> None:
    room, ana = await world.room("ana"), world.user("ana")
    sid = await upload(world, ana)
    await world.run(ana, SendMessage(room.sid, media_sids=(sid,)))
    world.now += UPLOAD_LIFETIME
    assert await world.run(world.account, ExpireMedia((sid,))) == ()
    await world.run(world.account, ForgetMedia((sid,)))
    assert await state(world, sid) == "ready"


async def test_only_the_account_sweeps(world: World) -> None:
    await world.room("ana")
    sid = await upload(world, world.user("ana"))
    for command in (ExpireMedia((sid,)), ForgetMedia((sid,))):
        assert (await world.refused(world.user("ana"), command))[0] == 403
