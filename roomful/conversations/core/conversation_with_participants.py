"""Making a conversation together with the people in it: all of it, or nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from . import errors, limits
from .conversations import CreateConversation
from .errors import ServiceError
from .model import Conversation
from .outside import AddNonChatParticipant
from .overrides import Override
from .participants import AddParticipant
from .permissions import require_account
from .ports import Actor, Needs, Tx


@dataclass(frozen=True, slots=True)
class CreateConversationWithParticipants:
    """Make a conversation and put people into it, by the rules of each of these commands (account credentials only).

    The `conversation_sid` of `participants` is not looked at. Raises 50426 (400) for more than `PEOPLE_PER_REQUEST`,
    and what the commands raise, saying which participant was refused.
    """

    exclusive: ClassVar = True

    conversation: CreateConversation
    participants: tuple[AddParticipant | AddNonChatParticipant, ...]
    override: Override | None = None

    def needs(self, actor: Actor) -> Needs:
        # Read ahead no more than what was checked: `decide` says what is wrong with the rest.
        people = [each.identity for each in self.participants if isinstance(each, AddParticipant)]
        known = [identity for identity in people if limits.is_storable(identity)]
        return Needs(users=tuple((actor.service_sid, identity) for identity in known))

    def decide(self, actor: Actor, tx: Tx) -> Conversation:
        require_account(actor, "make a conversation with participants")
        if len(self.participants) > limits.PEOPLE_PER_REQUEST:
            raise errors.too_many_people(limits.PEOPLE_PER_REQUEST)
        conversation = replace(self.conversation, override=self.override).decide(actor, tx)
        for number, participant in enumerate(self.participants, 1):
            try:
                replace(participant, conversation_sid=conversation.sid).decide(actor, tx)
            except ServiceError as refusal:
                message = f"Participant {number}: {refusal.message}"
                raise ServiceError(refusal.status, refusal.code, message) from refusal
        made = tx.one(Conversation, sid=conversation.sid)
        return made or conversation
