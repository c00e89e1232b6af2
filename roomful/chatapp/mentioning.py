"""Mentions: who is mentioned where, for badges. A row is a claim of the message's author that was checked.

`@room` is one row, whoever is in the room: people's rooms are asked for when their mentions are read.
"""

import re
from collections.abc import Iterable

from sqlalchemy import delete, insert, select

from roomful.chatapp.backend import talking
from roomful.chatapp.identity import is_identity
from roomful.chatapp.messages import Message
from roomful.chatapp.state import ChatState
from roomful.chatapp.store import schema

EVERYBODY = "@room"
KEPT = 100  # of each person, in each room

_table = schema.mentions

# The same rules as in web/src/chat/mentions.ts: `@` and something that can be an identity, where a word begins.
_MENTION = re.compile(r"(?<![\w@/.-])@([a-zA-Z0-9][a-zA-Z0-9._-]{0,63})")
_CODE = re.compile(r"```.*?(?:```|\Z)|`[^`\n]*`", re.DOTALL)


def mentioned(text: str, claimed: Iterable[str], quoted: str | None = None) -> list[str]:
    """Those of `claimed` whom the text mentions, in its order, and who is `quoted`: a reply need not repeat the name.
    What is in code is not said to anybody."""
    known = {who for who in claimed if who == EVERYBODY or is_identity(who)}
    plain = _CODE.sub(lambda hidden: " " * len(hidden[0]), text)
    found = (_known_start(typed.lower(), known) for typed in _MENTION.findall(plain))
    replied = [quoted] if quoted in known and quoted != EVERYBODY else []
    return list(dict.fromkeys(who for who in [*found, *replied] if who is not None))


def _known_start(typed: str, known: set[str]) -> str | None:
    """The longest start of what was typed that is somebody: a sentence may end right behind a name."""
    while typed:
        who = EVERYBODY if typed == "room" else typed
        if who in known:
            return who
        if typed[-1] not in "._-":
            return None
        typed = typed[:-1]
    return None


def note_mentions(state: ChatState, message: Message, mentions: list[str]) -> None:
    """Keep that the message mentions these people, so far as they are in the room, and no others. Within the message's
    lock. Raises BackendUnavailable."""
    there = [who for who in mentions if who != message.author and (who == EVERYBODY or _is_in(state, message, who))]
    mine = _table.c.message_sid == message.sid
    with state.database.read() as transaction:
        if set(transaction.execute(select(_table.c.identity).where(mine)).scalars()) == set(there):
            return
    with state.database.write() as transaction:
        transaction.execute(delete(_table).where(mine))
        for who in sorted(there):
            place = {"identity": who, "room_sid": message.room_sid, "index": message.index}
            transaction.execute(insert(_table).values(**place, message_sid=message.sid, author=message.author))
            of_person = (_table.c.identity == who, _table.c.room_sid == message.room_sid)
            oldest = select(_table.c.index).where(*of_person).order_by(_table.c.index.desc()).offset(KEPT).limit(1)
            transaction.execute(delete(_table).where(*of_person, _table.c.index <= oldest.scalar_subquery()))


def mentions_of(state: ChatState, identity: str, rooms: Iterable[str]) -> dict[str, list[int]]:
    """Where in these rooms others have mentioned the person, by room, in order."""
    places = select(_table.c.room_sid, _table.c.index).where(
        _table.c.identity.in_([identity, EVERYBODY]), _table.c.room_sid.in_(sorted(rooms)), _table.c.author != identity
    )
    found: dict[str, list[int]] = {}
    with state.database.read() as transaction:
        for room_sid, index in transaction.execute(places.distinct().order_by(_table.c.index)):
            found.setdefault(room_sid, []).append(index)
    return {sid: indexes[-KEPT:] for sid, indexes in found.items()}


def _is_in(state: ChatState, message: Message, identity: str) -> bool:
    with talking("read who is in the room", ignore=frozenset({404})):
        state.connection.service.conversations(message.room_sid).participants(identity).fetch()
        return True
    return False
