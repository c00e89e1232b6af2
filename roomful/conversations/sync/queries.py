"""Reading requests of one connection, answered together from one snapshot (docs/protocol.md, "Upstream")."""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from ..core import errors
from ..core.errors import ServiceError
from ..core.ports import Reads
from . import frames
from .requests import Caller, Query, Request, error_reply

AT_ONCE = 64
REPLY_BYTES = 512 * 1024
"""Bytes of answers after which the rest waits for the client to take them."""

Asked = tuple[str, Query, Request, int]
"""A reading request with its id and its weight."""

_log = structlog.get_logger(__name__)


def answers(reads: Reads, caller: Caller, asked: Sequence[Asked]) -> list[bytes]:
    """Frames with the answers to the first requests, until they are enough for once. Made on the reader thread."""
    replies: list[bytes] = []
    size = 0
    for request_id, query, request, _ in asked:
        replies.append(_answer(reads, caller, request_id, query, request))
        size += len(replies[-1])
        if size > REPLY_BYTES:
            break
    return replies


def _answer(reads: Reads, caller: Caller, request_id: str, query: Query, request: Request) -> bytes:
    try:
        reply = query(reads, caller, request)
    except ServiceError as error:
        reply = error_reply(error)
    except Exception:
        _log.exception("request.failed", method=request.method, path=request.segments)
        reply = error_reply(errors.internal())
    return frames.http_reply(request_id, reply.status, reply.body)
