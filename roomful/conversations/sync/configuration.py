"""What a client asks before anything else: its configuration, content templates and push registrations."""

from __future__ import annotations

import json
from urllib.parse import quote

from ..core import errors, limits
from ..core.dates import iso
from ..core.model import ContentTemplate, Service
from ..core.ports import Reads
from ..core.push import RegisterPush, UnregisterPush
from .objects import Kind
from .requests import Action, Backend, Caller, Query, Reply, Request, text

TEMPLATES_PAGE = 100
PAGE_CHARS = 256 * 1024
"""Of templates in one page: far below the outgoing bytes at which a connection is dropped, whatever the characters."""
TYPING_SECONDS = 5
"""How often at most a typing person's client says so."""


def configuration(reads: Reads, caller: Caller, request: Request) -> Reply:
    """The client's own identity, the URLs and objects to start from, and options."""
    service = reads.one(Service, sid=caller.service_sid)
    if service is None:
        raise errors.service_not_found()
    client, public = caller.links.client, caller.links.public
    media = f"{public}/v1/Services/{caller.service_sid}"
    return Reply(
        200,
        {
            "identity": caller.identity,
            "service_sid": caller.service_sid,
            "links": {
                "my_conversations": f"{client}/MyConversations",
                "conversations": f"{client}/Conversations",
                "users": f"{client}/Users",
                "current_user": f"{client}/Users/{quote(caller.identity, safe='')}",
                "typing": f"{caller.links.origin}/v1/typing",
                "media_service": f"{media}/Media",
                "media_set_service": f"{media}/MediaSet",
                "messages_receipts": f"{client}/Conversations/%s/Messages/%s/Receipts",
            },
            "sync_objects": {
                "my_conversations": Kind.MEMBERSHIPS.unique_name(caller.user_sid),
                "my_user_info": Kind.PROFILE.unique_name(caller.user_sid),
            },
            "options": options(service),
        },
    )


def options(service: Service) -> dict[str, object]:
    """What a client may do, and how often."""
    mime_types = ["text/plain", "text/html"]
    return {
        "reachability_enabled": service.reachability_enabled,
        "typing_indicator_timeout": TYPING_SECONDS,
        "http_cache_interval": "PT0S",  # otherwise counts would be stale for a while
        "consumption_report_interval": "PT5S",
        "user_infos_to_subscribe": 100,
        "media_attachments_count_limit": limits.MEDIA_PER_MESSAGE,
        "media_attachment_size_limit_in_mb": limits.MEDIA_MEGABYTES,
        "media_attachments_total_size_limit_in_mb": limits.MEDIA_MEGABYTES,
        "email_histories_allowed_mime_types": mime_types,
        "email_bodies_allowed_mime_types": mime_types,
    }


def content_templates(reads: Reads, caller: Caller, request: Request) -> Reply:
    """The account's content templates, in pages whose token is the last one's SID; large ones make shorter pages."""
    service = reads.one(Service, sid=caller.service_sid)
    if service is None:
        raise errors.service_not_found()
    token = request.params.get("PageToken")
    if token is not None and not limits.is_sid(token, "HX"):
        raise errors.invalid(20001, "The page token is not valid")
    rows = reads.page(
        ContentTemplate, order="sid", start=token, limit=TEMPLATES_PAGE + 1, account_sid=service.account_sid
    )
    page = rows[: _fitting(rows[:TEMPLATES_PAGE])]
    following = page[-1].sid if len(page) < len(rows) else None
    return Reply(
        200, {"templates": [_template(row) for row in page], "meta": {"next_token": following, "previous_token": None}}
    )


def _fitting(rows: list[ContentTemplate]) -> int:
    """How many of these templates one answer holds: it is sent whole, and at least one is in it."""
    size = 0
    for count, row in enumerate(rows):
        size += len(row.variables) + len(row.types)
        if size > PAGE_CHARS and count:
            return count
    return len(rows)


def _template(row: ContentTemplate) -> dict[str, object]:
    return {
        "sid": row.sid,
        "friendly_name": row.friendly_name,
        "variables": row.variables,
        "variants": json.loads(row.types),
        "date_created": iso(row.date_created),
        "date_updated": iso(row.date_updated),
    }


async def register_push(backend: Backend, caller: Caller, request: Request) -> Reply:
    """Bind the caller's device. Clients repeat this at each start, and for ever when it is refused."""
    body = request.json()
    data = body.get("data")
    channel_type = text(body, "channel_type") or ""
    address = (text(data, "registration_id") if isinstance(data, dict) else None) or ""
    command = RegisterPush(channel_type, address)
    binding = await backend.reads.read(lambda reads: command.done(reads, caller.actor))
    if binding is None:
        binding = await backend.perform(caller.actor, command)
    return Reply(200, {"id": binding.sid})


async def remove_push(backend: Backend, caller: Caller, request: Request) -> Reply:
    """Remove the binding that the path names, or the caller's binding of the device that the body names."""
    if request.args:
        command = UnregisterPush(binding_sid=request.args[0])
    else:
        body = request.json()
        command = UnregisterPush(channel_type=text(body, "binding_type"), address=text(body, "address"))
    await backend.perform(caller.actor, command)
    return Reply(204, None)


QUERIES: dict[str, Query] = {
    "GET /Client/v2/Configuration": configuration,
    "GET /Client/v2/ContentTemplates": content_templates,
}
ACTIONS: dict[str, Action] = {
    "POST /v1/registrations": register_push,
    "DELETE /v1/registrations": remove_push,
    "DELETE /v1/registrations/*": remove_push,
}
