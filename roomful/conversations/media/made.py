"""Media that the service itself makes: the data of messages from content templates."""

from __future__ import annotations

from collections.abc import AsyncIterator

from ..core import errors
from ..core.content import rendered
from ..core.media import AbandonMedia, FinishMedia, ReserveMedia
from ..core.model import ContentTemplate, Service
from ..core.ports import Actor, Reads
from ..rest.call import Api
from .store import MediaStore, MediaStoreError


async def content_of(
    api: Api, store: MediaStore, actor: Actor, template_sid: str, variables: str | None
) -> tuple[str | None, str]:
    """A message's text and the SID of the medium with its data, from a template.

    Raises 50526 (400) if the account has no such template, 50527 (400), and 20503 (503).
    """

    def query(reads: Reads) -> ContentTemplate | None:
        service = reads.one(Service, sid=actor.service_sid)
        found = reads.one(ContentTemplate, sid=template_sid)
        return found if found is not None and service is not None and found.account_sid == service.account_sid else None

    template = await api.read(query) if "\x00" not in template_sid else None
    if template is None:
        raise errors.template_not_found()
    made = rendered(template, variables)
    media = await api.perform(actor, ReserveMedia("body", None, made.content_type, len(made.data)))

    async def chunks() -> AsyncIterator[bytes]:
        yield made.data

    try:
        await store.write(media.sid, chunks())
    except MediaStoreError:
        await api.perform(actor, AbandonMedia(media.sid))
        raise errors.media_unavailable() from None
    await api.perform(actor, FinishMedia(media.sid, len(made.data), inline=False))
    return made.body, media.sid
