"""Every answer against Twilio's own OpenAPI file, as it ships in the npm package @twilio/cli-core."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from roomful.conversations.rest.routes import PATHS
from tests.servers import Server
from tests.webhooks.person import Person

from .conftest import Wire

SPEC = Path(__file__).parents[3] / "node_modules/@twilio/cli-core/src/services/twilio-api/twilio_conversations_v1.json"
TIMERS = {"Timers.Inactive": "PT1M", "Timers.Closed": "PT10M"}
"""As in the specification's examples."""
TRIGGER = {"Target": "trigger", "Configuration.Url": "https://example.com", "Configuration.Triggers": "keyword1"}
TYPES = {"string": str, "integer": int, "boolean": bool, "array": list, "object": dict}
FORMATS = {
    "date-time": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ",
    "uri": r"http://localhost:\d+/v1/.*|https://www\.example\.com/(pre|post)",
}
OLDER = "/v1/Conversations/Webhooks"
"""A name that the specification no longer has (docs/rest.md, "What is served")."""


@pytest.fixture(scope="module")
def spec() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(SPEC.read_text())
    return loaded


def shape(path: str) -> str:
    return re.sub(r"\{[^}]*\}", "{}", path)


def methods(operations: dict[str, Any]) -> set[str]:
    return {name.upper() for name in operations if name in ("get", "post", "delete", "put", "patch")}


def test_every_operation_is_routed(spec: dict[str, Any]) -> None:
    ours = {shape(path): set(handlers) for path, handlers in PATHS.items() if path != OLDER}
    theirs = {shape(path): methods(operations) for path, operations in spec["paths"].items()}
    assert ours == theirs


@pytest.fixture
def filled(wire: Wire) -> Iterator[dict[str, str]]:
    """One of each resource: what the variable parts of the specification's paths may stand for."""
    service = wire.get("/v1/Configuration").json["default_chat_service_sid"]
    form = {"FriendlyName": "room", "UniqueName": "room", "Attributes": "{}", **TIMERS}
    room = wire.post("/v1/Conversations", form).json["sid"]
    wire.post("/v1/Users", {"Identity": "ida", "FriendlyName": "Ida"})
    wire.post(f"/v1/Conversations/{room}/Participants", {"Identity": "ida"})
    message = wire.post(f"/v1/Conversations/{room}/Messages", {"Author": "ida", "Body": "Hello"}).json["sid"]
    binding = {"MessagingBinding.Address": "+4930123456", "MessagingBinding.ProxyAddress": "+4930654321"}
    outside = wire.post(f"/v1/Conversations/{room}/Participants", binding).json["sid"]
    report = {"conversation_sid": room, "message_sid": message, "participant_sid": outside, "status": "sent"}
    wire.post("/roomful/v1/receipts", json.dumps(report).encode())
    wire.post(f"/v1/Conversations/{room}/Webhooks", TRIGGER)
    wire.post(f"/v1/Users/ida/Conversations/{room}", {"LastReadMessageIndex": 0})
    wire.post(f"/v1/Services/{service}/Configuration/Webhooks", {"Method": "POST"})  # before it, some is null
    yield {"service": service, "conversation": room, "message": message}
    wire.send("DELETE", f"/v1/Conversations/{room}/Participants/{outside}")  # the pair is the service's
    wire.post("/v1/Configuration/Webhooks", {"PreWebhookUrl": "", "PostWebhookUrl": ""})  # all tests share the account


def concrete(wire: Wire, path: str, filled: dict[str, str]) -> str:
    """The path with one of each resource filled in; those with no name are looked up in their list."""
    wire.post("/v1/Credentials", {"Type": "apn"})
    wire.post("/v1/Configuration/Addresses", {"Type": "sms", "Address": "+4930123456"})
    if "/Bindings" in path:
        bind_device(wire.server, filled["service"])
    if path.endswith("/ParticipantConversations"):
        path += "?Identity=ida"
    path = re.sub(r"^(/v1/Services/)\{\w+\}", rf"\g<1>{filled['service']}", path)
    path = re.sub(r"(/Conversations/)\{\w+\}", rf"\g<1>{filled['conversation']}", path)
    path = re.sub(r"(/Messages/)\{\w+\}", rf"\g<1>{filled['message']}", path)
    path = re.sub(r"(/(?:Users|Participants)/)\{\w+\}", r"\g<1>ida", path)
    listed = re.fullmatch(r"(.*)/\{\w+\}", path)
    if listed:
        answer = wire.get(listed[1]).json
        path = f"{listed[1]}/{answer[answer['meta']['key']][0]['sid']}"
    return path


def bind_device(server: Server, service_sid: str) -> None:
    """As a client of the SDK does it, for ida."""
    person = Person(server, "ida", service_sid)
    person.register("fcm", "device")
    person.close()


FORMS = {
    "/Configuration/Webhooks": {"PostWebhookUrl": "https://www.example.com/post", "Filters": "onMessageAdded"},
    "/Webhooks": TRIGGER,
    "/Conversations": {"FriendlyName": "new", **TIMERS},
    "/ConversationWithParticipants": {"FriendlyName": "new", "Participant": '{"identity":"new"}', **TIMERS},
    "/Addresses": {"Type": "chat", "Address": "new"},
    "/Credentials": {"Type": "apn"},
    "/Participants": {"Identity": "new"},
    "/Messages": {"Body": "new"},
    "/Users": {"Identity": "new"},
    "/Roles": {"FriendlyName": "new", "Type": "service", "Permission": "joinConversation"},
    "/Services": {"FriendlyName": "new"},
}


def operations() -> list[tuple[str, str]]:
    """All that answer with a body."""
    found = json.loads(SPEC.read_text())["paths"].items()
    return [(path, method) for path, of in found for method in sorted(methods(of) - {"DELETE"})]


@pytest.mark.parametrize(("path", "method"), operations())
def test_answer(wire: Wire, spec: dict[str, Any], filled: dict[str, str], path: str, method: str) -> None:
    form = next((form for end, form in FORMS.items() if path.endswith(end)), {"FriendlyName": "changed"})
    if re.search(r"/Roles/\{", path):
        form = {"Permission": "joinConversation"}
    reply = wire.send(method, concrete(wire, path, filled), form if method == "POST" else None)
    responses = spec["paths"][path][method.lower()]["responses"]
    assert str(reply.status) in responses
    content = responses[str(reply.status)]["content"]["application/json"]
    check(spec, reply.json, content["schema"], "answer")
    example = max((example["value"] for example in content["examples"].values()), key=lambda value: len(str(value)))
    assert links(reply.json) == links(example)
    assert timers(reply.json) == timers(example)


def webhooks() -> list[tuple[str, str]]:
    return [(path, method) for path, method in operations() if "Webhooks" in path]


@pytest.mark.parametrize("path", [path for path, method in webhooks() if method == "POST"])
def test_webhooks_take_the_specifications_examples(
    wire: Wire, spec: dict[str, Any], filled: dict[str, str], path: str
) -> None:
    """Older names of events and all."""
    content = spec["paths"][path]["post"]["requestBody"]["content"]["application/x-www-form-urlencoded"]
    for name, example in content["examples"].items():
        reply = wire.post(concrete(wire, path, filled), example["value"])
        responses = spec["paths"][path]["post"]["responses"]
        expected = responses[str(reply.status)]["content"]["application/json"]["examples"][name]["value"]
        assert reply.json.keys() == expected.keys()
        for key in ("target", "configuration", "filters", "method", "pre_webhook_url"):
            assert reply.json.get(key) == expected.get(key), key


@pytest.mark.parametrize("path", [path for path, method in webhooks() if method == "GET"])
def test_webhooks_configurations_are_those_of_their_targets(
    wire: Wire, spec: dict[str, Any], filled: dict[str, str], path: str
) -> None:
    content = spec["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]
    examples = [example["value"] for example in content["examples"].values()]
    shown = [one for example in examples for one in example.get("webhooks", [example]) if "configuration" in one]
    theirs = {one["target"]: one["configuration"].keys() for one in shown}
    room = f"/v1/Conversations/{filled['conversation']}/Webhooks"
    wire.post(room, TRIGGER | {"Target": "webhook", "Configuration.Filters": "onMessageAdded"})
    wire.post(room, {"Target": "studio", "Configuration.FlowSid": f"FW{'a' * 32}"})
    ours = {one["target"]: one["configuration"].keys() for one in wire.get(room).json["webhooks"]}
    assert theirs.items() <= ours.items()


def test_webhooks_of_a_service_before_they_are_configured(wire: Wire, spec: dict[str, Any]) -> None:
    service = wire.get("/v1/Configuration").json["default_chat_service_sid"]
    get = spec["paths"]["/v1/Services/{ChatServiceSid}/Configuration/Webhooks"]["get"]
    example = get["responses"]["200"]["content"]["application/json"]["examples"]["fetchEmpty"]["value"]
    answer = wire.get(f"/v1/Services/{service}/Configuration/Webhooks").json
    assert {name: value for name, value in answer.items() if not name.endswith(("_sid", "url"))} == {
        "filters": example["filters"],
        "method": example["method"],
    }
    assert (answer["pre_webhook_url"], answer["post_webhook_url"]) == (None, None)
    assert answer.keys() == example.keys()


def links(answer: dict[str, Any]) -> Any:
    """The names of an answer's links; of a list's first item."""
    if "meta" in answer:
        return [*answer["meta"]], links(answer[answer["meta"]["key"]][0])
    return sorted(answer.get("links", {}))


def timers(answer: dict[str, Any]) -> Any:
    """The names of an answer's timers, and whether their values are instants; of a list's first item."""
    if "meta" in answer:
        return timers(answer[answer["meta"]["key"]][0])
    instants = answer.get("timers", {}).items()
    return sorted((name, bool(re.fullmatch(FORMATS["date-time"], value))) for name, value in instants)


def check(spec: dict[str, Any], value: Any, schema: dict[str, Any], where: str) -> None:
    """The value has the schema's type, exactly its keys, and what it says of their form."""
    if "$ref" in schema:
        schema = spec["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    if value is None:
        assert schema.get("nullable"), where
        return
    if "type" in schema:
        assert type(value) is TYPES[schema["type"]], where
    if "enum" in schema:
        assert value in schema["enum"], where
    if "pattern" in schema:
        assert re.search(schema["pattern"], value), where
    if schema.get("format") in FORMATS:
        assert re.fullmatch(FORMATS[schema["format"]], value), where
    if "properties" in schema:
        assert set(value) == set(schema["properties"]), where
        for name, of in schema["properties"].items():
            check(spec, value[name], of, f"{where}.{name}")
    if schema.get("type") == "array":
        for item in value:
            check(spec, item, schema["items"], f"{where}[]")
