"""Tunnelled requests on users."""

from __future__ import annotations

from ..core import errors
from ..core.model import User
from ..core.ports import Reads
from ..core.users import UpdateUser
from .objects import Kind
from .requests import Action, Backend, Caller, Query, Reply, Request, given_or_null, given_text


def _shown(row: User) -> dict[str, object]:
    return {
        "sid": row.sid,
        "identity": row.identity,
        "friendly_name": row.friendly_name,
        "attributes": row.attributes,
        "sync_objects": {"user_info_map": Kind.PROFILE.unique_name(row.sid)},
    }


def user(reads: Reads, caller: Caller, request: Request) -> Reply:
    """A user of the service and the name of its profile's map."""
    found = reads.one(User, service_sid=caller.service_sid, identity=request.args[0])
    if found is None:
        raise errors.user_not_found()
    return Reply(200, _shown(found))


async def update(backend: Backend, caller: Caller, request: Request) -> Reply:
    body = request.json()
    command = UpdateUser(
        request.args[0],
        friendly_name=given_or_null(body, "friendly_name"),
        attributes=given_text(body, "attributes"),
    )
    return Reply(200, _shown(await backend.perform(caller.actor, command)))


QUERIES: dict[str, Query] = {"GET /Client/v2/Users/*": user}
ACTIONS: dict[str, Action] = {"POST /Client/v2/Users/*": update}
