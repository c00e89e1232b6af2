"""Webhooks through the unmodified library, in both URL forms, and what only the wire can say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from twilio.base.exceptions import TwilioException
from twilio.rest import Client

from .conftest import Wire
from .test_resources import refusal

URL = "https://app.invalid/hooks"
NOBODY = "0" * 32


@pytest.fixture
def account(client: Client) -> Iterator[Any]:
    """The account's configuration, as if nobody had touched it: all tests share the account."""
    hooks = client.conversations.v1.configuration.webhooks()
    yield hooks
    hooks.update(pre_webhook_url="", post_webhook_url="", method="POST", target="webhook")


@pytest.fixture
def room(api: Any) -> Any:
    return api.conversations(api.conversations.create(unique_name="room").sid)


# --- of a conversation ---------------------------------------------------------------------------------------------


def test_webhook(room: Any) -> None:
    made = room.webhooks.create(
        target="webhook",
        configuration_url=URL,
        configuration_method="get",
        configuration_filters=["onMessageSent", "onParticipantAdded"],
    )
    assert (made.sid[:2], made.target, made.conversation_sid) == ("WH", "webhook", room.fetch().sid)
    assert made.configuration == {"url": URL, "method": "get", "filters": ["onMessageSent", "onParticipantAdded"]}
    found = room.webhooks(made.sid).fetch()
    assert (found.configuration, found.date_created) == (made.configuration, made.date_created)
    assert found.url.endswith(f"/Conversations/{made.conversation_sid}/Webhooks/{made.sid}")

    changed = room.webhooks(made.sid).update(configuration_method="POST", configuration_filters=["onMessageAdded"])
    assert changed.configuration == {"url": URL, "method": "post", "filters": ["onMessageAdded"]}
    assert room.webhooks(made.sid).update(configuration_url=f"{URL}?a=1&b=%20").configuration == {
        **changed.configuration,
        "url": f"{URL}?a=1&b=%20",
    }
    assert room.webhooks(made.sid).delete() is True
    assert refusal(room.webhooks(made.sid).fetch) == (404, 20404)
    assert refusal(room.webhooks(made.sid).update, configuration_method="get") == (404, 20404)
    assert refusal(room.webhooks(made.sid).delete) == (404, 20404)
    assert room.webhooks.list() == []


def test_trigger(room: Any) -> None:
    made = room.webhooks.create(
        target="Trigger",
        configuration_url=URL,
        configuration_triggers=["help", "two words"],
        configuration_replay_after=0,
    )
    assert made.target == "trigger"
    assert made.configuration == {"url": URL, "method": "post", "filters": ["help", "two words"]}
    changed = room.webhooks(made.sid).update(configuration_triggers=["Grüße 👋"])
    assert changed.configuration["filters"] == ["Grüße 👋"]


def test_studio(room: Any) -> None:
    made = room.webhooks.create(target="studio", configuration_flow_sid=f"FW{NOBODY}")
    assert (made.target, made.configuration) == ("studio", {"flow_sid": f"FW{NOBODY}"})
    other = f"FW{'1' * 32}"
    assert room.webhooks(made.sid).update(configuration_flow_sid=other).configuration == {"flow_sid": other}


def test_five_and_their_pages(room: Any) -> None:
    def create() -> Any:
        return room.webhooks.create(target="trigger", configuration_url=URL, configuration_triggers=["a"])

    made = [create().sid for _ in range(5)]
    assert refusal(create) == (400, 50361)
    assert [webhook.sid for webhook in room.webhooks.list()] == made
    assert [webhook.sid for webhook in room.webhooks.list(page_size=2)] == made
    assert room.webhooks.page(page_size=50)._payload["meta"]["page_size"] == 5
    page = room.webhooks.page(page_size=3)
    following = page.next_page()
    assert [webhook.sid for webhook in following] == made[3:]
    assert [webhook.sid for webhook in following.previous_page()] == made[:3]
    room.webhooks(made[0]).delete()
    assert create().sid not in made


def test_a_closed_conversations_webhooks_can_be_changed_and_go_with_it(room: Any) -> None:
    room.update(state="closed")
    made = room.webhooks.create(target="trigger", configuration_url=URL, configuration_triggers=["a"])
    assert room.webhooks(made.sid).update(configuration_method="get").configuration["method"] == "get"
    room.delete()
    assert refusal(room.webhooks(made.sid).fetch) == (404, 20404)
    with pytest.raises(TwilioException, match="20404"):
        room.webhooks.list()
    assert refusal(room.webhooks.create, target="studio", configuration_flow_sid=f"FW{NOBODY}") == (404, 20404)


def test_another_conversations_webhook_is_not_there(api: Any, room: Any) -> None:
    made = room.webhooks.create(target="trigger", configuration_url=URL, configuration_triggers=["a"])
    other = api.conversations(api.conversations.create().sid)
    assert refusal(other.webhooks(made.sid).fetch) == (404, 20404)
    assert refusal(other.webhooks(made.sid).delete) == (404, 20404)
    assert refusal(other.webhooks("WH").fetch) == (404, 20404)


def test_the_form_with_the_service_names_it(wire: Wire, client: Client, service_sid: str) -> None:
    room = client.conversations.v1.conversations.create()
    form = {"Target": "studio", "Configuration.FlowSid": f"FW{NOBODY}"}
    short = wire.post(f"/v1/Conversations/{room.sid}/Webhooks", form).json
    assert "chat_service_sid" not in short
    long = wire.get(f"/v1/Services/{service_sid}/Conversations/{room.sid}/Webhooks/{short['sid']}").json
    assert long["chat_service_sid"] == service_sid
    assert long["url"] == short["url"].replace("/v1/", f"/v1/Services/{service_sid}/")
    other = client.conversations.v1.services.create(friendly_name="another").sid
    path = f"/v1/Services/{other}/Conversations/{room.sid}/Webhooks"
    assert (wire.get(path).code, wire.get(f"{path}/{short['sid']}").code) == (20404, 20404)


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({}, 50368),
        ({"Target": ""}, 50368),
        ({"Target": "mail"}, 50364),
        ({"Target": "webhook", "Configuration.Filters": "onMessageAdded"}, 50369),
        ({"Target": "webhook", "Configuration.Url": ""}, 50369),
        ({"Target": "webhook", "Configuration.Url": URL}, 50370),
        ({"Target": "webhook", "Configuration.Url": URL, "Configuration.Filters": ""}, 50370),
        ({"Target": "webhook", "Configuration.Url": URL, "Configuration.Filters": "onFire"}, 50365),
        ({"Target": "webhook", "Configuration.Url": URL, "Configuration.Filters": ["onMessageAdded", "x"]}, 50365),
        ({"Target": "webhook", "Configuration.Url": URL, "Configuration.Filters": "onMessageAdd"}, 50365),
        ({"Target": "webhook", "Configuration.Url": URL, "Configuration.Filters": "onConversationAdded"}, 50365),
        ({"Target": "webhook", "Configuration.Url": URL, "Configuration.Filters": "onUserUpdated"}, 50365),
        ({"Target": "trigger", "Configuration.Triggers": "a"}, 50369),
        ({"Target": "trigger", "Configuration.Url": URL}, 50371),
        ({"Target": "trigger", "Configuration.Url": URL, "Configuration.Triggers": ["a", " "]}, 50366),
        ({"Target": "trigger", "Configuration.Url": URL, "Configuration.Triggers": "x" * 129}, 50366),
        ({"Target": "trigger", "Configuration.Url": URL, "Configuration.Triggers": list("abcdefghijk")}, 50362),
        ({"Target": "studio"}, 50367),
        ({"Target": "studio", "Configuration.FlowSid": "FW1"}, 50367),
    ],
)
def test_what_is_refused(wire: Wire, form: dict[str, Any], code: int) -> None:
    room = wire.post("/v1/Conversations").json["sid"]
    reply = wire.post(f"/v1/Conversations/{room}/Webhooks", form)
    assert (reply.status, reply.code) == (400, code)
    assert wire.get(f"/v1/Conversations/{room}/Webhooks").json["webhooks"] == []


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"Configuration.Method": "put"}, 50055),
        ({"Configuration.Method": ""}, 50055),
        ({"Configuration.ReplayAfter": "-1"}, 20001),
        ({"Configuration.ReplayAfter": "many"}, 20001),
        ({"Configuration.ReplayAfter": "1.5"}, 20001),
    ],
)
def test_method_and_replay_are_refused(wire: Wire, changed: dict[str, str], code: int) -> None:
    room = wire.post("/v1/Conversations").json["sid"]
    form = {"Target": "trigger", "Configuration.Url": URL, "Configuration.Triggers": "a"} | changed
    assert wire.post(f"/v1/Conversations/{room}/Webhooks", form).code == code


def test_an_update_is_judged_as_a_creation_is(wire: Wire) -> None:
    room = wire.post("/v1/Conversations").json["sid"]
    form = {"Target": "webhook", "Configuration.Url": URL, "Configuration.Filters": "onMessageAdded"}
    made = wire.post(f"/v1/Conversations/{room}/Webhooks", form).json
    path = f"/v1/Conversations/{room}/Webhooks/{made['sid']}"
    for change, code in (
        ({"Configuration.Url": ""}, 50369),
        ({"Configuration.Url": "mailto:a@b.example"}, 50054),
        ({"Configuration.Url": "http://127.0.0.1/"}, 50054),
        ({"Configuration.Method": "PUT"}, 50055),
        ({"Configuration.Filters": "onFire"}, 50365),
        ({"Configuration.Filters": ""}, 50370),
    ):
        assert (change, wire.post(path, {"Configuration.Method": "get"} | change).code) == (change, code)
    assert wire.get(path).json == made


# --- URLs, at both levels ------------------------------------------------------------------------------------------

BAD_URLS = [
    *("nonsense", "/relative", "ftp://app.invalid/", "https://", "https:///path", "http://?x", "javascript:alert(1)"),
    *("https://app.invalid/#part", "https://app.invalid/a b", "https://app.invalid/\n", "https://app.invalid:99999/"),
    *("https://app.invalid:port/", "https://[::1", "//app.invalid/"),
]
PRIVATE_URLS = [
    *("http://127.0.0.1/", "http://localhost:8080/x", "http://10.0.0.1/", "http://192.168.1.1/", "http://[::1]/"),
    *("http://169.254.169.254/latest/meta-data/", "http://[::ffff:10.0.0.1]/", "http://0.0.0.0/", "http://LOCALHOST/"),
    *("http://user:word@127.0.0.1/", "https://172.16.0.1:8443/"),
]


@pytest.mark.parametrize("url", BAD_URLS + PRIVATE_URLS)
def test_urls_that_are_refused(wire: Wire, service_sid: str, url: str) -> None:
    room = wire.post("/v1/Conversations").json["sid"]
    for path, form in (
        (f"/v1/Services/{service_sid}/Configuration/Webhooks", {"PostWebhookUrl": url, "Filters": "onMessageAdded"}),
        (f"/v1/Services/{service_sid}/Configuration/Webhooks", {"PreWebhookUrl": url}),
        ("/v1/Configuration/Webhooks", {"PostWebhookUrl": url}),
        (
            f"/v1/Conversations/{room}/Webhooks",
            {"Target": "webhook", "Configuration.Url": url, "Configuration.Filters": "onMessageAdded"},
        ),
    ):
        reply = wire.post(path, form)
        assert (path, reply.status, reply.code) == (path, 400, 50054)
        assert ("WEBHOOK_ALLOW" in reply.json["message"]) == (url in PRIVATE_URLS)
        assert "word" not in reply.json["message"]


def test_long_urls(wire: Wire, service_sid: str) -> None:
    room = wire.post("/v1/Conversations").json["sid"]
    fits, too_long = (f"{URL}?{'x' * (length - len(URL) - 1)}" for length in (2048, 2049))
    form = {"Target": "webhook", "Configuration.Filters": "onMessageAdded"}
    path = f"/v1/Conversations/{room}/Webhooks"
    assert wire.post(path, form | {"Configuration.Url": fits}).json["configuration"]["url"] == fits
    assert wire.post(path, form | {"Configuration.Url": too_long}).code == 50372
    path = f"/v1/Services/{service_sid}/Configuration/Webhooks"
    assert wire.post(path, {"PostWebhookUrl": fits}).json["post_webhook_url"] == fits
    assert wire.post(path, {"PostWebhookUrl": too_long}).status == 400


# --- of the account and of a service -------------------------------------------------------------------------------


def test_account_configuration(account: Any, rest_server: Any) -> None:
    assert account.fetch().account_sid == rest_server.credentials["account_sid"]
    made = account.update(
        pre_webhook_url="https://user:word@app.invalid/pre",
        post_webhook_url=URL,
        method="get",
        filters=["onMessageSend", "onConversationUpdated"],
        target="flex",
    )
    assert (made.pre_webhook_url, made.post_webhook_url) == ("https://user:word@app.invalid/pre", URL)
    assert (made.method, made.target) == ("GET", "flex")
    assert made.filters == ["onMessageSend", "onConversationUpdated"]
    assert made.url.endswith("/v1/Configuration/Webhooks")
    changed = account.update(target="webhook", method="POST", pre_webhook_url="")
    assert (changed.pre_webhook_url, changed.post_webhook_url, changed.filters) == (None, URL, made.filters)
    assert (account.fetch().method, account.fetch().target) == ("POST", "webhook")
    for bad, code in (({"method": "PUT"}, 50055), ({"filters": ["onFire"]}, 50054), ({"target": "moon"}, 50054)):
        assert refusal(account.update, **bad) == (400, code)
    assert account.fetch().filters == made.filters


def test_service_configuration(client: Client, service_sid: str) -> None:
    hooks = client.conversations.v1.services(service_sid).configuration.webhooks()
    empty = hooks.fetch()
    assert (empty.pre_webhook_url, empty.post_webhook_url, empty.filters, empty.method) == (None,) * 4
    assert empty.chat_service_sid == service_sid
    made = hooks.update(post_webhook_url=URL, filters=["onMessageRemoved", "ONPARTICIPANTADDED"])
    assert (made.pre_webhook_url, made.post_webhook_url, made.method) == (None, URL, "POST")
    assert made.filters == ["onMessageRemoved", "ONPARTICIPANTADDED"]
    changed = hooks.update(pre_webhook_url="https://app.invalid/pre", method="get")
    assert (changed.pre_webhook_url, changed.post_webhook_url) == ("https://app.invalid/pre", URL)
    assert (changed.method, hooks.fetch().filters) == ("GET", made.filters)
    other = client.conversations.v1.services(client.conversations.v1.services.create(friendly_name="another").sid)
    assert other.configuration.webhooks().fetch().post_webhook_url is None


def test_an_empty_value_clears(wire: Wire, service_sid: str) -> None:
    path = f"/v1/Services/{service_sid}/Configuration/Webhooks"
    wire.post(path, {"PostWebhookUrl": URL, "PreWebhookUrl": URL, "Filters": ["onMessageAdded", "onUserAdded"]})
    assert wire.post(path, {"Filters": ""}).json["filters"] == []
    assert wire.post(path, {"PostWebhookUrl": ""}).json["post_webhook_url"] is None
    assert wire.get(path).json["pre_webhook_url"] == URL


@pytest.mark.usefixtures("account")
def test_the_older_path_wins_over_a_conversation_of_that_name(wire: Wire, service_sid: str) -> None:
    room = wire.post("/v1/Conversations", {"UniqueName": "Webhooks"}).json
    old = "/v1/Conversations/Webhooks"
    assert wire.post(old, {"PostWebhookUrl": URL, "Filters": "onUserAdded"}).json["post_webhook_url"] == URL
    assert wire.get(old).json == wire.get("/v1/Configuration/Webhooks").json
    reply = wire.send("DELETE", old)
    assert (reply.code, reply.headers["allow"]) == (20004, "GET, POST")
    assert wire.get(f"/v1/Services/{service_sid}{old[3:]}").json["sid"] == room["sid"]
    assert wire.get(f"{old}/Participants").json["participants"] == []
    assert wire.get(f"/v1/Conversations/{room['sid']}").json["unique_name"] == "Webhooks"


# --- X-Twilio-Webhook-Enabled --------------------------------------------------------------------------------------


def events(wire: Wire, service_sid: str) -> list[str]:
    """What the service's webhook is still to be told; its host has no address."""
    calls = wire.get(f"/roomful/v1/hooks/calls?Target={service_sid}").json["calls"]
    return [call["event"] for call in calls]


def test_what_the_header_has_told(api: Any, wire: Wire, client: Client, service_sid: str) -> None:
    """Deletions go over the wire: the library (9.13) drops the header of them."""
    told = [
        *("onConversationAdded", "onUserAdded", "onParticipantAdded", "onMessageAdded", "onMessageUpdated"),
        *("onMessageRemoved", "onParticipantUpdated", "onParticipantRemoved", "onConversationUpdated", "onUserUpdated"),
        "onConversationRemoved",
    ]
    hooks = client.conversations.v1.services(service_sid).configuration.webhooks()
    hooks.update(post_webhook_url=URL, filters=told)
    options: dict[str, str]
    for options in ({"x_twilio_webhook_enabled": "true"}, {}, {"x_twilio_webhook_enabled": "false"}):
        headers = {name.replace("_", "-"): value for name, value in options.items()}
        made = api.conversations.create(**options)
        room, path = api.conversations(made.sid), f"/v1/Conversations/{made.sid}"
        api.users.create(identity="ann", **options)
        room.participants.create(identity="ann", **options)
        message = room.messages(room.messages.create(body="x", **options).sid)
        message.update(body="y", **options)
        wire.send("DELETE", f"{path}/Messages/{message.fetch().sid}", headers=headers)
        room.participants("ann").update(attributes='{"a":1}', **options)
        wire.send("DELETE", f"{path}/Participants/ann", headers=headers)
        room.update(friendly_name="new", **options)
        api.users("ann").update(friendly_name="Ann", **options)
        wire.send("DELETE", path, headers=headers)
        assert wire.send("DELETE", "/v1/Users/ann", headers=headers).status == 204
        assert events(wire, service_sid) == told


@pytest.mark.parametrize(("value", "told"), [("TRUE", True), ("True", True), ("False", False), (None, False)])
def test_the_header_in_any_case(wire: Wire, service_sid: str, value: str | None, told: bool) -> None:
    wire.post(
        f"/v1/Services/{service_sid}/Configuration/Webhooks", {"PostWebhookUrl": URL, "Filters": "onConversationAdded"}
    )
    headers = {} if value is None else {"X-Twilio-Webhook-Enabled": value}
    assert wire.post("/v1/Conversations", headers=headers).status == 201
    assert events(wire, service_sid) == ["onConversationAdded"] * told


@pytest.mark.parametrize("value", ["", "yes", "1", "true, false", "truе"])
def test_another_value_of_the_header(wire: Wire, value: str) -> None:
    headers = {"X-Twilio-Webhook-Enabled": value.encode("utf-8").decode("latin-1")}
    reply = wire.post("/v1/Conversations", {"UniqueName": "never"}, headers=headers)
    assert (reply.status, reply.code) == (400, 20001)
    assert wire.get("/v1/Conversations/never").status == 404
