"""Media over HTTP: uploads, records, sets, and the bytes behind signed links (docs/protocol.md, "Media").

Every answer allows every origin: nothing here is authenticated by a cookie.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Final
from urllib.parse import quote

import msgspec
import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from ..core import errors
from ..core.dates import iso
from ..core.errors import ServiceError
from ..core.limits import is_sid
from ..core.model import Conversation, Media, Participant, Role, User
from ..core.permissions import may_read
from ..core.ports import Actor, Clock, Reads
from ..core.users import EnsureUser
from ..rest.answers import error_response, json_response, not_found
from ..rest.endpoint import Gate, bounded_body, decoded
from ..sync.tokens import TokenError, refuse_revoked, verify
from .body import WITH_CALLERS, WITH_STRANGERS, drain
from .links import SignedLinks
from .ranges import requested_range
from .store import MediaStore, MediaStoreError
from .upload import Uploads

MEDIA_SET_SIZE: Final = 100
_ANYWHERE: Final = {"Access-Control-Allow-Origin": "*"}
_PREFLIGHT: Final = _ANYWHERE | {
    "Access-Control-Allow-Methods": "GET, HEAD, POST, OPTIONS",
    "Access-Control-Allow-Headers": "X-Twilio-Token, Content-Type, Authorization, Range",
    "Access-Control-Max-Age": "86400",
}
_SAFE: Final = _ANYWHERE | {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Access-Control-Expose-Headers": "Content-Disposition, Content-Length, Content-Range, Accept-Ranges",
    "Accept-Ranges": "bytes",
}
_log = structlog.get_logger(__name__)

Answering = Callable[[Request], Awaitable[Response]]


class MediaHttp:
    """The handlers. `gate` knows account credentials, `clock` is the service's in milliseconds."""

    def __init__(self, gate: Gate, store: MediaStore, links: SignedLinks, clock: Clock) -> None:
        self._gate = gate
        self._store = store
        self._links = links
        self._clock = clock
        self._uploads = Uploads(gate.api, store)

    def routes(self) -> list[Route]:
        base = "/v1/Services/{service}/Media"
        return [
            Route(base, _Endpoint({"POST": self.upload})),
            Route(f"{base}Set", _Endpoint({"POST": self.media_set})),
            Route(f"{base}/{{media}}", _Endpoint({"GET": self.fetch})),
            Route(f"{base}/{{media}}/Content", _Endpoint({"GET": self.content})),
            Route("/media/{media}", _Endpoint({"GET": self.download})),
        ]

    async def upload(self, request: Request) -> Response:
        actor = await self._admit(request)
        media = await self._uploads.receive(request, actor)
        return json_response(201, self._record(request, media))

    async def fetch(self, request: Request) -> Response:
        actor = await self._admit(request)
        return json_response(200, self._record(request, await self._found(actor, request.path_params["media"])))

    async def content(self, request: Request) -> Response:
        """To the bytes, by a link that needs no credentials."""
        actor = await self._admit(request)
        media = await self._found(actor, request.path_params["media"])
        return Response(None, 302, {"Location": self._links.make(self._gate.origins.public(request), media.sid)})

    async def media_set(self, request: Request) -> Response:
        """Several records at once; those that the caller may not see have a code of their own."""
        actor = await self._admit(request)
        asked = decoded(await bounded_body(request), _SetRequest)
        if asked.command != "get" or len(asked.media) > MEDIA_SET_SIZE:
            raise errors.invalid(20001, f"The command must be get, of at most {MEDIA_SET_SIZE} media")
        sids = [each.media_sid for each in asked.media]
        now = self._clock()
        found = await self._gate.api.read(lambda reads: [_visible(reads, actor, sid, now) for sid in sids])
        return json_response(
            200,
            [
                {"code": 200, "media_record": self._record(request, media)}
                if media is not None
                else {"code": 404, "media_record": {"sid": sid}}
                for sid, media in zip(sids, found, strict=True)
            ],
        )

    async def download(self, request: Request) -> Response:
        """The bytes behind a signed link, or a range of them (RFC 9110 §14)."""
        sid, query = request.path_params["media"], request.query_params
        seconds = self._links.check(sid, query.get("Expires", ""), query.get("Signature", ""))
        now = self._clock()
        media = await self._gate.api.read(lambda reads: _ready(reads, sid, now))
        if media is None:
            raise errors.media_not_found()
        headers = _SAFE | {
            "Content-Type": media.content_type,
            "Content-Disposition": _disposition(media),
            "Cache-Control": f"private, max-age={seconds}",
        }
        span = requested_range(request.headers.get("range"), media.size)
        if span is None:
            return Response(None, 416, headers | {"Content-Range": f"bytes */{media.size}"})
        start, end = span
        headers["Content-Length"] = str(end - start)
        status = 200
        if end - start < media.size:
            status, headers["Content-Range"] = 206, f"bytes {start}-{end - 1}/{media.size}"
        if request.method == "HEAD" or start == end:
            return Response(None, status, headers)
        return StreamingResponse(await _begun(self._store.read(sid, start, end)), status, headers)

    # --- who asks, and for what ---

    async def _admit(self, request: Request) -> Actor:
        """Whom the request comes from, in the service that its path names. Raises 401, 404 or 429.

        What it may cost to refuse a request depends on `request.state.admitted`.
        """
        path: str = request.scope["path"]
        named = request.path_params["service"]
        token = request.headers.get("x-twilio-token")
        if token is None:
            _, service = await self._gate.admit(request)
            request.state.admitted = True
            if service is None or "\x00" in path:
                raise not_found(path)
            return Actor(service.sid)
        now = self._clock() / 1000

        def query(reads: Reads) -> tuple[Actor, bool]:
            found = verify(reads, token, now)
            refuse_revoked(reads, found)
            actor = Actor(found.service_sid, found.identity)
            return actor, reads.one(User, service_sid=found.service_sid, identity=found.identity) is not None

        try:
            actor, known = await self._gate.api.read(query)
        except TokenError as error:
            raise ServiceError(error.status, error.code, error.message) from None
        request.state.admitted = True
        if actor.service_sid != named:
            raise not_found(path)
        if not known:
            await self._gate.api.perform(actor, EnsureUser(actor.identity or ""))
        return actor

    async def _found(self, actor: Actor, sid: str) -> Media:
        now = self._clock()
        media = await self._gate.api.read(lambda reads: _visible(reads, actor, sid, now))
        if media is None:
            raise errors.media_not_found()
        return media

    def _record(self, request: Request, media: Media) -> dict[str, Any]:
        origin = self._gate.origins.public(request)
        url = f"{origin}/v1/Services/{media.service_sid}/Media/{media.sid}"
        return {
            "sid": media.sid,
            "service_sid": media.service_sid,
            "channel_sid": media.conversation_sid,
            "message_sid": media.message_sid,
            "date_created": iso(media.date_created),
            "date_upload_updated": iso(media.date_updated),
            "date_updated": iso(media.date_updated),
            "size": media.size,
            "content_type": media.content_type,
            "author": media.author,
            "filename": media.filename,
            "category": media.category,
            "url": url,
            "is_multipart_upstream": False,
            "links": {"content": f"{url}/Content", "content_direct_temporary": self._links.make(origin, media.sid)},
        }


class _Named(msgspec.Struct):
    media_sid: str


class _SetRequest(msgspec.Struct):
    command: str
    media: list[_Named] = msgspec.field(name="list")


class _Endpoint:
    """One path as an ASGI application: preflights, methods, and errors as JSON."""

    def __init__(self, handlers: dict[str, Answering]) -> None:
        self._handlers = handlers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        response = await self._answer(request)
        response.headers.update(_ANYWHERE)
        if response.status_code >= 400 and not await _is_over(request, response.status_code):
            response.headers["Connection"] = "close"
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        if request.method == "OPTIONS":
            return Response(None, 204, _PREFLIGHT)
        handler = self._handlers.get("GET" if request.method == "HEAD" else request.method)
        if handler is None:
            refused = ServiceError(405, 20004, f"Method {request.method} is not allowed for {request.scope['path']}")
            return error_response(refused, {"Allow": ", ".join(sorted(self._handlers))})
        try:
            return await handler(request)
        except ServiceError as error:
            # A page that asked by a token must not make its browser ask for a password.
            basic = error.status == 401 and "x-twilio-token" not in request.headers
            return error_response(error, {"WWW-Authenticate": 'Basic realm="Roomful"'} if basic else None)
        except ClientDisconnect:
            return Response(status_code=400)
        except MediaStoreError as error:
            _log.warning("media.unavailable", error=str(error))
            return error_response(errors.media_unavailable())
        except Exception:
            _log.exception("media.request_failed", path=request.scope["path"])
            return error_response(errors.internal())


async def _is_over(request: Request, status: int) -> bool:
    """Whether a refused request has come as a whole, after having waited for its rest in reason."""
    if status == 408:  # we have waited enough
        return False
    return await drain(request, WITH_CALLERS if getattr(request.state, "admitted", False) else WITH_STRANGERS)


def _ready(reads: Reads, sid: str, now: int) -> Media | None:
    """The medium if its bytes are there and may be asked for."""
    if not is_sid(sid, "ME"):
        return None
    media = reads.one(Media, sid=sid)
    if media is None or media.state != "ready" or (media.date_expires is not None and media.date_expires <= now):
        return None
    return media


def _visible(reads: Reads, actor: Actor, sid: str, now: int) -> Media | None:
    """The medium if the actor may see it: its uploader before it has a message, then whoever reads the conversation."""
    media = _ready(reads, sid, now)
    if media is None or media.service_sid != actor.service_sid:
        return None
    if actor.identity is None:
        return media
    if media.conversation_sid is None:
        return media if media.author == actor.identity else None
    conversation = reads.one(Conversation, sid=media.conversation_sid)
    if conversation is None:
        return None
    member = reads.one(Participant, conversation_sid=conversation.sid, identity=actor.identity)
    user = reads.one(User, service_sid=actor.service_sid, identity=actor.identity)
    role = reads.one(Role, sid=user.role_sid) if user else None
    return media if may_read(conversation, member, role, actor.identity) else None


def _disposition(media: Media) -> str:
    """RFC 6266: shown or saved, and under which name."""
    kind = "inline" if media.inline else "attachment"
    if media.filename is None:
        return kind
    return f"{kind}; filename*=UTF-8''{quote(media.filename, safe='')}"


async def _begun(blocks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The same bytes, of which the first are there: what is missing is found before the answer begins."""
    first = await anext(blocks)

    async def rest() -> AsyncIterator[bytes]:
        yield first
        async for block in blocks:
            yield block

    return rest()
