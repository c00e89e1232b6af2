"""What this server offers beyond Twilio's API (docs/rest.md, "Extensions"): JSON in, JSON out."""

from __future__ import annotations

import hashlib
import hmac
from abc import ABC, abstractmethod
from typing import Annotated, Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from ..core.errors import ServiceError, internal
from ..core.model import Account, Conversation
from ..core.ports import Actor
from ..core.receipts import ReportDelivery, SetChannelMetadata
from ..core.tokens import RevokeTokens
from .answers import error_response, json_response
from .endpoint import Gate, bounded_body, decoded, guarded

PROOF_PREFIX = "roomful-challenge:"


class Revocation(msgspec.Struct):
    """Body of `POST /roomful/v1/revocations`: one of the two."""

    token_sha256: tuple[str, ...] = ()
    identity: str | None = None


class Challenge(msgspec.Struct):
    """Body of `POST /roomful/v1/challenge`."""

    nonce: Annotated[str, msgspec.Meta(min_length=16, max_length=128)]


ConversationSid = Annotated[str, msgspec.Meta(pattern="^CH[0-9a-fA-F]{32}\\Z")]
MessageSid = Annotated[str, msgspec.Meta(pattern="^IM[0-9a-fA-F]{32}\\Z")]
ParticipantSid = Annotated[str, msgspec.Meta(pattern="^MB[0-9a-fA-F]{32}\\Z")]


class Delivery(msgspec.Struct):
    """Body of `POST /roomful/v1/receipts`."""

    conversation_sid: ConversationSid
    message_sid: MessageSid
    participant_sid: ParticipantSid
    status: str
    error_code: int = 0
    channel_message_sid: str | None = None


class Metadata(msgspec.Struct):
    """Body of `POST /roomful/v1/channel-metadata`."""

    conversation_sid: ConversationSid
    message_sid: MessageSid
    type: str
    data: dict[str, Any]


class Posted(ABC):
    """An extension's endpoint: POST only."""

    def __init__(self, gate: Gate) -> None:
        self.gate = gate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await guarded(Request(scope, receive), self._dispatch)
        await response(scope, receive, send)

    async def _dispatch(self, request: Request) -> Response:
        if request.method != "POST":
            error = ServiceError(405, 20004, f"Method {request.method} is not allowed for {request.scope['path']}")
            return error_response(error, {"Allow": "POST"})
        return await self.post(request)

    async def actor(self, account: Account, conversation_sid: str) -> Actor:
        """The account, in the service that a conversation belongs to: for reports, which webhooks are told of."""
        conversation = await self.gate.api.read(lambda reads: reads.one(Conversation, sid=conversation_sid))
        return Actor(conversation.service_sid if conversation else account.default_service_sid)

    @abstractmethod
    async def post(self, request: Request) -> Response:
        """The answer; raises `ServiceError`."""


class Revocations(Posted):
    """Refuses access tokens before they expire and closes their sockets."""

    async def post(self, request: Request) -> Response:
        account, _ = await self.gate.admit(request)
        asked = decoded(await bounded_body(request), Revocation)
        command = RevokeTokens(token_sha256=asked.token_sha256, identity=asked.identity)
        await self.gate.api.perform(Actor(account.default_service_sid), command)
        return json_response(204, None)


class Deliveries(Posted):
    """Takes a gateway's word on how a message to somebody outside the chat fares."""

    async def post(self, request: Request) -> Response:
        account, _ = await self.gate.admit(request)
        asked = decoded(await bounded_body(request), Delivery)
        receipt = await self.gate.api.perform(
            await self.actor(account, asked.conversation_sid), ReportDelivery(**msgspec.structs.asdict(asked))
        )
        return json_response(200, {"sid": receipt.sid, "status": receipt.status, "error_code": receipt.error_code})


class ChannelMetadata(Posted):
    """Keeps what a message's channel says about it."""

    async def post(self, request: Request) -> Response:
        account, _ = await self.gate.admit(request)
        asked = decoded(await bounded_body(request), Metadata)
        data = msgspec.json.encode(asked.data).decode()
        command = SetChannelMetadata(asked.conversation_sid, asked.message_sid, asked.type, data)
        await self.gate.api.perform(await self.actor(account, asked.conversation_sid), command)
        return json_response(204, None)


class Challenges(Posted):
    """Proves to a caller that knows the auth token that this server knows it too, without either saying it.

    A terminal command asks this before it sends credentials to a URL it found in a file (docs/design).
    """

    async def post(self, request: Request) -> Response:
        asked = decoded(await bounded_body(request), Challenge)
        account = await self.gate.api.read(lambda reads: reads.one(Account, number=1))
        if account is None:
            raise internal()
        message = (PROOF_PREFIX + asked.nonce).encode(errors="surrogatepass")
        proof = hmac.new(account.auth_token.encode(), message, hashlib.sha256).hexdigest()
        return json_response(200, {"proof": proof})


async def health(request: Request) -> Response:
    """Answers while the process serves; asks nothing of the store."""
    return json_response(200, {"status": "ok"})


def routes(gate: Gate) -> list[Route]:
    return [
        Route("/roomful/v1/revocations", Revocations(gate)),
        Route("/roomful/v1/receipts", Deliveries(gate)),
        Route("/roomful/v1/channel-metadata", ChannelMetadata(gate)),
        Route("/roomful/v1/challenge", Challenges(gate)),
        Route("/health", health, methods=["GET"]),
    ]
