"""What happened, as told to listeners after the commit.

An event belongs to a stream (a conversation's or a user's SID) and carries the stream's position after the change and
the rows as they then were. `StreamCommit` groups the events of one stream and one commit for the bus.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .model import Conversation, Message, Participant, Receipt, User, Webhook


@dataclass(frozen=True, slots=True)
class Event:
    """Base of all events: `stream` is a conversation's or a user's SID."""

    stream: str
    position: int


@dataclass(frozen=True, slots=True)
class ConversationAdded(Event):
    conversation: Conversation


@dataclass(frozen=True, slots=True)
class StateChange:
    """A conversation went from one state to another: by a request ("API"), by the clock ("TIMER"), or because
    somebody wrote or was added ("EVENT")."""

    before: str
    after: str
    reason: Literal["API", "TIMER", "EVENT"]


@dataclass(frozen=True, slots=True)
class ConversationUpdated(Event):
    """The conversation's document changed by an edit or with its state (not merely by a new last message)."""

    conversation: Conversation
    state_change: StateChange | None = None


@dataclass(frozen=True, slots=True)
class ConversationRemoved(Event):
    """`webhooks` are the conversation's own, which went with it and hear of it."""

    conversation: Conversation
    webhooks: tuple[Webhook, ...] = ()


@dataclass(frozen=True, slots=True)
class MessageAdded(Event):
    """A new message; `conversation` already has it as its last message."""

    conversation: Conversation
    message: Message


@dataclass(frozen=True, slots=True)
class MessageUpdated(Event):
    conversation: Conversation
    message: Message


@dataclass(frozen=True, slots=True)
class MessageRemoved(Event):
    """`conversation.document_position == position` if the last message went with it."""

    conversation: Conversation
    message: Message


@dataclass(frozen=True, slots=True)
class DeliveryUpdated(Event):
    """A receipt came or changed, and with it what `message.delivery` sums up; the message is as old as it was."""

    conversation: Conversation
    message: Message
    receipt: Receipt


@dataclass(frozen=True, slots=True)
class ParticipantAdded(Event):
    """Conversation's stream: a new item of the roster."""

    conversation: Conversation
    participant: Participant


@dataclass(frozen=True, slots=True)
class ParticipantUpdated(Event):
    conversation: Conversation
    participant: Participant


@dataclass(frozen=True, slots=True)
class ParticipantRemoved(Event):
    conversation: Conversation
    participant: Participant


@dataclass(frozen=True, slots=True)
class MembershipAdded(Event):
    """User's stream: a new item of `my_channels`."""

    participant: Participant


@dataclass(frozen=True, slots=True)
class MembershipUpdated(Event):
    participant: Participant


@dataclass(frozen=True, slots=True)
class MembershipRemoved(Event):
    participant: Participant


@dataclass(frozen=True, slots=True)
class UserAdded(Event):
    user: User


@dataclass(frozen=True, slots=True)
class UserUpdated(Event):
    """`user.friendly_name_position` and `user.attributes_position` tell which of the two changed."""

    user: User


@dataclass(frozen=True, slots=True)
class TokensRevoked(Event):
    """Access tokens are refused from now on. `stream` is the service's SID; `position` is 0 (no stream is advanced).

    Either `token_sha256` (hex digests) or `identity` is given.
    """

    token_sha256: frozenset[str]
    identity: str | None


@dataclass(frozen=True, slots=True)
class AccessReduced(Event):
    """Users who left no conversation may read fewer of them. `stream` is the service's SID; `position` is 0.

    Either one user (`identity`), or all who hold the role `role_sid`.
    """

    identity: str | None = None
    role_sid: str | None = None


@dataclass(frozen=True, slots=True)
class MediaRemoved(Event):
    """Bytes of media are to be removed. `stream` is the service's SID; `position` is 0."""


@dataclass(frozen=True, slots=True)
class WebhooksConfigured(Event):
    """An account's or a service's webhooks were changed. `stream` is its SID; `position` is 0."""


@dataclass(frozen=True, slots=True)
class WebhookCallsDue(Event):
    """Calls were added to lanes of the outbox, or made due. `stream` is the service's SID; `position` is 0.

    lanes: (target SID, stream SID) pairs. again: those that wait after a failure need not wait any more, which a new
    call at their end does not mean.
    """

    lanes: tuple[tuple[str, str], ...]
    again: bool = False


@dataclass(frozen=True, slots=True)
class StreamCommit:
    """All events of one stream in one commit: they lead from position `before` to position `after`."""

    stream: str
    before: int
    after: int
    events: tuple[Event, ...]
