"""Push credentials, bindings and notifications: kept, shown, and never acted upon."""

from __future__ import annotations

from typing import Any

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from roomful.conversations.core import limits
from tests.servers import Server
from tests.webhooks.person import Person

from .conftest import Wire

PEM = "-----BEGIN CERTIFICATE-----\nMIIFnTCCBIWgAwIBAgIIAjy9H849+E8wDQYJ\n-----END CERTIFICATE-----"


# --- credentials ---------------------------------------------------------------------------------------------------


def test_what_is_secret_is_never_shown(client: Client, wire: Wire) -> None:
    secrets = {"Certificate": f"{PEM}1", "PrivateKey": f"{PEM}2", "ApiKey": "api-secret", "Secret": "server-secret"}
    reply = wire.post("/v1/Credentials", {"Type": "APN", "FriendlyName": "phones", "Sandbox": "true", **secrets})
    assert reply.status == 201
    shown = reply.json
    assert (shown["type"], shown["friendly_name"], shown["sandbox"]) == ("apn", "phones", "True")
    texts = [reply.text, wire.get("/v1/Credentials").text, wire.get(f"/v1/Credentials/{shown['sid']}").text]
    texts += [wire.post(f"/v1/Credentials/{shown['sid']}", secrets).text, wire.server.log]
    for text in texts:
        assert not any(word in text for word in ("MIIF", "api-secret", "server-secret"))
    client.conversations.v1.credentials(shown["sid"]).delete()


def test_credentials_change(client: Client) -> None:
    made = client.conversations.v1.credentials.create(type="fcm", secret="one")
    context = client.conversations.v1.credentials(made.sid)
    assert (made.friendly_name, made.sandbox) == (None, "False")
    changed = context.update(type="gcm", friendly_name="new", sandbox=True, api_key="two")
    assert (changed.type, changed.friendly_name, changed.sandbox) == ("gcm", "new", "True")
    assert context.update(friendly_name="").friendly_name is None
    assert made.sid in [each.sid for each in client.conversations.v1.credentials.list()]
    assert context.delete() is True
    with pytest.raises(TwilioRestException) as gone:
        context.fetch()
    assert (gone.value.status, gone.value.code) == (404, 20404)


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({}, 20001),
        ({"Type": "smoke"}, 20001),
        ({"Type": "apn", "Sandbox": "perhaps"}, 20001),
        ({"Type": "apn", "FriendlyName": "x" * (limits.CREDENTIAL_NAME_CHARS + 1)}, 50003),
        ({"Type": "apn", "Certificate": "x" * (limits.CREDENTIAL_BYTES + 1)}, 20001),
        ({"Type": "apn", "Secret": "\0"}, 20001),
    ],
)
def test_credentials_that_cannot_be(wire: Wire, form: dict[str, str], code: int) -> None:
    before = len(wire.get("/v1/Credentials?PageSize=100").json["credentials"])
    reply = wire.post("/v1/Credentials", form)
    assert (reply.status, reply.code) == (400, code)
    assert len(wire.get("/v1/Credentials?PageSize=100").json["credentials"]) == before


# --- bindings ------------------------------------------------------------------------------------------------------


@pytest.fixture
def devices(rest_server: Server, service_sid: str) -> list[str]:
    """Three of ann, two of ben; as they were registered."""
    found = []
    for identity, types in (("ann", ("fcm", "apn", "fcm")), ("ben", ("fcm", "apn"))):
        person = Person(rest_server, identity, service_sid)
        found += [person.register(type_, f"{identity}'s {number}") for number, type_ in enumerate(types)]
        person.close()
    return found


def test_bindings_are_listed_and_narrowed(client: Client, service_sid: str, devices: list[str]) -> None:
    bindings = client.conversations.v1.services(service_sid).bindings
    assert [each.sid for each in bindings.list()] == devices
    assert [each.sid for each in bindings.list(identity=["ben"])] == devices[3:]
    assert [each.sid for each in bindings.list(binding_type=["apn"])] == [devices[1], devices[4]]
    assert [each.sid for each in bindings.list(identity=["ann", "nobody"], binding_type=["apn", "gcm"])] == [devices[1]]
    shown = bindings(devices[3]).fetch()
    assert (shown.endpoint, shown.identity, shown.binding_type) == ("ben's 0", "ben", "fcm")


def test_filters_stay_on_every_page(wire: Wire, service_sid: str, devices: list[str]) -> None:
    """All values of a filter that repeats."""
    path = f"/v1/Services/{service_sid}/Bindings?PageSize=1&Identity=ben&Identity=ann&BindingType=fcm"
    found: list[str] = []
    while path:
        page = wire.get(path).json
        found += [each["sid"] for each in page["bindings"]]
        following = page["meta"]["next_page_url"]
        path = following and "/v1/" + following.partition("/v1/")[2]
    assert found == [devices[0], devices[2], devices[3]]


def test_a_removed_binding_notifies_nobody(client: Client, service_sid: str, devices: list[str]) -> None:
    service = client.conversations.v1.services(service_sid)
    service.configuration().update(reachability_enabled=True)
    assert service.users("ben").fetch().is_notifiable is True
    for sid in devices[3:]:
        assert service.bindings(sid).delete() is True
    assert service.users("ben").fetch().is_notifiable is False
    assert service.users("ann").fetch().is_notifiable is True
    with pytest.raises(TwilioRestException) as gone:
        service.bindings(devices[3]).delete()
    assert gone.value.status == 404


@pytest.mark.parametrize("query", ["BindingType=smoke", "&".join(f"Identity={n}" for n in range(101)), "Identity=%00"])
def test_lists_of_bindings_that_cannot_be(wire: Wire, service_sid: str, query: str) -> None:
    reply = wire.get(f"/v1/Services/{service_sid}/Bindings?{query}")
    assert (reply.status, reply.code) == (400, 20001)


# --- notifications -------------------------------------------------------------------------------------------------


def test_notifications_are_kept(client: Client, service_sid: str) -> None:
    notifications: Any = client.conversations.v1.services(service_sid).configuration.notifications()
    usual = notifications.fetch()
    assert usual.log_enabled is False
    assert usual.new_message["template"] == "You have a new message in ${CONVERSATION} from ${PARTICIPANT}: ${MESSAGE}"
    changed = notifications.update(
        log_enabled=True,
        new_message_enabled=True,
        new_message_template="${MESSAGE}",
        new_message_sound="ring",
        new_message_badge_count_enabled=True,
        new_message_with_media_enabled=True,
        new_message_with_media_template="${MEDIA}",
        added_to_conversation_enabled=True,
        added_to_conversation_template="in",
        added_to_conversation_sound="ping",
        removed_from_conversation_enabled=True,
        removed_from_conversation_template="out",
        removed_from_conversation_sound="pong",
    )
    for shown in (changed, notifications.fetch()):
        assert shown.log_enabled is True
        assert shown.new_message == {
            **{"enabled": True, "template": "${MESSAGE}", "sound": "ring", "badge_count_enabled": True},
            "with_media": {"enabled": True, "template": "${MEDIA}"},
        }
        assert shown.added_to_conversation == {"enabled": True, "template": "in", "sound": "ping"}
        assert shown.removed_from_conversation == {"enabled": True, "template": "out", "sound": "pong"}
    again = notifications.update(new_message_template="", new_message_sound="", log_enabled=False)
    assert (again.new_message["template"], again.new_message["sound"]) == (usual.new_message["template"], "default")
    assert again.added_to_conversation["template"] == "in"


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("NewMessage.Template", "x" * (limits.TEMPLATE_CHARS + 1), 50058),
        ("AddedToConversation.Sound", "x" * (limits.SOUND_CHARS + 1), 50059),
        ("LogEnabled", "perhaps", 20001),
    ],
)
def test_notifications_that_cannot_be(wire: Wire, service_sid: str, name: str, value: str, code: int) -> None:
    path = f"/v1/Services/{service_sid}/Configuration/Notifications"
    before = wire.get(path).json
    reply = wire.post(path, {name: value, "RemovedFromConversation.Enabled": "true"})
    assert (reply.status, reply.code) == (400, code)
    assert wire.get(path).json == before
