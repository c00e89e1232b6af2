"""The connections of this node: who is subscribed to what, and the way of a commit to all of them.

A stream's commits are delivered without a gap: each says which positions it leads from and to, what is older than the
stream's head is dropped, and what comes too early makes the hub read the store (docs/protocol.md, "Positions").
Everything here runs on the event loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable

import structlog

from .core.events import (
    AccessReduced,
    ConversationRemoved,
    ConversationUpdated,
    Event,
    ParticipantAdded,
    ParticipantRemoved,
    StreamCommit,
    TokensRevoked,
)
from .core.model import Conversation
from .core.ports import Clock
from .ids import now
from .outgoing import Outgoing
from .sync.access import Doubts
from .sync.channels import Channel, Receiver, Stream, Waiting
from .sync.events import changes, document_updated, late_document, object_removed
from .sync.frames import TYPING, notification
from .sync.gaps import read_gap
from .sync.objects import Kind, Ref
from .sync.requests import Backend, Caller

LATE_DOCUMENT_SECONDS = 0.8
"""How long a document may wait with a new last message, so that a busy room sends it once for many messages."""

TYPING_INDICATOR_SECONDS = 6

_log = structlog.get_logger(__name__)


class Hub:
    """Make it first, attach the backend when the store is open, close it before the store.

    `clock` is what tokens' lives are measured by.
    """

    def __init__(self, clock: Clock = now) -> None:
        self.clock = clock
        self._backend: Backend | None = None
        self._streams: dict[str, Stream] = {}
        self._subscriptions: dict[Receiver, set[Ref]] = {}
        self._by_identity: dict[tuple[str, str], set[Receiver]] = {}
        self._by_digest: dict[str, set[Receiver]] = {}
        self._outgoing = Outgoing()
        self._doubts = Doubts()
        self._tasks: set[asyncio.Task[None]] = set()
        self._closing = False

    def attach(self, backend: Backend) -> None:
        """What the connections' requests are answered from."""
        self._backend = backend

    @property
    def backend(self) -> Backend:
        if self._backend is None:
            raise RuntimeError("the hub was not attached to a backend")
        return self._backend

    @property
    def closing(self) -> bool:
        return self._closing

    async def close(self) -> None:
        """End all connections: the clients will look for another node, or for this one when it is back."""
        self._closing = True
        for stream in self._streams.values():
            if stream.timer is not None:
                stream.timer.cancel()
        for receiver in list(self._subscriptions):
            receiver.close(1001, "the server is going away")
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # --- connections and subscriptions ----------------------------------------------------------------------------

    def admit(self, receiver: Receiver) -> None:
        """Remember a connection, so that a refusal of its token finds it."""
        self._subscriptions.setdefault(receiver, set())
        self._by_identity.setdefault((receiver.service_sid, receiver.identity), set()).add(receiver)
        for digest in receiver.digests:
            self._by_digest.setdefault(digest, set()).add(receiver)

    def connections_of(self, service_sid: str, identity: str) -> int:
        """How many connections an identity has on this node."""
        return len(self._by_identity.get((service_sid, identity), ()))

    def renew(self, receiver: Receiver, digests: frozenset[str]) -> None:
        """The connection's token was exchanged for another."""
        self._forget_digests(receiver)
        receiver.digests = digests
        self.admit(receiver)

    def dismiss(self, receiver: Receiver) -> None:
        """The connection ended."""
        for ref in list(self._subscriptions.get(receiver, ())):
            self.unsubscribe(receiver, ref)
        self._subscriptions.pop(receiver, None)
        self._outgoing.forget(receiver)
        self._forget_digests(receiver)
        key = (receiver.service_sid, receiver.identity)
        same = self._by_identity.get(key, set())
        same.discard(receiver)
        if not same:
            self._by_identity.pop(key, None)

    def _forget_digests(self, receiver: Receiver) -> None:
        for digest in receiver.digests:
            same = self._by_digest.get(digest, set())
            same.discard(receiver)
            if not same:
                self._by_digest.pop(digest, None)

    def register(self, receiver: Receiver, ref: Ref) -> None:
        """Keep events of the object for the receiver from now on, until `settle`."""
        if receiver not in self._subscriptions:
            return
        stream = self._streams.setdefault(ref.stream, Stream())
        channel = stream.channels.setdefault(ref.sid, Channel(ref))
        channel.live.pop(receiver, None)
        channel.waiting[receiver] = Waiting(stream.head)
        self._subscriptions[receiver].add(ref)

    def settle(self, receiver: Receiver, ref: Ref, head: int) -> list[bytes] | bool:
        """The receiver's replay reached `head`: what came above it meanwhile, to be written before anything else.

        False: the subscription ended meanwhile. True: too much came; read on from `head`, and settle again.
        """
        stream = self._streams.get(ref.stream)
        channel = stream.channels.get(ref.sid) if stream else None
        waiting = channel.waiting.get(receiver) if channel else None
        if stream is None or channel is None or waiting is None:
            return False
        if waiting.lost or (waiting.base is not None and waiting.base > head):
            channel.waiting[receiver] = Waiting(stream.head)
            return True
        if stream.head is None:
            stream.begin(head)
        frames = [frame for position, frame in waiting.frames if position > head]
        if stream.head is not None and head > stream.head:
            waiting.frames, waiting.size, waiting.floor = [], 0, head
        else:
            del channel.waiting[receiver]
            channel.live[receiver] = None
        return frames

    def reached(self, sid: str, position: int) -> bool:
        """Whether the stream's subscribers, if it has any, were told everything up to `position`."""
        stream = self._streams.get(sid)
        return stream is None or stream.head is None or stream.head >= position

    def unsubscribe(self, receiver: Receiver, ref: Ref) -> None:
        """End a subscription, if there is one."""
        self._subscriptions.get(receiver, set()).discard(ref)
        stream = self._streams.get(ref.stream)
        channel = stream.channels.get(ref.sid) if stream else None
        if stream is None or channel is None:
            return
        channel.live.pop(receiver, None)
        channel.waiting.pop(receiver, None)
        if not channel.live and not channel.waiting:
            del stream.channels[ref.sid]
        if not stream.channels:
            self._drop(ref.stream)

    def _drop(self, sid: str) -> None:
        stream = self._streams.pop(sid, None)
        if stream is not None and stream.timer is not None:
            stream.timer.cancel()

    # --- commits ---------------------------------------------------------------------------------------------------

    def deliver(self, commits: Iterable[StreamCommit]) -> None:
        """Hand commits to their subscribers: one write a receiver for all of them."""
        for commit in commits:
            for event in commit.events:
                if isinstance(event, TokensRevoked):
                    self._revoke(event)
                elif isinstance(event, AccessReduced):
                    self._doubt(event)
            try:
                self._commit(commit)
            except Exception:  # the writer must not suffer; the subscribers come again and read the store
                _log.exception("hub.commit_undelivered", stream=commit.stream)
                self._abandon(commit.stream)
        self._outgoing.flush()

    def _abandon(self, sid: str) -> None:
        """End the connections of all that are subscribed to a stream of which they cannot be told."""
        stream = self._streams.get(sid)
        channels = list(stream.channels.values()) if stream else []
        for receiver in {receiver for channel in channels for receiver in channel.receivers()}:
            receiver.close(1011, "the server cannot go on")

    def _commit(self, commit: StreamCommit) -> None:
        stream = self._streams.get(commit.stream)
        if stream is None:
            return
        if stream.held is not None:
            stream.held.append(commit)
            return
        if stream.head is None:
            stream.begin(commit.before)
        head = stream.head or 0
        if commit.after <= head:
            return
        if commit.before > head:
            stream.held = [commit]
            self._start(self._heal(commit.stream, stream))
            return
        for event in commit.events:
            if event.position > head:
                self._event(stream, event)
        stream.head = commit.after
        stream.settle_trailing()

    def _event(self, stream: Stream, event: Event) -> None:
        if isinstance(event, ParticipantRemoved) and event.participant.identity is not None:
            # What follows is no longer for that person.
            self._expel(stream, event.conversation.service_sid, event.participant.identity)
        elif isinstance(event, ParticipantAdded):
            self._doubts.joined(event)
        for sid, encode in changes(event):
            channel = stream.channels.get(sid)
            if channel is not None:
                self._send(channel, event.position, encode())
        if document := late_document(event):
            self._postpone(stream, document)
        elif isinstance(event, ConversationUpdated):
            stream.late = None
        elif isinstance(event, ConversationRemoved):
            self._end(event.stream, stream)

    def _send(self, channel: Channel, position: int, frame: bytes) -> None:
        self._outgoing.add(channel.live, frame)
        for receiver, waiting in channel.waiting.items():
            if waiting.floor is None:
                waiting.hold(position, frame)
            elif position > waiting.floor:
                self._outgoing.add((receiver,), frame)

    def _expel(self, stream: Stream, service_sid: str, identity: str) -> None:
        refs = [channel.ref for channel in stream.channels.values()]
        for receiver in list(self._by_identity.get((service_sid, identity), ())):
            for ref in refs:
                self.unsubscribe(receiver, ref)

    def _doubt(self, event: AccessReduced) -> None:
        """Look up which of their subscriptions some users may keep.

        Who subscribes from now on is answered from a snapshot that knows of the change.
        """
        found: Iterable[Receiver] = self._subscriptions
        if event.identity is not None:
            found = self._by_identity.get((event.stream, event.identity), ())
        readers: dict[Caller, set[str]] = {}
        for receiver in found:
            conversations = {ref.stream for ref in self._subscriptions.get(receiver, ()) if not ref.of_user}
            if conversations and receiver.service_sid == event.stream:
                readers.setdefault(receiver.caller, set()).update(conversations)
        if readers:
            self._start(self._shut_out_strangers(readers, event.role_sid))

    async def _shut_out_strangers(self, readers: dict[Caller, set[str]], role_sid: str | None) -> None:
        try:
            async for closed in self._doubts.resolve(self.backend.reads, readers, role_sid):
                for caller, sid in closed:
                    self._shut_out(caller, sid)
                self._outgoing.flush()
        except Exception:  # who cannot be judged now comes again, and is judged then
            _log.exception("hub.access_unread")
            for caller in readers:
                for receiver in list(self._by_identity.get((caller.service_sid, caller.identity), ())):
                    receiver.close(1011, "the server cannot go on")

    def _shut_out(self, caller: Caller, sid: str) -> None:
        """To this user the conversation's objects are gone."""
        stream = self._streams.get(sid)
        if stream is None:
            return
        for channel in list(stream.channels.values()):
            for receiver in self._by_identity.get((caller.service_sid, caller.identity), ()):
                waiting = channel.waiting.get(receiver)
                if receiver in channel.live or (waiting is not None and waiting.floor is not None):
                    frame = object_removed(channel.ref, stream.head or 0)
                    self._outgoing.add((receiver,), frame)
                self.unsubscribe(receiver, channel.ref)

    def _end(self, sid: str, stream: Stream) -> None:
        """The stream's conversation is gone."""
        for channel in stream.channels.values():
            for receiver in channel.receivers():
                self._subscriptions.get(receiver, set()).discard(channel.ref)
        self._drop(sid)

    def _postpone(self, stream: Stream, document: Conversation) -> None:
        if Kind.DOCUMENT.sid(document.sid) not in stream.channels:
            return
        stream.late = document
        if stream.timer is None:
            loop = asyncio.get_running_loop()
            stream.timer = loop.call_later(LATE_DOCUMENT_SECONDS, self._send_late, document.sid)

    def _send_late(self, sid: str) -> None:
        stream = self._streams.get(sid)
        if stream is None:
            return
        document, stream.late, stream.timer = stream.late, None, None
        channel = stream.channels.get(Kind.DOCUMENT.sid(sid))
        if document is not None and channel is not None:
            self._send(channel, document.document_position, document_updated(document))
            self._outgoing.flush()

    def _revoke(self, event: TokensRevoked) -> None:
        found = [receiver for digest in event.token_sha256 for receiver in self._by_digest.get(digest, ())]
        if event.identity is not None:
            found += self._by_identity.get((event.stream, event.identity), ())
        for receiver in found:
            receiver.close(1008, "the access token was revoked")

    def typing(self, conversation_sid: str, identity: str) -> None:
        """Tell a conversation's other readers that somebody is typing."""
        stream = self._streams.get(conversation_sid)
        channel = stream.channels.get(Kind.ROSTER.sid(conversation_sid)) if stream else None
        if channel is None:
            return
        body = {"channel_sid": conversation_sid, "identity": identity, "typing_timeout": TYPING_INDICATOR_SECONDS}
        frame = notification(TYPING, body)
        self._outgoing.add([receiver for receiver in channel.live if receiver.identity != identity], frame)
        self._outgoing.flush()

    def write(self, receiver: Receiver, data: bytes) -> None:
        """Write to one receiver, behind all that was delivered before."""
        self._outgoing.write(receiver, data)

    # --- gaps ------------------------------------------------------------------------------------------------------

    def _start(self, coroutine: Coroutine[object, object, None]) -> None:
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _heal(self, sid: str, stream: Stream) -> None:
        """Read from the store what the missing commits did, deliver it, then go on with those that waited."""
        try:
            missed = await read_gap(self.backend.reads, stream)
        except Exception:
            _log.exception("hub.gap_unread", stream=sid)
            self._abandon(sid)
            return
        if self._streams.get(sid) is not stream:
            return
        if missed.stale:  # told the rest, its subscribers would show for ever what is gone; they come and start anew
            self._abandon(sid)
            return
        for caller in missed.expelled:
            self._expel(stream, caller.service_sid, caller.identity)
        for ref, position, frame in missed.frames:
            if channel := stream.channels.get(ref.sid):
                self._send(channel, position, frame)
            if ref.kind is Kind.DOCUMENT:
                stream.late = None  # which is older
        commits, stream.held = stream.held or [], None
        if missed.head is None:
            self._end(sid, stream)
        else:
            stream.head = max(missed.head, stream.head or 0)
            stream.settle_trailing()
            for commit in commits:
                self._commit(commit)
        self._outgoing.flush()
