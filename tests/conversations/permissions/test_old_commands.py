"""The commands of SDK 1.x by everybody: the same table, though they go another way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from roomful.conversations.sync.session_commands import _COMMANDS
from tests.conversations.sync.old_client import OldClient
from tests.conversations.sync.world import World

from .table import ACTORS, OTHER, REQUESTS, Case, case, make_roles

pytestmark = pytest.mark.anyio

Command = Callable[[Case], dict[str, Any]]


def _in_room(action: str, **params: Any) -> Command:
    return lambda case: {"action": action, "channelSid": case.room.sid} | params


def _message(action: str, whose: str, **params: Any) -> Command:
    def command(case: Case) -> dict[str, Any]:
        index = case.mine.index if whose == "mine" else case.theirs.index
        return {"action": action, "channelSid": case.room.sid, "messageIdx": str(index)} | params

    return command


def _horizon(index: int | None) -> Command:
    return lambda case: {
        "action": "consumptionReportV2",
        "report": [{"channelSid": case.room.sid, "messageIdx": index}],
    }


BY_OPERATION: dict[str, Command] = {
    "create": lambda case: {"action": "createConversation", "friendlyName": "another", "attributes": "{}"},
    "join": _in_room("joinChannelV2"),
    "add": _in_room("addMemberV2", username="somebody", attributes="{}"),
    "add somebody outside the chat": lambda case: {
        "action": "addNonChatParticipant",
        "conversationSid": case.room.sid,
        "proxyAddress": "ours@a.example",
        "address": f"{case.room.sid}@new.example",
        "attributes": "{}",
    },
    "leave": _in_room("leaveChannel"),
    "remove by identity": _in_room("removeMember", username=OTHER),
    "remove by participant": lambda case: _in_room("removeMember", memberSid=case.them.sid)(case),
    "rename": _in_room("editFriendlyName", friendlyName="renamed"),
    "change the unique name": _in_room("editUniqueName", uniqueName=""),
    "change attributes": _in_room("editAttributes", attributes='{"a":1}'),
    "delete": _in_room("destroyChannel"),
    "send": _in_room("sendMessage", text="new", attributes="{}"),
    "edit one's own message": _message("editMessage", "mine", text="edited"),
    "edit another's message": _message("editMessage", "theirs", text="edited"),
    "change attributes of one's own message": _message("editMessageAttributes", "mine", attributes="[1]"),
    "change attributes of another's message": _message("editMessageAttributes", "theirs", attributes="[1]"),
    "remove one's own message": _message("deleteMessage", "mine"),
    "remove another's message": _message("deleteMessage", "theirs"),
    "change one's own participant's attributes": lambda case: _in_room(
        "editMemberAttributes", memberSid=case.me, attributes="7"
    )(case),
    "change another participant's attributes": lambda case: _in_room(
        "editMemberAttributes", memberSid=case.them.sid, attributes="7"
    )(case),
    "set the read horizon": _horizon(0),
    "set all messages unread": _horizon(None),
    "set the notification level": _in_room("editNotificationLevel", notificationLevel="muted"),
    "change one's own name": lambda case: {
        "action": "editUserFriendlyName",
        "username": case.identity,
        "friendlyName": "New",
    },
    "change another's profile's attributes": lambda case: {
        "action": "editUserAttributes",
        "username": OTHER,
        "attributes": f'"{case.actor}"',
    },
}

ELSEWHERE = {"sendMediaMessage"}
"""Commands that need more than a room: an upload."""


def test_every_command_is_tried() -> None:
    tried = {command(_Anyone())["action"] for command in BY_OPERATION.values()}  # type: ignore[arg-type]
    assert tried == set(_COMMANDS) - ELSEWHERE


class _Anyone:
    """Answers whatever a command asks of a case."""

    def __getattr__(self, name: str) -> Any:
        return _Anyone()


@pytest.mark.parametrize("operation", BY_OPERATION)
async def test_a_command_by_everybody(world: World, operation: str) -> None:
    (row,) = [row for row in REQUESTS if row["operation"] == operation]
    roles = await make_roles(world)
    got, expected = {}, {}
    for actor in ACTORS:
        one = await case(world, roles, actor)
        client = await OldClient.start(one.line)
        given = BY_OPERATION[operation](one)
        response = await client.command(given.pop("action"), **given)
        got[actor] = "ok" if response["status"] == 200 else str(response["status"])
        expected[actor] = row[actor].split(" ")[-1]
    assert got == expected
