"""Errors with Twilio's codes (docs/rest.md, "Errors"): one constructor a meaning, so each code stands in one place."""

from __future__ import annotations


class ServiceError(Exception):
    """A refusal that the caller is told.

    Attributes:
        status: the HTTP status of the answer.
        code: Twilio's error code.
        message: one sentence for a person.
        retry_after: after how many seconds the same may be accepted, if that can be told.
    """

    def __init__(self, status: int, code: int, message: str, retry_after: int | None = None) -> None:
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
