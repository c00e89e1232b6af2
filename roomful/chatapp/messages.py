"""Messages at the backend."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection as Transaction
from sqlalchemy import delete
from twilio.base.exceptions import TwilioRestException

from roomful.chatapp.backend import Connection, talking
from roomful.chatapp.errors import ApiError
from roomful.chatapp.store import schema

_SID = re.compile(r"IM[0-9a-fA-F]{32}")
_CLOSED = 50377
_REFUSED_BY_WEBHOOK = 50056


@dataclass(frozen=True, slots=True)
class Message:
    """attributes: JSON text, as somebody wrote it."""

    sid: str
    room_sid: str
    index: int
    author: str
    body: str
    attributes: str
    has_files: bool


class Messages:
    """Reads and changes them, with the administrator's keys. On behalf of a person ask `Access.message` first."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self, room_sid: str, sid: str) -> Message | None:
        """The message, if the room has it. Raises BackendUnavailable."""
        if not is_message_sid(sid):
            return None
        with talking("read a message", ignore=frozenset({404})):
            found = self._at(room_sid, sid).fetch()
            attributes, files = str(found.attributes or "{}"), bool(found.media)
            text = (str(found.author or ""), str(found.body or ""))
            return Message(str(found.sid), room_sid, int(found.index), *text, attributes, files)
        return None

    def show(self, message: Message, attributes: str) -> None:
        """Write the attributes, of which no webhook is told. Nothing is done to a message that is gone.

        Raises BackendUnavailable.
        """
        with talking("change a message", ignore=frozenset({404})):
            self._at(message.room_sid, message.sid).update(attributes=attributes)

    def edit(self, message: Message, body: str, attributes: str) -> None:
        """Change the text. Webhooks are asked and told, as of every text that people write.

        Raises ApiError `no_message`, `room_archived` and `not_allowed`, and BackendUnavailable.
        """
        with _refusing("change a message"):
            resource = self._at(message.room_sid, message.sid)
            resource.update(body=body, attributes=attributes, x_twilio_webhook_enabled="true")

    def delete(self, message: Message) -> None:
        """Raises ApiError `no_message` when somebody else was faster, `room_archived`, and BackendUnavailable."""
        with _refusing("delete a message"):
            self._at(message.room_sid, message.sid).delete()

    def _at(self, room_sid: str, sid: str) -> Any:
        return self._connection.service.conversations(room_sid).messages(sid)


@contextmanager
def _refusing(doing: str) -> Iterator[None]:
    try:
        yield
    except TwilioRestException as exc:
        refusal = _refusal(exc)
        if refusal is None:
            with talking(doing):
                raise
        raise refusal from exc


def _refusal(exc: TwilioRestException) -> ApiError | None:
    if exc.status == 404:
        return no_message()
    if exc.code == _CLOSED:
        return archived()
    if exc.code == _REFUSED_BY_WEBHOOK:
        return ApiError(403, "not_allowed", "This text is not allowed here.")
    return None


def forget_message(transaction: Transaction, sid: str) -> None:
    """The message is gone: drop what is kept of it. What its room's attributes show of it is another matter."""
    for table in (schema.reactions, schema.pins, schema.mentions):
        transaction.execute(delete(table).where(table.c.message_sid == sid))


def is_message_sid(text: str) -> bool:
    """Whether it has a message's form; nothing else may become part of a path."""
    return _SID.fullmatch(text) is not None


def no_message() -> ApiError:
    return ApiError(404, "no_message", "There is no such message.")


def archived() -> ApiError:
    return ApiError(409, "room_archived", "This room is archived: nothing in it can be changed.")
