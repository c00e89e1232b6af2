"""Errors with Twilio's codes: `TABLE` has them all, and what follows it one constructor a meaning."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

TABLE: Final[Mapping[int, Mapping[int, str]]] = {
    20001: {400: "a parameter is missing, malformed or not supported"},
    20003: {401: "wrong credentials, or none"},
    20004: {405: "the path does not know the method; Allow names those it does"},
    20101: {
        401: "the access token is none, or was revoked",
        403: "the client was away for too long and must start anew",
    },
    20102: {401: "the access token's header is not that of Twilio's"},
    20103: {401: "the access token's issuer or subject is not the account's"},
    20104: {401: "the access token has expired"},
    20105: {401: "the access token is not valid yet"},
    20106: {401: "the access token grants nothing here, or is for another person"},
    20107: {401: "the access token's signature is wrong"},
    20157: {401: "the access token would live for more than 24 hours"},
    20403: {403: "only the account's auth token may do that, or a link has expired or was changed"},
    20404: {404: "nothing is there: an unknown path, SID or name, or something of another service"},
    20408: {408: "an upload stood still for 30 s, or took longer than an hour"},
    20409: {409: "the change met another one, or a role is in use"},
    20413: {413: "the body is larger than 1 MB"},
    20429: {429: "too many failed authentications from this address, uploads, connections or subscriptions"},
    20500: {500: "our mistake; the log has the request's id"},
    20503: {503: "too many commands wait, or the server is stopping"},
    50000: {400: "friendly name missing"},
    50003: {400: "friendly name too long"},
    50004: {400: "unique name too long"},
    50050: {404: "the service named as a default is not there"},
    50054: {
        400: "a webhook's URL is none or leads into a private network; a filter or a target of a configuration is none"
    },
    50055: {400: "a webhook's method is neither GET nor POST"},
    50056: {403: "a webhook that was asked refused the change"},
    50058: {400: "a notification's template is too long"},
    50059: {400: "the name of a notification's sound is too long"},
    50063: {429: "more writes in one second than the settings allow"},
    50100: {404: "the role named in a parameter is not there"},
    50104: {400: "a permission that a role of this type cannot hold"},
    50105: {400: "a role of the wrong type, or a type that is none"},
    50107: {403: "the user's roles lack the permission (SDK)"},
    50200: {404: "the user is not there (SDK)"},
    50201: {409: "user exists"},
    50204: {400: "identity missing"},
    50205: {403: "only account credentials may set a user's role (SDK)"},
    50206: {400: "identity looks like a user's SID"},
    50207: {400: "identity too long"},
    50208: {400: "the user is in as many conversations as can be"},
    50210: {400: "notification level is neither default nor muted"},
    50303: {400: "attributes too long"},
    50304: {400: "attributes are not JSON"},
    50308: {400: "DateCreated is no date"},
    50309: {400: "DateUpdated is no date"},
    50310: {400: "author too long"},
    50350: {404: "the conversation is not there, or not to be seen (SDK)"},
    50353: {409: "unique name taken"},
    50360: {404: "the webhook is not there (commands)"},
    50361: {400: "the conversation has as many webhooks as it can have"},
    50362: {400: "too many keywords"},
    50363: {400: "this is no SID of a webhook (commands)"},
    50364: {400: "target is none of webhook, trigger, studio"},
    50365: {400: "a filter is no event that a conversation's webhook can be told of"},
    50366: {400: "a keyword is empty or too long"},
    50367: {400: "Configuration.FlowSid is missing or no SID"},
    50368: {400: "target missing"},
    50369: {400: "URL missing"},
    50370: {400: "filters missing"},
    50371: {400: "keywords missing"},
    50372: {400: "URL too long"},
    50373: {400: "a projected address needs a carrier, which is not there; a messaging binding cannot be changed"},
    50374: {400: "state empty"},
    50375: {400: "Timers.Inactive is shorter than a minute"},
    50376: {400: "Timers.Closed is shorter than ten minutes"},
    50377: {400: "the conversation is closed, which is final"},
    50378: {400: "state is none of active, inactive, closed"},
    50379: {400: "Timers.Inactive is no ISO 8601 duration, or one of more than 3650 days"},
    50380: {400: "Timers.Closed is no ISO 8601 duration, or one of more than 3650 days"},
    50384: {400: "a conversation cannot be created closed"},
    50390: {400: "unique name looks like a conversation's SID"},
    50407: {400: "the address of somebody outside the chat is none"},
    50408: {400: "the proxy address is none"},
    50409: {400: "address and proxy address are equal"},
    50411: {400: "the address is empty"},
    50412: {400: "the proxy address is empty"},
    50414: {400: "address and proxy address are of different types"},
    50416: {409: "the pair of addresses is in another open conversation, whose SID ends the text"},
    50417: {400: "the conversation has as many participants as it can have"},
    50418: {400: "the conversation has as many people outside the chat as it can have"},
    50421: {400: "the read horizon is not an index of the conversation"},
    50426: {400: "more than ten participants for a new conversation"},
    50430: {403: "not a participant (SDK)"},
    50432: {404: "the participant is not there (SDK)"},
    50433: {409: "participant exists"},
    50451: {400: "a participant has an identity or a messaging binding, not both"},
    50500: {404: "the message is not there (SDK)"},
    50504: {400: "message body too long"},
    50507: {404: "the medium is unknown, not the caller's to see, not whole yet, or gone"},
    50508: {400: "the medium has a message already"},
    50511: {400: "the content type is none, or not one of an e-mail's text"},
    50512: {400: "more media than a message can have", 413: "media larger than 150 MB"},
    50526: {400: "there is no such content template"},
    50527: {400: "content variables are not a JSON object of texts, or too long for the template"},
    50530: {404: "the message has no channel metadata (SDK)"},
    54100: {404: "the document is not there (SDK)"},
    54150: {404: "the list is not there (SDK)"},
    54200: {404: "the map is not there (SDK)"},
}
"""Each code with the statuses that it can have, and what it means there (docs/errors.md is made from it)."""


class ServiceError(Exception):
    """A refusal that the caller is told.

    Attributes:
        status: the HTTP status of the answer.
        code: Twilio's error code; `TABLE` has it with this status.
        message: one sentence for a person.
        retry_after: after how many seconds the same may be accepted, if that can be told.
    """

    def __init__(self, status: int, code: int, message: str, retry_after: int | None = None) -> None:
        if status not in TABLE.get(code, {}):
            raise LookupError(f"TABLE has no {code} with status {status}")
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.retry_after = retry_after


def invalid(code: int, message: str) -> ServiceError:
    """A parameter that cannot be accepted (400)."""
    return ServiceError(400, code, message)


def gone(what: str) -> ServiceError:
    """It was there when it was looked up (404)."""
    return ServiceError(404, 20404, f"{what} was not found")


def conversation_not_found() -> ServiceError:
    return ServiceError(404, 50350, "Conversation not found")


def conversation_closed() -> ServiceError:
    return ServiceError(400, 50377, "Conversation is closed and cannot be changed")


def unique_name_exists(name: str) -> ServiceError:
    return ServiceError(409, 50353, f"Conversation with provided unique name already exists: {name}")


def participant_not_found() -> ServiceError:
    return ServiceError(404, 50432, "Participant not found")


def participant_exists() -> ServiceError:
    return ServiceError(409, 50433, "Participant already exists")


def not_a_participant() -> ServiceError:
    return ServiceError(403, 50430, "You are not a participant of this conversation")


def participants_limit(limit: int) -> ServiceError:
    return ServiceError(400, 50417, f"Conversation has reached its limit of {limit} participants")


def non_chat_limit(limit: int) -> ServiceError:
    return ServiceError(400, 50418, f"Conversation has reached its limit of {limit} people outside the chat")


def binding_taken(conversation_sid: str) -> ServiceError:
    """Software in use finds the conversation's SID at the end of this text."""
    text = "A binding for this participant and proxy address already exists in Conversation"
    return ServiceError(409, 50416, f"{text} {conversation_sid}")


def address_exists(type_: str) -> ServiceError:
    return ServiceError(409, 20409, f"This address of type {type_} is configured already")


def service_in_use(why: str) -> ServiceError:
    """A service cannot be deleted like this."""
    return ServiceError(409, 20409, f"The service cannot be deleted: {why}")


def key_in_use() -> ServiceError:
    return ServiceError(409, 20409, "This installation signs its own tokens with this API key; it cannot be revoked")


def auth_token_needed() -> ServiceError:
    """An API key was given for what only the account's own token may do."""
    return ServiceError(403, 20403, "This needs the account's SID and auth token; an API key does not do")


def too_many_people(limit: int) -> ServiceError:
    return ServiceError(400, 50426, f"A conversation can be made with at most {limit} participants")


def too_many_writes(what: str) -> ServiceError:
    """More was written within this second than the settings allow."""
    return ServiceError(429, 50063, f"Too many writes to this {what} in one second", retry_after=1)


def conversations_limit(limit: int) -> ServiceError:
    return ServiceError(400, 50208, f"User has reached the limit of {limit} conversations")


def forbidden(*permissions: str) -> ServiceError:
    """The user holds none of these permissions, of which one would do."""
    needed = " or ".join(permissions)
    return ServiceError(403, 50107, f"User is not authorised for this command: it needs the permission {needed}")


def message_not_found() -> ServiceError:
    return ServiceError(404, 50500, "Message not found")


def media_not_found() -> ServiceError:
    """Unknown, somebody else's, not whole yet, or gone."""
    return ServiceError(404, 50507, "Media not found")


def media_too_big(megabytes: int) -> ServiceError:
    return ServiceError(413, 50512, f"The media of one message may have {megabytes} MB at most")


def media_unavailable() -> ServiceError:
    return ServiceError(503, 20503, "The media store does not answer; try again in a moment", retry_after=5)


def template_not_found() -> ServiceError:
    return ServiceError(400, 50526, "Content template not found")


def too_many_uploads() -> ServiceError:
    return ServiceError(429, 20429, "Too many uploads wait for their messages; send or wait before you upload more")


def uploads_under_way(count: int) -> ServiceError:
    """A person uploads as much at once as one may."""
    text = f"You have {count} uploads under way; wait until one of them ends"
    return ServiceError(429, 20429, text, retry_after=5)


def uploads_full() -> ServiceError:
    """All together upload as much at once as this server takes in."""
    return ServiceError(503, 20503, "Too many uploads are under way here; try again in a moment", retry_after=5)


def user_not_found() -> ServiceError:
    return ServiceError(404, 50200, "User not found")


def user_exists() -> ServiceError:
    return ServiceError(409, 50201, "User already exists")


def role_not_found() -> ServiceError:
    return ServiceError(404, 50100, "Role not found")


def service_not_found() -> ServiceError:
    return ServiceError(404, 50050, "Service not found")


def webhook_not_found() -> ServiceError:
    return ServiceError(404, 50360, "Webhook not found")


def webhook_refused() -> ServiceError:
    """A webhook that was asked beforehand said no."""
    return ServiceError(403, 50056, "The change was rejected by a webhook")


def conflict() -> ServiceError:
    """Two changes met and this one lost; the caller may try again."""
    return ServiceError(409, 20409, "The resource was changed by another request at the same time; try again")


def busy() -> ServiceError:
    """More commands wait than the writer may hold."""
    return ServiceError(503, 20503, "The service is busy; try again in a moment")


def closing() -> ServiceError:
    return ServiceError(503, 20503, "The service is shutting down")


def internal() -> ServiceError:
    return ServiceError(500, 20500, "The service failed to carry out the request")
