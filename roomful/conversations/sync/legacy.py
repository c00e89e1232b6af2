"""What SDK 1.x reads elsewhere than later versions: its session's context, and GETs (docs/protocol.md, "SDK 1.1.0")."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ..core import errors
from ..core.errors import ServiceError
from ..core.model import Service
from ..core.ports import Reads
from . import conversations, users
from .configuration import options
from .objects import Kind
from .requests import Caller, Query, Reply, Request

PATH = "/Client/v1"


def context(reads: Reads, caller: Caller) -> dict[str, Any]:
    """Of a session: what later versions read as their configuration. Raises 50050 (404).

    The client puts its own base before each link; before that of media it puts Twilio's host. Behind that an `@` makes
    a user's name of it, so the request comes to us, and the access token that it carries goes to nobody else.
    """
    service = reads.one(Service, sid=caller.service_sid)
    if service is None:
        raise errors.service_not_found()
    shown = options(service)
    host = caller.links.public.partition("://")[2]
    return {
        "identity": caller.identity,
        "userInfo": Kind.PROFILE.unique_name(caller.user_sid),
        "myChannels": Kind.MEMBERSHIPS.unique_name(caller.user_sid),
        "channels": "public",  # the client wants it to be there, and never opens it
        "reachabilityEnabled": shown["reachability_enabled"],
        "userInfosToSubscribe": shown["user_infos_to_subscribe"],
        "httpCacheInterval": shown["http_cache_interval"],
        "consumptionReportInterval": shown["consumption_report_interval"],
        "links": {
            "publicChannelsUrl": f"{PATH}/Channels",
            "myChannelsUrl": f"{PATH}/MyChannels",
            "syncListUrl": f"{PATH}/SyncList",
            "usersUrl": f"{PATH}/Users",
            "typingUrl": "/v1/typing",
            "messagesReceiptsUrl": "/Client/v2/Conversations/%s/Messages/%s/Receipts",
            "mediaServiceUrl": f"@{host}/v1/Services/{caller.service_sid}/Media",
        },
    }


def _channel(mine: dict[str, Any]) -> dict[str, Any]:
    """One of the caller's conversations, in the words of later versions and of this one."""
    objects = mine["sync_objects"]
    return mine | {
        "channel_sid": mine["conversation_sid"],
        "last_consumed_message_index": mine["last_read_message_index"],
        "channel": objects["conversation"],
        "messages": objects["messages"],
        "roster": objects["participants"],
    }


def sync_list(reads: Reads, caller: Caller, request: Request) -> Reply:
    """A page of the caller's conversations."""
    body = conversations.my_conversations(reads, caller, request).body
    return Reply(200, {"channels": [_channel(mine) for mine in body["conversations"]], "meta": body["meta"]})


def unread(reads: Reads, caller: Caller, request: Request) -> Reply:
    """The conversation `ChannelSid` with its unread messages, in a list: an empty one if the caller is not in it."""
    named = replace(request, args=(request.params.get("ChannelSid", ""),))
    try:
        channels = [_channel(conversations.my_conversation(reads, caller, named).body)]
    except ServiceError:
        channels = []
    meta = {"key": "channels", "page_size": len(channels), "next_token": None, "previous_token": None}
    return Reply(200, {"channels": channels, "meta": meta})


def my_channel(reads: Reads, caller: Caller, request: Request) -> Reply:
    """One of the caller's conversations, by its unique name."""
    return Reply(200, _channel(conversations.my_conversation(reads, caller, request).body))


def channel(reads: Reads, caller: Caller, request: Request) -> Reply:
    """A conversation that the caller may open, with its counts."""
    body = conversations.conversation(reads, caller, request).body
    return Reply(200, body | {"members_count": body["participants_count"]})


def user(reads: Reads, caller: Caller, request: Request) -> Reply:
    """A user of the service, with the name of its profile's map."""
    body = users.user(reads, caller, request).body
    return Reply(200, body | {"sync_unique_name": body["sync_objects"]["user_info_map"]})


QUERIES: dict[str, Query] = {
    f"GET {PATH}/SyncList": sync_list,
    f"GET {PATH}/MyChannels": unread,
    f"GET {PATH}/MyChannels/*": my_channel,
    f"GET {PATH}/Channels/*": channel,
    f"GET {PATH}/Users/*": user,
}
