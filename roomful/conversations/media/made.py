"""Media that the service itself makes: the data of messages from content templates."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace

from ..core import errors
from ..core.content import Rendered, rendered
from ..core.errors import ServiceError
from ..core.media import AbandonMedia, FinishMedia, ReserveMedia, attached
from ..core.messages import SendMessage
from ..core.model import ContentTemplate, Message, Service
from ..core.ports import Actor, Reads
from ..rest.call import Api
from .store import MediaStore, MediaStoreError


async def send_content(
    api: Api, store: MediaStore, actor: Actor, command: SendMessage, variables: str | None
) -> Message:
    """Send a message whose text and data come from the template `command.content_sid`.

    Raises what `command` raises, 50526 (400) if the account has no such template, 50527 (400), and 20503 (503).
    """
    made = rendered(await _template(api, actor, command.content_sid or ""), variables)
    media = await api.perform(actor, ReserveMedia("body", None, made.content_type, len(made.data)))
    sent = None
    try:
        await _write(store, media.sid, made)
        await api.perform(actor, FinishMedia(media.sid, len(made.data), inline=False))
        sent = await api.perform(actor, replace(command, body=made.body, media_sids=(media.sid,)))
        return sent
    finally:
        # A send that is refused or repeated takes nothing: its data would count as an upload of the actor for an hour.
        if sent is None or all(each.sid != media.sid for each in attached(sent)):
            await asyncio.shield(_abandon(api, actor, media.sid))


async def _template(api: Api, actor: Actor, template_sid: str) -> ContentTemplate:

    def query(reads: Reads) -> ContentTemplate | None:
        service = reads.one(Service, sid=actor.service_sid)
        found = reads.one(ContentTemplate, sid=template_sid)
        return found if found is not None and service is not None and found.account_sid == service.account_sid else None

    template = await api.read(query) if "\x00" not in template_sid else None
    if template is None:
        raise errors.template_not_found()
    return template


async def _write(store: MediaStore, sid: str, made: Rendered) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        yield made.data

    try:
        await store.write(sid, chunks())
    except MediaStoreError:
        raise errors.media_unavailable() from None


async def _abandon(api: Api, actor: Actor, sid: str) -> None:
    with suppress(ServiceError):  # it is attached after all, or the service closes: what is left expires by itself
        await api.perform(actor, AbandonMedia(sid))
