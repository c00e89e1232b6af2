"""Sync objects as projections of rows (docs/protocol.md, "Objects"): their names, their SIDs, and the data they show.

An object's SID is its stream's SID with another prefix, so either can be told from the other without a table.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from enum import Enum
from typing import Any

from ..core.dates import iso
from ..core.media import Attached, attached
from ..core.model import Conversation, Message, Participant, Service, User
from ..core.ports import Reads

_HEX = "[0-9a-fA-F]{32}"


class Kind(Enum):
    """The five objects: SID prefix, type, suffix of the unique name, prefix of the stream's SID."""

    DOCUMENT = ("ET", "document", "channel", "CH")
    MESSAGES = ("ES", "list", "messages", "CH")
    ROSTER = ("MP", "map", "roster", "CH")
    MEMBERSHIPS = ("MC", "map", "my_channels", "US")
    PROFILE = ("MI", "map", "info", "US")

    def __init__(self, prefix: str, type_: str, suffix: str, stream_prefix: str) -> None:
        self.prefix = prefix
        self.type = type_
        self.suffix = suffix
        self.stream_prefix = stream_prefix

    def sid(self, stream: str) -> str:
        """The SID of this kind's object of a stream."""
        return self.prefix + stream[2:]

    def unique_name(self, stream: str) -> str:
        return f"{stream}.{self.suffix}"


_BY_PREFIX = {kind.prefix: kind for kind in Kind}
_BY_SUFFIX = {(kind.stream_prefix, kind.suffix): kind for kind in Kind}
_SID = re.compile(rf"({'|'.join(_BY_PREFIX)})({_HEX})")
_UNIQUE_NAME = re.compile(rf"((CH|US){_HEX})\.([a-z_]+)")


@dataclass(frozen=True, slots=True)
class Ref:
    """Names a Sync object: what it shows, and of which conversation or user."""

    kind: Kind
    stream: str

    @property
    def sid(self) -> str:
        return self.kind.sid(self.stream)

    @property
    def of_user(self) -> bool:
        """Whether it shows a user's stream rather than a conversation's."""
        return self.kind.stream_prefix == "US"


def ref_of(name: str) -> Ref | None:
    """The object with this SID or unique name, or None if it can be neither."""
    if match := _SID.fullmatch(name):
        kind = _BY_PREFIX[match[1]]
        return Ref(kind, kind.stream_prefix + match[2])
    if match := _UNIQUE_NAME.fullmatch(name):
        named = _BY_SUFFIX.get((match[2], match[3]))
        return Ref(named, match[1]) if named else None
    return None


def iso_or_none(milliseconds: int | None) -> str | None:
    return None if milliseconds is None else iso(milliseconds)


def conversation_data(conversation: Conversation) -> dict[str, Any]:
    """The document's data, the same for all readers."""
    last = None
    if conversation.last_message_index is not None:
        last = {
            "index": conversation.last_message_index,
            "timestamp": iso_or_none(conversation.last_message_date),
        }
    return {
        "sid": conversation.sid,
        "friendlyName": conversation.friendly_name,
        "uniqueName": conversation.unique_name,
        "attributes": conversation.attributes,
        "createdBy": conversation.created_by,
        "dateCreated": iso(conversation.date_created),
        "dateUpdated": iso(conversation.date_updated),
        "messages": Kind.MESSAGES.unique_name(conversation.sid),
        "roster": Kind.ROSTER.unique_name(conversation.sid),
        "state": {"current": conversation.state, "dateUpdated": iso(conversation.state_date)},
        "lastMessage": last,  # null, not absent: the SDK forgets the last message only when told
        "bindings": {},
    }


def message_data(message: Message) -> dict[str, Any]:
    """A list item's data. `attributes` must be text: the SDK parses it. Old versions look at `media` only."""
    medias = [_media_data(medium) for medium in attached(message)]
    files = [medium for medium in medias if medium["category"] == "media"]
    return {
        "sid": message.sid,
        "author": message.author,
        "text": message.body,
        "attributes": message.attributes,
        "timestamp": iso(message.date_created),
        "dateUpdated": iso(message.date_updated),
        "lastUpdatedBy": message.last_updated_by,
        "memberSid": message.participant_sid,
        "type": "media" if files else "text",
        "subject": message.subject,
        "contentSid": message.content_sid,
        **({"medias": medias} if medias else {}),
        **({"media": files[0]} if files else {}),
        **({"delivery": json.loads(message.delivery)} if message.delivery else {}),
        **({"channelMetadata": True} if message.channel_metadata else {}),
    }


def _media_data(medium: Attached) -> dict[str, Any]:
    return {
        "sid": medium.sid,
        "category": medium.category,
        "filename": medium.filename,
        "contentType": medium.content_type,
        "size": medium.size,
    }


def participant_data(participant: Participant) -> dict[str, Any]:
    """A roster item's data."""
    return {
        "identity": participant.identity,
        "attributes": participant.attributes,
        "roleSid": participant.role_sid,
        "type": participant.type,
        **({"bindings": {participant.type: binding_data(participant)}} if participant.address else {}),
        "userInfo": participant.user_sid and Kind.PROFILE.unique_name(participant.user_sid),
        "dateCreated": iso(participant.date_created),
        "dateUpdated": iso(participant.date_updated),
        "lastConsumedMessageIndex": participant.last_read_message_index,
        "lastConsumptionTimestamp": iso_or_none(participant.last_read_date),
    }


def binding_data(participant: Participant) -> dict[str, Any]:
    """Where somebody outside the chat is reached, in the names that the SDK and REST have for it."""
    shown = {
        "type": participant.type,
        "address": participant.address,
        "proxy_address": participant.proxy_address,
        "projected_address": participant.projected_address,
        "name": participant.name,
        "level": participant.level,
    }
    optional = ("projected_address", "name", "level")
    return {name: value for name, value in shown.items() if value is not None or name not in optional}


def membership_data(participant: Participant) -> dict[str, Any]:
    """An item of a user's map of conversations: the state that is this person's alone."""
    sid = participant.conversation_sid
    return {
        "status": "joined",
        "channel": Kind.DOCUMENT.unique_name(sid),
        "messages": Kind.MESSAGES.unique_name(sid),
        "roster": Kind.ROSTER.unique_name(sid),
        "notificationLevel": participant.notification_level,
        "lastConsumedMessageIndex": participant.last_read_message_index,
    }


@dataclass(frozen=True, slots=True)
class Item:
    """An item of a list or map as rows show it.

    Attributes:
        key: a list's index or a map's key.
        created, changed: positions in the object's stream.
    """

    key: str | int
    created: int
    changed: int
    data: dict[str, Any]
    date_created: int
    date_updated: int


def message_item(message: Message) -> Item:
    return Item(
        message.index,
        message.created_position,
        message.changed_position,
        message_data(message),
        message.date_created,
        message.date_updated,
    )


def roster_item(participant: Participant) -> Item:
    return Item(
        participant.sid,
        participant.conv_created,
        participant.conv_changed,
        participant_data(participant),
        participant.date_created,
        participant.date_updated,
    )


def membership_item(participant: Participant) -> Item:
    return Item(
        participant.conversation_sid,
        participant.user_created,
        participant.user_changed,
        membership_data(participant),
        participant.date_created,
        participant.date_updated,
    )


def profile_items(user: User, reachability: bool) -> list[Item]:
    """The items of a user's profile, in the order of their keys; they exist for every user from the first day.

    reachability: whether the user's service shows who is online.
    """
    values: list[tuple[str, int, dict[str, Any]]] = [
        ("attributes", user.attributes_position, {"value": user.attributes}),
        ("friendlyName", user.friendly_name_position, {"value": user.friendly_name}),
    ]
    if reachability:
        shown = {"online": user.online, "notifiable": user.notifiable}
        values.append(("reachability", user.reachability_position, shown))
    return [Item(key, 0, changed, data, user.date_created, user.date_updated) for key, changed, data in values]


def profile(reads: Reads, user: User) -> list[Item]:
    """The items of a user's profile as the user's service shows it."""
    service = reads.one(Service, sid=user.service_sid)
    return profile_items(user, service is not None and service.reachability_enabled)
