"""Rows as the JSON objects of Twilio's v1 specification, key for key.

URLs follow the form in which the caller asked (short or with the service); so does `chat_service_sid` of
participants, messages and webhooks, which the specification has in the service form only. What this server has not
(media, carriers, e-mail) is null or empty, as Twilio answers where it is unused.
"""

from __future__ import annotations

import json
from typing import Any

from ..core.media import Attached, attached
from ..core.model import (
    AddressConfiguration,
    ContentTemplate,
    Conversation,
    Message,
    Participant,
    PushBinding,
    PushCredential,
    Receipt,
    Role,
    Service,
    User,
    Webhook,
)
from .call import Call
from .params import format_date

Json = dict[str, Any]


Dated = (
    AddressConfiguration
    | ContentTemplate
    | Conversation
    | Participant
    | Message
    | PushBinding
    | PushCredential
    | Receipt
    | User
    | Role
    | Service
    | Webhook
)


def dates(row: Dated) -> Json:
    """When it was made and last changed."""
    return {"date_created": format_date(row.date_created), "date_updated": format_date(row.date_updated)}


def _timers(row: Conversation) -> dict[str, str]:
    """When the clock will change the conversation's state: the instants, where there are any."""
    dates = {"date_inactive": row.date_inactive, "date_closed": row.date_closed}
    return {name: format_date(date) for name, date in dates.items() if date is not None}


def conversation(call: Call, row: Conversation) -> Json:
    url = f"{call.prefix}/Conversations/{row.sid}"
    return {
        "sid": row.sid,
        "account_sid": call.account.sid,
        "chat_service_sid": row.service_sid,
        "messaging_service_sid": None,
        "friendly_name": row.friendly_name,
        "unique_name": row.unique_name,
        "attributes": row.attributes,
        "state": row.state,
        **dates(row),
        "timers": _timers(row),
        "bindings": {},
        "url": url,
        "links": {
            "participants": f"{url}/Participants",
            "messages": f"{url}/Messages",
            "webhooks": f"{url}/Webhooks",
            "export": f"{url}/Export",
        },
    }


def conversation_with_participants(call: Call, row: Conversation) -> Json:
    """As the specification has it: without the link that leads to an export."""
    shown = conversation(call, row)
    return shown | {"links": {name: link for name, link in shown["links"].items() if name != "export"}}


def _within(call: Call, conversation_sid: str) -> Json:
    """What participants, messages and webhooks say of where they belong."""
    body = {"account_sid": call.account.sid, "conversation_sid": conversation_sid}
    if call.in_service_form:
        body["chat_service_sid"] = call.service.sid
    return body


def participant(call: Call, row: Participant) -> Json:
    return {
        "sid": row.sid,
        **_within(call, row.conversation_sid),
        "identity": row.identity,
        "messaging_binding": _binding(row) if row.address else None,
        "attributes": row.attributes,
        "role_sid": row.role_sid,
        "last_read_message_index": row.last_read_message_index,
        "last_read_timestamp": None if row.last_read_date is None else format_date(row.last_read_date),
        **dates(row),
        "url": f"{call.prefix}/Conversations/{row.conversation_sid}/Participants/{row.sid}",
    }


def _binding(row: Participant) -> Json:
    shown = {"type": row.type, "address": row.address, "proxy_address": row.proxy_address}
    optional = {"projected_address": row.projected_address, "name": row.name, "level": row.level}
    return shown | {name: value for name, value in optional.items() if value is not None}


def receipt(call: Call, row: Receipt) -> Json:
    of = f"{call.prefix}/Conversations/{row.conversation_sid}/Messages/{row.message_sid}"
    return {
        "sid": row.sid,
        **_within(call, row.conversation_sid),
        "message_sid": row.message_sid,
        "channel_message_sid": row.channel_message_sid,
        "participant_sid": row.participant_sid,
        "status": row.status,
        "error_code": row.error_code,
        **dates(row),
        "url": f"{of}/Receipts/{row.sid}",
    }


def message(call: Call, row: Message) -> Json:
    url = f"{call.prefix}/Conversations/{row.conversation_sid}/Messages/{row.sid}"
    return {
        "sid": row.sid,
        **_within(call, row.conversation_sid),
        "index": row.index,
        "author": row.author,
        "body": row.body,
        "media": [_medium(medium) for medium in attached(row)] or None,
        "participant_sid": row.participant_sid,
        "attributes": row.attributes,
        "delivery": json.loads(row.delivery) if row.delivery else None,
        "content_sid": row.content_sid,
        **dates(row),
        "url": url,
        "links": {"delivery_receipts": f"{url}/Receipts", "channel_metadata": f"{url}/ChannelMetadata"},
    }


def _medium(medium: Attached) -> Json:
    return {
        "sid": medium.sid,
        "size": medium.size,
        "content_type": medium.content_type,
        "filename": medium.filename,
        "category": medium.category,
    }


def content_template(call: Call, row: ContentTemplate) -> Json:
    url = f"{call.root}/Content/{row.sid}"
    return {
        "sid": row.sid,
        "account_sid": row.account_sid,
        "friendly_name": row.friendly_name,
        "language": row.language,
        "variables": json.loads(row.variables),
        "types": json.loads(row.types),
        **dates(row),
        "url": url,
        "links": {},
    }


def webhook(call: Call, row: Webhook) -> Json:
    """A conversation's own."""
    return {
        "sid": row.sid,
        **_within(call, row.conversation_sid),
        "target": row.target,
        "configuration": _target_configuration(row),
        **dates(row),
        "url": f"{call.prefix}/Conversations/{row.conversation_sid}/Webhooks/{row.sid}",
    }


def _target_configuration(row: Webhook) -> Json:
    """What there is to say of a target; keywords come as `filters`, as the specification's examples have them."""
    if row.target == "studio":
        return {"flow_sid": row.flow_sid}
    filters = json.loads(row.triggers) if row.target == "trigger" else row.filters.split()
    return {"url": row.url, "method": row.method.lower(), "filters": filters}


def user(call: Call, row: User) -> Json:
    url = f"{call.prefix}/Users/{row.sid}"
    return {
        "sid": row.sid,
        "account_sid": call.account.sid,
        "chat_service_sid": row.service_sid,
        "role_sid": row.role_sid,
        "identity": row.identity,
        "friendly_name": row.friendly_name,
        "attributes": row.attributes,
        "is_online": row.online if call.service.reachability_enabled else None,
        "is_notifiable": row.notifiable if call.service.reachability_enabled else None,
        **dates(row),
        "url": url,
        "links": {"user_conversations": f"{url}/Conversations"},
    }


def user_conversation(call: Call, membership: Participant, of: Conversation, unread: int | None) -> Json:
    """`unread` is the number of messages beyond the read horizon; None while there is no horizon."""
    url = f"{call.prefix}/Conversations/{of.sid}"
    return {
        "account_sid": call.account.sid,
        "chat_service_sid": of.service_sid,
        "conversation_sid": of.sid,
        "participant_sid": membership.sid,
        "user_sid": membership.user_sid,
        "unread_messages_count": unread,
        "last_read_message_index": membership.last_read_message_index,
        "notification_level": membership.notification_level,
        "conversation_state": of.state,
        "friendly_name": of.friendly_name,
        "unique_name": of.unique_name,
        "attributes": of.attributes,
        "timers": _timers(of),
        "created_by": of.created_by,
        **dates(of),
        "url": f"{call.prefix}/Users/{membership.user_sid}/Conversations/{of.sid}",
        "links": {"participant": f"{url}/Participants/{membership.sid}", "conversation": url},
    }


def participant_conversation(call: Call, membership: Participant, of: Conversation) -> Json:
    url = f"{call.prefix}/Conversations/{of.sid}"
    return {
        "account_sid": call.account.sid,
        "chat_service_sid": of.service_sid,
        "participant_sid": membership.sid,
        "participant_user_sid": membership.user_sid,
        "participant_identity": membership.identity,
        "participant_messaging_binding": _whole_binding(membership) if membership.address else None,
        "conversation_sid": of.sid,
        "conversation_unique_name": of.unique_name,
        "conversation_friendly_name": of.friendly_name,
        "conversation_attributes": of.attributes,
        "conversation_date_created": format_date(of.date_created),
        "conversation_date_updated": format_date(of.date_updated),
        "conversation_created_by": of.created_by,
        "conversation_state": of.state,
        "conversation_timers": _timers(of),
        "links": {"participant": f"{url}/Participants/{membership.sid}", "conversation": url},
    }


def _whole_binding(row: Participant) -> Json:
    """With what is not set, too, as the specification's examples of this list have it."""
    return {"level": row.level, "name": row.name, "projected_address": row.projected_address, **_binding(row)}


def binding(call: Call, row: PushBinding) -> Json:
    return {
        "sid": row.sid,
        "account_sid": call.account.sid,
        "chat_service_sid": row.service_sid,
        "credential_sid": None,
        **dates(row),
        "endpoint": row.address,
        "identity": row.identity,
        "binding_type": row.channel_type,
        "message_types": ["new_message", "added_to_conversation", "removed_from_conversation"],
        "url": f"{call.prefix}/Bindings/{row.sid}",
    }


def role(call: Call, row: Role) -> Json:
    return {
        "sid": row.sid,
        "account_sid": call.account.sid,
        "chat_service_sid": row.service_sid,
        "friendly_name": row.friendly_name,
        "type": row.type,
        "permissions": row.permissions.split(),
        **dates(row),
        "url": f"{call.prefix}/Roles/{row.sid}",
    }
