"""What the tutorial's back end calls, in its order and as it writes it."""

from __future__ import annotations

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from tests.servers import Server, twilio_client

# The tutorial writes `client.conversations.conversations`, which newer libraries call deprecated.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def test_first_start_made_what_the_console_made(rest_server: Server) -> None:
    keys = rest_server.credentials
    client = twilio_client(rest_server)
    service = client.conversations.v1.services(keys["service_sid"])
    assert service.fetch().account_sid == keys["account_sid"]
    roles = {role.friendly_name: role for role in service.roles.list()}
    assert set(roles) == {"service admin", "service user", "channel admin", "channel user", "participant"}
    assert roles["participant"].type == "service"
    assert set(roles["participant"].permissions) == {"joinConversation", "editOwnUserInfo"}
    defaults = service.configuration().fetch()
    assert defaults.default_chat_service_role_sid == roles["service user"].sid
    assert defaults.default_conversation_role_sid == roles["channel user"].sid
    assert defaults.default_conversation_creator_role_sid == roles["channel admin"].sid


def test_rooms(client: Client) -> None:
    assert client.conversations.conversations.list() == []
    client.conversations.conversations.create(friendly_name="#general")
    client.conversations.conversations.create(friendly_name="#support")
    rooms = {room.friendly_name: room for room in client.conversations.conversations.list()}
    assert set(rooms) == {"#general", "#support"}
    assert rooms["#support"].sid.startswith("CH")
    assert rooms["#support"].delete() is True
    assert [room.friendly_name for room in client.conversations.conversations.list()] == ["#general"]


def test_login(client: Client) -> None:
    room = client.conversations.conversations.create(friendly_name="#general")
    client.conversations.roles.create("participant", "service", ["joinConversation", "editOwnUserInfo"])
    role = next(role for role in client.conversations.roles.list() if role.friendly_name == "participant")
    made = client.conversations.users.create(identity="susan", role_sid=role.sid)
    assert made.role_sid == role.sid
    with pytest.raises(TwilioRestException) as again:
        client.conversations.users.create(identity="susan", role_sid=role.sid)
    assert (again.value.status, again.value.code) == (409, 50201)

    for conversation in client.conversations.conversations.list():
        conversation.participants.create(identity="susan")
    for conversation in client.conversations.conversations.list():
        with pytest.raises(TwilioRestException) as twice:
            conversation.participants.create(identity="susan")
        assert (twice.value.status, twice.value.code) == (409, 50433)
    assert [member.identity for member in room.participants.list()] == ["susan"]
    assert room.participants("susan").delete() is True
    assert room.participants.list() == []
