"""How each operation of the table is asked for, as the SDK does it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from roomful.conversations.sync.objects import Kind

from .table import OTHER, Case

C, M, U = "/Client/v2/Conversations", "/Client/v2/MyConversations", "/Client/v2/Users"
OLD = "/Client/v1"

Asked = tuple[str, str, Any]
"""Method, path and body."""


def _in_room(method: str, path: str, body: Any = None) -> Callable[[Case], Asked]:
    """`path` below the conversation's."""
    return lambda case: (method, f"{C}/{case.room.sid}{_filled(path, case)}", body)


def _filled(path: str, case: Case) -> str:
    names = {"mine": case.mine.sid, "theirs": case.theirs.sid, "me": case.me, "them": case.them.sid}
    names["outside"] = case.outside
    return path.format(identity=quote(case.identity, safe=""), other=OTHER, **names)


def _mine(body: dict[str, Any]) -> Callable[[Case], Asked]:
    return lambda case: ("POST", f"{M}/{case.room.sid}", body)


def _sync(kind: Kind, items: str = "") -> Callable[[Case], Asked]:
    """An object of the room."""
    type_ = f"{kind.type.capitalize()}s"
    return lambda case: ("GET", f"/v3/{type_}/{kind.unique_name(case.room.sid)}{items}", None)


def _own_map(items: str = "") -> Callable[[Case], Asked]:
    return lambda case: ("GET", f"/v3/Maps/{case.line.session.caller.user_sid}.my_channels{items}", None)


def _others_map(suffix: str, items: str = "") -> Callable[[Case], Asked]:
    return lambda case: ("GET", f"/v3/Maps/{case.other_sid}.{suffix}{items}", None)


def _own_user(body: dict[str, Any]) -> Callable[[Case], Asked]:
    return lambda case: ("POST", f"{U}/{quote(case.identity)}", body)


def _fixed(method: str, path: str, body: Any = None) -> Callable[[Case], Asked]:
    return lambda case: (method, path, body)


OPERATIONS: dict[str, Callable[[Case], Asked]] = {
    "start": _fixed("GET", "/Client/v2/Configuration"),
    "list content templates": _fixed("GET", "/Client/v2/ContentTemplates"),
    "list one's conversations": _fixed("GET", M),
    "open one of one's own": lambda case: ("GET", f"{M}/{quote(str(case.room.unique_name))}", None),
    "count unread": lambda case: ("GET", f"{M}/{case.room.sid}", None),
    "open": _in_room("GET", ""),
    "count participants": _in_room("GET", ""),
    "count messages": _in_room("GET", ""),
    "read the document": _sync(Kind.DOCUMENT),
    "open the messages": _sync(Kind.MESSAGES),
    "read messages": _sync(Kind.MESSAGES, "/Items"),
    "open the roster": _sync(Kind.ROSTER),
    "read the roster": _sync(Kind.ROSTER, "/Items"),
    "open one's memberships": _own_map(),
    "read one's memberships": _own_map("/Items"),
    "open another's memberships": _others_map("my_channels"),
    "read another's memberships": _others_map("my_channels", "/Items"),
    "read another's profile": _others_map("info", "/Items"),
    "find another user": _fixed("GET", f"{U}/{OTHER}"),
    "read receipts": _in_room("GET", "/Messages/{theirs}/Receipts"),
    "read channel metadata": _in_room("GET", "/Messages/{theirs}/ChannelMetadata"),
    "read recipients of messages": _in_room("GET", "/MessageRecipients"),
    "list one's conversations (1.x)": _fixed("GET", f"{OLD}/SyncList"),
    "count unread (1.x)": _fixed("GET", f"{OLD}/MyChannels"),
    "open one of one's own (1.x)": lambda case: ("GET", f"{OLD}/MyChannels/{quote(str(case.room.unique_name))}", None),
    "count (1.x)": lambda case: ("GET", f"{OLD}/Channels/{case.room.sid}", None),
    "find another user (1.x)": _fixed("GET", f"{OLD}/Users/{OTHER}"),
    "create": _fixed("POST", C, {"friendly_name": "another"}),
    "join": lambda case: ("POST", f"{C}/{case.room.sid}/Participants", {"identity": case.identity}),
    "add": _in_room("POST", "/Participants", {"identity": "somebody"}),
    "add somebody outside the chat": lambda case: (
        "POST",
        f"{C}/{case.room.sid}/Participants",
        {
            "messaging_binding": {
                "address": f"{len(case.actor)}@new.example",
                "proxy_address": f"{case.actor[0]}@a.example",
            }
        },
    ),
    "leave": _in_room("DELETE", "/Participants/{identity}"),
    "remove by identity": _in_room("DELETE", "/Participants/{other}"),
    "remove by participant": _in_room("DELETE", "/Participants/{them}"),
    "remove somebody outside the chat": _in_room("DELETE", "/Participants/{outside}"),
    "rename": _in_room("POST", "", {"friendly_name": "renamed"}),
    "change the unique name": _in_room("POST", "", {"unique_name": ""}),
    "change attributes": _in_room("POST", "", {"attributes": '{"a":1}'}),
    "delete": _in_room("DELETE", ""),
    "send": _in_room("POST", "/Messages", {"body": "new", "attributes": "{}"}),
    "edit one's own message": _in_room("POST", "/Messages/{mine}", {"body": "edited"}),
    "edit another's message": _in_room("POST", "/Messages/{theirs}", {"body": "edited"}),
    "change attributes of one's own message": _in_room("POST", "/Messages/{mine}", {"attributes": "[1]"}),
    "change attributes of another's message": _in_room("POST", "/Messages/{theirs}", {"attributes": "[1]"}),
    "remove one's own message": _in_room("DELETE", "/Messages/{mine}"),
    "remove another's message": _in_room("DELETE", "/Messages/{theirs}"),
    "change one's own participant's attributes": _in_room("POST", "/Participants/{identity}", {"attributes": "7"}),
    "change another participant's attributes": _in_room("POST", "/Participants/{them}", {"attributes": "7"}),
    "change attributes of somebody outside": _in_room("POST", "/Participants/{outside}", {"attributes": "7"}),
    "set the read horizon": _mine({"last_read_message_index": 0}),
    "advance the read horizon": _mine({"last_read_message_index": 1}),
    "set all messages read": _mine({"last_read_message_index": 1}),
    "set all messages unread": _mine({"last_read_message_index": None}),
    "set the notification level": _mine({"notification_level": "muted"}),
    "type": lambda case: ("POST", "/v1/typing", f"ChannelSid={case.room.sid}".encode()),
    "change one's own name": _own_user({"friendly_name": "New"}),
    "change one's own profile's attributes": _own_user({"attributes": '{"a":1}'}),
    "change another's name": lambda case: ("POST", f"{U}/{OTHER}", {"friendly_name": case.actor}),
    "change another's profile's attributes": lambda case: ("POST", f"{U}/{OTHER}", {"attributes": f'"{case.actor}"'}),
    "register for push": _fixed(
        "POST",
        "/v1/registrations",
        {
            "endpoint_platform": "x",
            "channel_type": "fcm",
            "version": "4",
            "message_types": [],
            "data": {"registration_id": "device"},
        },
    ),
    "remove a registration for push": _fixed(
        "DELETE", "/v1/registrations", {"binding_type": "fcm", "address": "device"}
    ),
    "remove registrations for push": _fixed("DELETE", "/v1/registrations/device"),
}

SUBSCRIPTIONS: dict[str, Callable[[Case], tuple[Kind, str]]] = {
    "subscribe to the document": lambda case: (Kind.DOCUMENT, case.room.sid),
    "subscribe to the messages": lambda case: (Kind.MESSAGES, case.room.sid),
    "subscribe to the roster": lambda case: (Kind.ROSTER, case.room.sid),
    "subscribe to another's memberships": lambda case: (Kind.MEMBERSHIPS, case.other_sid),
    "subscribe to another's profile": lambda case: (Kind.PROFILE, case.other_sid),
}

WITHOUT_TRACE = {
    "set all messages unread",
    "register for push",
    "remove a registration for push",
    "remove registrations for push",
}
"""Operations that need not move a stream, as they find what they ask for."""
