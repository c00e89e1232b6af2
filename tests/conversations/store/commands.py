"""Commands that exercise the store and know no rules of chat, and rows for them.

A `space` keeps the rows of one test or example apart: its conversations are numbered, and have SIDs made from both.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from roomful.conversations.core import errors
from roomful.conversations.core.events import ConversationAdded, MessageAdded, MessageRemoved, UserUpdated
from roomful.conversations.core.model import Conversation, Message, Role, Tombstone, User
from roomful.conversations.core.ports import Actor, Needs, Tx, key

SERVICE = "IS" + "0" * 32
ACTOR = Actor(SERVICE)


def conversation_sid(space: str, number: int) -> str:
    return f"CH{space}-{number}"


def conversation(sid: str, **changes: Any) -> Conversation:
    """A new conversation without a name."""
    row = Conversation(
        sid=sid,
        service_sid=SERVICE,
        friendly_name=None,
        unique_name=None,
        attributes="{}",
        state="active",
        created_by="system",
        position=1,
        document_position=1,
        pruned_to=0,
        next_index=0,
        last_message_index=None,
        last_message_date=None,
        messages_count=0,
        participants_count=0,
        date_created=1,
        date_updated=1,
        state_date=1,
    )
    return replace(row, **changes)


def user(identity: str, **changes: Any) -> User:
    """A new user; its SID is made from the identity."""
    row = User(
        sid=f"US{identity}",
        service_sid=SERVICE,
        identity=identity,
        friendly_name=None,
        attributes="{}",
        role_sid="RL",
        position=1,
        friendly_name_position=1,
        attributes_position=1,
        pruned_to=0,
        conversations_count=0,
        date_created=1,
        date_updated=1,
    )
    return replace(row, **changes)


def message(of: Conversation, sid: str, body: str, cid: str | None = None) -> Message:
    """The next message of a conversation."""
    return Message(
        sid=sid,
        conversation_sid=of.sid,
        index=of.next_index,
        author="author",
        participant_sid=None,
        body=body,
        subject=None,
        attributes="{}",
        cid=cid,
        last_updated_by=None,
        created_position=of.position + 1,
        changed_position=of.position + 1,
        date_created=1,
        date_updated=1,
        cid_author="author" if cid else None,
    )


@dataclass(frozen=True, slots=True)
class Add:
    """Adds rows without looking whether their keys are free."""

    rows: tuple[Any, ...]
    exclusive: ClassVar[bool] = False

    def needs(self, actor: Actor) -> Needs:
        return Needs()

    def decide(self, actor: Actor, tx: Tx) -> None:
        for row in self.rows:
            tx.add(row)
            if isinstance(row, Conversation):
                tx.emit(ConversationAdded(row.sid, row.position, row))


def check_free(tx: Tx, name: str | None) -> None:
    """Raise a conflict when a conversation has the name."""
    if name is not None and tx.one(Conversation, service_sid=SERVICE, unique_name=name) is not None:
        raise errors.conflict()


@dataclass(frozen=True, slots=True)
class Create:
    """Adds a conversation if its SID and its name are free, as the rules do."""

    row: Conversation
    exclusive: ClassVar[bool] = False

    def needs(self, actor: Actor) -> Needs:
        return Needs(conversations=(self.row.sid,))

    def decide(self, actor: Actor, tx: Tx) -> None:
        if tx.one(Conversation, sid=self.row.sid) is not None:
            raise errors.conflict()
        check_free(tx, self.row.unique_name)
        tx.add(self.row)
        tx.emit(ConversationAdded(self.row.sid, self.row.position, self.row))


@dataclass(frozen=True, slots=True)
class Rename:
    """Gives a conversation another unique name, if it is free."""

    sid: str
    name: str | None
    exclusive: ClassVar[bool] = False

    def needs(self, actor: Actor) -> Needs:
        return Needs(conversations=(self.sid,))

    def decide(self, actor: Actor, tx: Tx) -> None:
        found = tx.one(Conversation, sid=self.sid)
        if found is None:
            raise errors.conversation_not_found()
        if self.name != found.unique_name:
            check_free(tx, self.name)
        tx.change(replace(found, unique_name=self.name, position=found.position + 1))


@dataclass(frozen=True, slots=True)
class Send:
    """Adds a message and answers with its index. `then` happens after it has written: to fail there."""

    sid: str
    body: str
    cid: str | None = None
    then: Callable[[Tx], None] | None = None
    foresee: bool = True
    """Whether `needs` names all that is read; otherwise the rows are read when they are asked for."""
    exclusive: ClassVar[bool] = False

    def needs(self, actor: Actor) -> Needs:
        rows = (key(Message, conversation_sid=self.sid, cid_author="author", cid=self.cid),) if self.cid else ()
        return Needs(conversations=(self.sid,), rows=rows if self.foresee else ())

    def decide(self, actor: Actor, tx: Tx) -> int:
        found = tx.one(Conversation, sid=self.sid)
        if found is None:
            raise errors.conversation_not_found()
        new = message(found, tx.sid("IM"), self.body, self.cid)
        if self.cid is not None:
            first = tx.one(Message, conversation_sid=self.sid, cid_author="author", cid=self.cid)
            if first is not None:
                return first.index
        after = replace(
            found,
            position=new.created_position,
            next_index=new.index + 1,
            last_message_index=new.index,
            messages_count=found.messages_count + 1,
        )
        tx.add(new)
        tx.change(after)
        tx.emit(MessageAdded(self.sid, after.position, after, new))
        if self.then is not None:
            self.then(tx)
        return new.index


@dataclass(frozen=True, slots=True)
class Drop:
    """Removes the last message and answers with how many are left."""

    sid: str
    exclusive: ClassVar[bool] = False

    def needs(self, actor: Actor) -> Needs:
        return Needs(conversations=(self.sid,))

    def decide(self, actor: Actor, tx: Tx) -> int:
        found = tx.one(Conversation, sid=self.sid)
        if found is None:
            raise errors.conversation_not_found()
        last = tx.last(Message, order="index", conversation_sid=self.sid)
        if last is None:
            raise errors.message_not_found()
        position = found.position + 1
        tx.remove(last)
        tx.add(Tombstone(self.sid, position, "messages", str(last.index), tx.now))
        left = tx.all(Message, order="index", conversation_sid=self.sid)
        after = replace(
            found,
            position=position,
            last_message_index=left[-1].index if left else None,
            messages_count=found.messages_count - 1,
        )
        tx.change(after)
        tx.emit(MessageRemoved(self.sid, position, after, last))
        return len(left)


@dataclass(frozen=True, slots=True)
class Clear:
    """Removes a conversation with all that it holds."""

    sid: str
    exclusive: ClassVar[bool] = True

    def needs(self, actor: Actor) -> Needs:
        return Needs()

    def decide(self, actor: Actor, tx: Tx) -> int:
        tx.lock(Needs(conversations=(self.sid,)))
        found = tx.one(Conversation, sid=self.sid)
        if found is None:
            raise errors.conversation_not_found()
        tx.remove_all(Message, conversation_sid=self.sid)
        tx.remove_all(Tombstone, stream_sid=self.sid)
        tx.remove(found)
        return len(tx.all(Message, order="index", conversation_sid=self.sid))


@dataclass(frozen=True, slots=True)
class Touch:
    """Advances users' and conversations' streams by one each, and tells of the users."""

    identities: tuple[str, ...] = ()
    sids: tuple[str, ...] = ()
    exclusive: ClassVar[bool] = False

    def needs(self, actor: Actor) -> Needs:
        return Needs(conversations=self.sids, users=tuple((SERVICE, identity) for identity in self.identities))

    def decide(self, actor: Actor, tx: Tx) -> None:
        for sid in self.sids:
            found = tx.one(Conversation, sid=sid)
            assert found is not None
            tx.change(replace(found, position=found.position + 1))
        for identity in self.identities:
            person = tx.one(User, service_sid=SERVICE, identity=identity)
            assert person is not None
            person = replace(person, position=person.position + 1)
            tx.change(person)
            tx.emit(UserUpdated(person.sid, person.position, person))


def role(sid: str) -> Role:
    return Role(sid, SERVICE, "name", "service", "", 1, 1)


@dataclass(frozen=True, slots=True)
class Widen:
    """Adds a permission to a role."""

    sid: str
    permission: str
    exclusive: ClassVar[bool] = True

    def needs(self, actor: Actor) -> Needs:
        return Needs(rows=(key(Role, sid=self.sid),))

    def decide(self, actor: Actor, tx: Tx) -> None:
        found = tx.one(Role, sid=self.sid)
        assert found is not None
        tx.change(replace(found, permissions=f"{found.permissions} {self.permission}"))


@dataclass(frozen=True, slots=True)
class Hold:
    """Keeps the writer's thread from `started` until `release` is set: what arrives meanwhile is one batch."""

    needed: Needs = field(default_factory=Needs)
    started: threading.Event = field(default_factory=threading.Event)
    release: threading.Event = field(default_factory=threading.Event)
    exclusive: ClassVar[bool] = True

    def needs(self, actor: Actor) -> Needs:
        return self.needed

    def decide(self, actor: Actor, tx: Tx) -> None:
        self.started.set()
        assert self.release.wait(30)
