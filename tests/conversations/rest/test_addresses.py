"""Address configurations: kept, shown, and never acted upon."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from .conftest import Wire

FLOW = f"FW{'a' * 32}"
PATH = "/v1/Configuration/Addresses"


@pytest.fixture
def addresses(client: Client) -> Iterator[Any]:
    """Those of the account, emptied after the test."""
    yield client.conversations.v1.address_configurations
    for each in client.conversations.v1.address_configurations.list():
        each.delete()


def test_a_webhook_for_an_address(addresses: Any, service_sid: str) -> None:
    made = addresses.create(
        type="sms",
        address="+4930123456",
        friendly_name="desk",
        address_country="de",
        auto_creation_enabled=True,
        auto_creation_type="webhook",
        auto_creation_conversation_service_sid=service_sid,
        auto_creation_webhook_url="https://example.com/new",
        auto_creation_webhook_method="GET",
        auto_creation_webhook_filters=["onMessageAdded", "onParticipantAdded"],
    )
    for shown in (made, addresses(made.sid).fetch(), addresses("+4930123456").fetch(), addresses.list()[0]):
        assert (shown.type, shown.address, shown.friendly_name, shown.address_country) == (
            *("sms", "+4930123456", "desk"),
            "DE",
        )
        assert shown.auto_creation == {
            **{"enabled": True, "type": "webhook", "conversation_service_sid": service_sid},
            **{"webhook_url": "https://example.com/new", "webhook_method": "GET"},
            "webhook_filters": ["onMessageAdded", "onParticipantAdded"],
        }


def test_auto_creation_changes_and_is_cleared(addresses: Any, wire: Wire, service_sid: str) -> None:
    made = addresses.create(type="chat", address="lobby")
    assert made.auto_creation == {"enabled": False, "type": "default", "conversation_service_sid": None}
    path = f"{PATH}/{made.sid}"
    studio = {"AutoCreation.Type": "Studio", "AutoCreation.StudioFlowSid": FLOW, "AutoCreation.StudioRetryCount": "3"}
    shown = wire.post(path, studio | {"AutoCreation.ConversationServiceSid": service_sid}).json["auto_creation"]
    assert (shown["studio_flow_sid"], shown["studio_retry_count"]) == (FLOW, 3)
    assert wire.post(path, {"AutoCreation.StudioRetryCount": ""}).json["auto_creation"]["studio_retry_count"] == 0
    cleared = wire.post(path, {"AutoCreation.ConversationServiceSid": ""}).json["auto_creation"]
    assert cleared == {"enabled": False, "type": "studio", "conversation_service_sid": None} | {
        "studio_flow_sid": FLOW,
        "studio_retry_count": 0,
    }
    webhook = {"AutoCreation.Type": "webhook", "AutoCreation.WebhookUrl": "https://example.com"}
    shown = wire.post(path, webhook | {"AutoCreation.WebhookFilters": ["onMessageAdded"]}).json["auto_creation"]
    assert (shown["webhook_method"], shown["webhook_filters"]) == ("POST", ["onMessageAdded"])
    assert "studio_flow_sid" not in shown
    emptied = wire.post(path, {"AutoCreation.WebhookFilters": "", "FriendlyName": "x"}).json
    assert (emptied["auto_creation"]["webhook_filters"], emptied["friendly_name"]) == ([], "x")
    assert wire.post(path, {"AutoCreation.Type": "default", "FriendlyName": ""}).json["auto_creation"].keys() == {
        *("enabled", "type", "conversation_service_sid")
    }


def test_an_address_has_one_configuration_for_each_type(addresses: Any, wire: Wire) -> None:
    first = addresses.create(type="sms", address="+4930123456")
    second = addresses.create(type="whatsapp", address="+4930123456")
    assert addresses("+4930123456").fetch().sid == first.sid, "the oldest"
    reply = wire.post(PATH, {"Type": "SMS", "Address": "+4930123456"})
    assert (reply.status, reply.code) == (409, 20409)
    assert [each.sid for each in addresses.list(type="whatsapp")] == [second.sid]
    first.delete()
    assert addresses("+4930123456").fetch().sid == second.sid
    with pytest.raises(TwilioRestException) as gone:
        addresses(first.sid).fetch()
    assert gone.value.status == 404


@pytest.mark.parametrize(
    ("form", "status", "code"),
    [
        ({"Type": ""}, 400, 20001),
        ({"Type": "pigeon"}, 400, 20001),
        ({"Address": ""}, 400, 20001),
        ({"Address": "elsewhere"}, 400, 50407),
        ({"Type": "email", "Address": "+4930123456"}, 400, 50407),
        ({"Type": "chat", "Address": "x" * 257}, 400, 50407),
        ({"Type": "chat", "Address": f"IG{'0' * 32}"}, 400, 50407),
        ({"FriendlyName": "x" * 257}, 400, 50003),
        ({"AddressCountry": "Germany"}, 400, 20001),
        ({"AutoCreation.Type": "magic"}, 400, 20001),
        ({"AutoCreation.ConversationServiceSid": f"IS{'0' * 32}"}, 404, 50050),
        ({"AutoCreation.Type": "webhook"}, 400, 50369),
        ({"AutoCreation.Type": "webhook", "AutoCreation.WebhookUrl": "nowhere"}, 400, 50054),
        ({"AutoCreation.Type": "webhook", "AutoCreation.WebhookUrl": "http://127.0.0.1/"}, 400, 50054),
        ({"AutoCreation.WebhookUrl": "https://example.com"}, 400, 20001),
        ({"AutoCreation.Type": "studio"}, 400, 50367),
        (
            {"AutoCreation.Type": "studio", "AutoCreation.StudioFlowSid": FLOW, "AutoCreation.StudioRetryCount": "4"},
            400,
            20001,
        ),
    ],
)
def test_addresses_that_cannot_be(addresses: Any, wire: Wire, form: dict[str, str], status: int, code: int) -> None:
    reply = wire.post(PATH, {"Type": "sms", "Address": "+4930123456", **form})
    assert (reply.status, reply.code) == (status, code)
    assert addresses.list() == []


def test_a_refused_change_changes_nothing(addresses: Any, wire: Wire) -> None:
    made = addresses.create(type="sms", address="12345", friendly_name="short code")
    reply = wire.post(f"{PATH}/{made.sid}", {"FriendlyName": "new", "AutoCreation.Type": "webhook"})
    assert (reply.status, reply.code) == (400, 50369)
    assert addresses(made.sid).fetch().friendly_name == "short code"


def test_pages_keep_the_type(addresses: Any, wire: Wire) -> None:
    made = [addresses.create(type="chat", address=f"lobby {number}").sid for number in range(3)]
    addresses.create(type="sms", address="+4930123456")
    assert [each.sid for each in addresses.list(type="chat", page_size=1)] == made
