"""Media: files that are uploaded first and attached to a message by its send (docs/design/0013-media.md).

A medium is reserved before its bytes come and finished when they are on disk. Until a message takes it, its owner
answers for it, and it expires. Its bytes are removed after its row says so: no crash leaves bytes that nobody knows of.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import ClassVar, Final

from . import errors, limits
from .events import MediaRemoved
from .model import SYSTEM, Media, Message, User
from .permissions import require_account
from .ports import Actor, Needs, RowKey, Tx, key

CATEGORIES: Final = ("media", "body", "history")
UPLOAD_LIFETIME: Final = 60 * 60 * 1000
"""Milliseconds that an upload may take, and after it that a file waits for its message."""
AT_ONCE: Final = 100
"""Media that one command sweeps."""
SWEPT_AGAIN_AFTER: Final = 60 * 1000
"""Milliseconds until bytes that could not be removed are tried again."""


@dataclass(frozen=True, slots=True)
class Attached:
    """What a message tells of a medium. `size` is in bytes."""

    sid: str
    category: str
    filename: str | None
    content_type: str
    size: int


def attached(message: Message) -> list[Attached]:
    """What is attached to a message, in the order of the send."""
    return [Attached(**medium) for medium in json.loads(message.medias)] if message.medias else []


@dataclass(frozen=True, slots=True)
class ReserveMedia:
    """Announce an upload of at most `size` bytes. What one owner has unattached is bounded in number and bytes."""

    exclusive: ClassVar = True

    category: str
    filename: str | None
    content_type: str
    size: int

    def needs(self, actor: Actor) -> Needs:
        if actor.identity is None:
            return Needs()
        return Needs(users=((actor.service_sid, actor.identity),))

    def decide(self, actor: Actor, tx: Tx) -> Media:
        if self.category not in CATEGORIES:
            raise errors.invalid(20001, "Category must be media, body or history")
        filename, content_type = limits.filename(self.filename), limits.content_type(self.content_type)
        if self.size > limits.MEDIA_BYTES:
            raise errors.media_too_big(limits.MEDIA_MEGABYTES)
        owner = self._owner(actor, tx)
        self._check_quota(actor, tx.all(Media, order="sid", owner=owner))
        media = Media(
            sid=tx.sid("ME"),
            service_sid=actor.service_sid,
            author=actor.identity or SYSTEM,
            owner=owner,
            category=self.category,
            filename=filename,
            content_type=content_type,
            size=self.size,
            state="uploading",
            inline=False,
            conversation_sid=None,
            message_sid=None,
            date_created=tx.now,
            date_updated=tx.now,
            date_expires=tx.now + UPLOAD_LIFETIME,
        )
        tx.add(media)
        return media

    def _owner(self, actor: Actor, tx: Tx) -> str:
        if actor.identity is None:
            return actor.service_sid
        user = tx.one(User, service_sid=actor.service_sid, identity=actor.identity)
        if user is None:
            raise errors.user_not_found()
        return user.sid

    def _check_quota(self, actor: Actor, unattached: Sequence[Media]) -> None:
        # An application uploads for all of its users, so it may have more.
        count, size = limits.UNATTACHED_MEDIA, limits.UNATTACHED_BYTES
        if actor.identity is None:
            count, size = limits.UNATTACHED_MEDIA_OF_ACCOUNT, limits.UNATTACHED_BYTES_OF_ACCOUNT
        if len(unattached) >= count or sum(media.size for media in unattached) + self.size > size:
            raise errors.too_many_uploads()


def _uploaded(tx: Tx, actor: Actor, sid: str, *states: str) -> Media:
    """The actor's own upload, in one of these states and attached to nothing."""
    media = tx.one(Media, sid=sid)
    mine = media is not None and (media.service_sid, media.author) == (actor.service_sid, actor.identity or SYSTEM)
    if media is None or not mine or media.state not in states or media.date_expires is None:
        raise errors.media_not_found()
    return media


@dataclass(frozen=True, slots=True)
class FinishMedia:
    """The bytes of an upload are on disk: it can be attached. `inline`: see `Media.inline`."""

    exclusive: ClassVar = True

    sid: str
    size: int
    inline: bool
    filename: str | None = None
    content_type: str | None = None
    """What a form's part says; None: as it was announced."""

    def needs(self, actor: Actor) -> Needs:
        return Needs(rows=(key(Media, sid=self.sid),))

    def decide(self, actor: Actor, tx: Tx) -> Media:
        media = _uploaded(tx, actor, self.sid, "uploading")
        if self.size > media.size:
            raise errors.media_too_big(limits.MEDIA_MEGABYTES)
        media = replace(
            media,
            size=self.size,
            inline=self.inline,
            filename=media.filename if self.filename is None else limits.filename(self.filename),
            content_type=media.content_type if self.content_type is None else limits.content_type(self.content_type),
            state="ready",
            date_updated=tx.now,
            date_expires=tx.now + UPLOAD_LIFETIME,
        )
        tx.change(media)
        return media


@dataclass(frozen=True, slots=True)
class AbandonMedia:
    """An upload came to nothing: what of it is on disk is swept. Also when it was finished, but nobody was told so."""

    exclusive: ClassVar = True

    sid: str

    def needs(self, actor: Actor) -> Needs:
        return Needs(rows=(key(Media, sid=self.sid),))

    def decide(self, actor: Actor, tx: Tx) -> None:
        remove(tx, actor.service_sid, [_uploaded(tx, actor, self.sid, "uploading", "ready")])


# --- with a message --------------------------------------------------------------------------------------------------


def needs_media(sids: Iterable[str]) -> tuple[RowKey, ...]:
    """What `attachable` reads."""
    return tuple(key(Media, sid=sid) for sid in sids if limits.is_sid(sid, "ME"))


def attachable(tx: Tx, actor: Actor, sids: Sequence[str]) -> list[Media]:
    """The uploads that a send names; a user may attach only its own.

    Raises 50507 (404), 50508 (400) if one has a message already, 50512 (400, 413) if they are too many or too big.
    """
    if len(sids) > limits.MEDIA_PER_MESSAGE or len(set(sids)) < len(sids):
        raise errors.invalid(50512, f"A message has at most {limits.MEDIA_PER_MESSAGE} different media")
    found: list[Media] = []
    for sid in sids:
        media = tx.one(Media, sid=sid) if limits.is_sid(sid, "ME") else None  # a NUL no database can be asked about
        mine = media is not None and media.service_sid == actor.service_sid
        if media is None or not mine or media.state != "ready" or actor.identity not in (None, media.author):
            raise errors.media_not_found()
        if media.date_expires is None:
            raise errors.invalid(50508, "The media is attached to a message already")
        if media.date_expires <= tx.now:
            raise errors.media_not_found()
        found.append(media)
    if sum(media.size for media in found) > limits.MEDIA_BYTES:
        raise errors.media_too_big(limits.MEDIA_MEGABYTES)
    return found


def attach(tx: Tx, media: Sequence[Media], conversation_sid: str, message_sid: str) -> str | None:
    """Give uploads to a message: the text of `Message.medias`."""
    for medium in media:
        tx.change(
            replace(medium, owner=None, conversation_sid=conversation_sid, message_sid=message_sid, date_expires=None)
        )
    shown = [
        Attached(medium.sid, medium.category, medium.filename, medium.content_type, medium.size) for medium in media
    ]
    return json.dumps([asdict(each) for each in shown], separators=(",", ":"), ensure_ascii=False) if shown else None


def remove(tx: Tx, service_sid: str, media: Iterable[Media]) -> None:
    """Take media away from everybody; their bytes go soon after the commit."""
    removed = False
    for medium in media:
        removed = True
        tx.change(replace(medium, owner=None, state="removed", date_updated=tx.now, date_expires=tx.now))
    if removed:
        tx.emit(MediaRemoved(service_sid, 0))


# --- sweeping --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ExpireMedia:
    """Mark media whose time is over, so that no message takes them any more; the SIDs of all whose bytes are to go."""

    exclusive: ClassVar = True

    sids: tuple[str, ...]

    def needs(self, actor: Actor) -> Needs:
        return Needs(rows=needs_media(self.sids))

    def decide(self, actor: Actor, tx: Tx) -> tuple[str, ...]:
        require_account(actor, "expire media")
        found = [media for sid in self.sids if (media := tx.one(Media, sid=sid)) is not None]
        expired = [media for media in found if media.date_expires is not None and media.date_expires <= tx.now]
        for media in expired:
            if media.state != "removed":
                tx.change(replace(media, owner=None, state="removed", date_updated=tx.now))
        return tuple(media.sid for media in expired)


@dataclass(frozen=True, slots=True)
class ForgetMedia:
    """Drop the rows of media whose bytes are gone."""

    exclusive: ClassVar = True

    sids: tuple[str, ...]

    def needs(self, actor: Actor) -> Needs:
        return Needs(rows=needs_media(self.sids))

    def decide(self, actor: Actor, tx: Tx) -> None:
        require_account(actor, "forget media")
        for sid in self.sids:
            media = tx.one(Media, sid=sid)
            if media is not None and media.state == "removed":
                tx.remove(media)


@dataclass(frozen=True, slots=True)
class PostponeMedia:
    """The bytes of removed media could not be removed: they are tried again later, after those that wait already."""

    exclusive: ClassVar = True

    sids: tuple[str, ...]

    def needs(self, actor: Actor) -> Needs:
        return Needs(rows=needs_media(self.sids))

    def decide(self, actor: Actor, tx: Tx) -> None:
        require_account(actor, "postpone media")
        for sid in self.sids:
            media = tx.one(Media, sid=sid)
            if media is not None and media.state == "removed":
                tx.change(replace(media, date_expires=tx.now + SWEPT_AGAIN_AFTER))
