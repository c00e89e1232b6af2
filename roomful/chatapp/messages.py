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
_TOO_LONG = 50303
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
        """Write the attributes, of which no webhook is told.

        Raises ApiError `no_message`, `room_archived` and `too_many_reactions`, and BackendUnavailable.
        """
        with refusing("change a message", no_message(), _full()):
            self._at(message.room_sid, message.sid).update(attributes=attributes)

    def edit(self, message: Message, body: str, attributes: str) -> None:
        """Change the text. Webhooks are asked and told, as of every text that people write.

        Raises as `show` does, and ApiError `not_allowed` for what a webhook refuses.
        """
        with refusing("change a message", no_message(), _full()):
            resource = self._at(message.room_sid, message.sid)
            resource.update(body=body, attributes=attributes, x_twilio_webhook_enabled="true")

    def delete(self, message: Message) -> None:
        """Raises ApiError `no_message` when somebody else was faster, `room_archived`, and BackendUnavailable."""
        with refusing("delete a message", no_message(), _full()):
            self._at(message.room_sid, message.sid).delete()

    def _at(self, room_sid: str, sid: str) -> Any:
        return self._connection.service.conversations(room_sid).messages(sid)


@contextmanager
def refusing(doing: str, gone: ApiError, full: ApiError) -> Iterator[None]:
    """As `talking`; but what the backend refuses for good becomes an ApiError: `gone` where nothing is there, `full`
    for attributes that are too long, `room_archived` and `not_allowed`."""
    try:
        yield
    except TwilioRestException as exc:
        refusals = {_TOO_LONG: full, _CLOSED: archived(), _REFUSED_BY_WEBHOOK: _not_allowed()}
        refusal = gone if exc.status == 404 else refusals.get(exc.code)
        if refusal is None:
            with talking(doing):
                raise
        raise refusal from exc


def forget_message(transaction: Transaction, room_sid: str, sid: str) -> None:
    """There is no such message in the room: drop what is kept of it, but for pins, which the room shows."""
    for table in (schema.reactions, schema.mentions):
        transaction.execute(delete(table).where(table.c.message_sid == sid, table.c.room_sid == room_sid))


def is_message_sid(text: str) -> bool:
    """Whether it has a message's form; nothing else may become part of a path."""
    return _SID.fullmatch(text) is not None


def no_message() -> ApiError:
    return ApiError(404, "no_message", "There is no such message.")


def archived() -> ApiError:
    return ApiError(409, "room_archived", "This room is archived: nothing in it can be changed.")


def _full() -> ApiError:
    return ApiError(409, "too_many_reactions", "This message cannot hold more.")


def _not_allowed() -> ApiError:
    return ApiError(403, "not_allowed", "This text is not allowed here.")
