"""Services, their configuration and the account's as the JSON objects of Twilio's v1 specification, key for key."""

from __future__ import annotations

from ..core.model import (
    AddressConfiguration,
    NotificationConfiguration,
    PushCredential,
    Service,
    WebhookConfiguration,
)
from .call import Call
from .render import Json, dates

ADDED = "You have been added to a Conversation: ${CONVERSATION}"
REMOVED = "You have been removed from a Conversation: ${CONVERSATION}"
NEW_MESSAGE = "You have a new message in ${CONVERSATION} from ${PARTICIPANT}: ${MESSAGE}"
WITH_MEDIA = "You have a new message in ${CONVERSATION} with ${MEDIA_COUNT} media files: ${MEDIA}"
SOUND = "default"


def service(call: Call, row: Service) -> Json:
    url = f"{call.root}/Services/{row.sid}"
    return {
        "sid": row.sid,
        "account_sid": row.account_sid,
        "friendly_name": row.friendly_name,
        **dates(row),
        "url": url,
        "links": {
            "conversations": f"{url}/Conversations",
            "users": f"{url}/Users",
            "roles": f"{url}/Roles",
            "bindings": f"{url}/Bindings",
            "configuration": f"{url}/Configuration",
            "participant_conversations": f"{url}/ParticipantConversations",
            "conversation_with_participants": f"{url}/ConversationWithParticipants",
        },
    }


def account_configuration(call: Call, default_service_sid: str) -> Json:
    url = f"{call.root}/Configuration"
    return {
        "account_sid": call.account.sid,
        "default_chat_service_sid": default_service_sid,
        "default_messaging_service_sid": None,
        "default_inactive_timer": None,
        "default_closed_timer": None,
        "url": url,
        "links": {
            "service": f"{call.root}/Services/{default_service_sid}/Configuration",
            "webhooks": f"{url}/Webhooks",
        },
    }


def service_configuration(call: Call, row: Service) -> Json:
    url = f"{call.root}/Services/{row.sid}/Configuration"
    return {
        "chat_service_sid": row.sid,
        "default_conversation_creator_role_sid": row.default_conversation_creator_role_sid,
        "default_conversation_role_sid": row.default_conversation_role_sid,
        "default_chat_service_role_sid": row.default_chat_service_role_sid,
        "reachability_enabled": row.reachability_enabled,
        "url": url,
        "links": {"notifications": f"{url}/Notifications", "webhooks": f"{url}/Webhooks"},
    }


def account_webhooks(call: Call, row: WebhookConfiguration | None) -> Json:
    """`row` is None before the first configuration; of method and target the specification knows no null."""
    return {
        "account_sid": call.account.sid,
        **_webhook_urls(row),
        "method": "POST" if row is None else row.method,
        "target": "webhook" if row is None else row.target,
        "url": f"{call.root}/Configuration/Webhooks",
    }


def service_webhooks(call: Call, row: WebhookConfiguration | None) -> Json:
    """`row` is None before the first configuration; the specification's example has all of it null then."""
    return {
        "account_sid": call.account.sid,
        "chat_service_sid": call.service.sid,
        **_webhook_urls(row),
        "method": None if row is None else row.method,
        "url": f"{call.root}/Services/{call.service.sid}/Configuration/Webhooks",
    }


def _webhook_urls(row: WebhookConfiguration | None) -> Json:
    if row is None:
        return {"pre_webhook_url": None, "post_webhook_url": None, "filters": None}
    return {
        "pre_webhook_url": row.pre_webhook_url,
        "post_webhook_url": row.post_webhook_url,
        "filters": row.filters.split(),
    }


def credential(call: Call, row: PushCredential) -> Json:
    return {
        "sid": row.sid,
        "account_sid": row.account_sid,
        "friendly_name": row.friendly_name,
        "type": row.type,
        "sandbox": str(row.sandbox),  # a text, as the specification has it
        **dates(row),
        "url": f"{call.root}/Credentials/{row.sid}",
    }


def notifications(call: Call, row: NotificationConfiguration) -> Json:
    return {
        "account_sid": call.account.sid,
        "chat_service_sid": row.service_sid,
        "log_enabled": row.log_enabled,
        "new_message": {
            "enabled": row.new_message_enabled,
            "template": row.new_message_template or NEW_MESSAGE,
            "sound": row.new_message_sound or SOUND,
            "badge_count_enabled": row.new_message_badge_count_enabled,
            "with_media": {"enabled": row.with_media_enabled, "template": row.with_media_template or WITH_MEDIA},
        },
        "added_to_conversation": {
            "enabled": row.added_enabled,
            "template": row.added_template or ADDED,
            "sound": row.added_sound or SOUND,
        },
        "removed_from_conversation": {
            "enabled": row.removed_enabled,
            "template": row.removed_template or REMOVED,
            "sound": row.removed_sound or SOUND,
        },
        "url": f"{call.root}/Services/{row.service_sid}/Configuration/Notifications",
    }


def address(call: Call, row: AddressConfiguration) -> Json:
    return {
        "sid": row.sid,
        "account_sid": row.account_sid,
        "type": row.type,
        "address": row.address,
        "friendly_name": row.friendly_name,
        "address_country": row.address_country,
        "auto_creation": _auto_creation(row),
        **dates(row),
        "url": f"{call.root}/Configuration/Addresses/{row.sid}",
    }


def _auto_creation(row: AddressConfiguration) -> Json:
    """What its type has a use for."""
    shown: Json = {
        "enabled": row.auto_enabled,
        "type": row.auto_type,
        "conversation_service_sid": row.auto_service_sid,
    }
    if row.auto_type == "webhook":
        filters = row.webhook_filters.split()
        shown |= {"webhook_url": row.webhook_url, "webhook_method": row.webhook_method, "webhook_filters": filters}
    if row.auto_type == "studio":
        shown |= {"studio_flow_sid": row.studio_flow_sid, "studio_retry_count": row.studio_retry_count}
    return shown
