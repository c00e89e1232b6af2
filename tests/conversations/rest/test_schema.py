"""Our table of paths against Twilio's OpenAPI file, and its examples of webhooks against the server.

What answers look like is looked at by `tests/conformance/library`, in every answer that it gets.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from roomful.conversations.rest.routes import PATHS
from tests.conformance.library.specification import Operation, Specification

from .conftest import Wire

TRIGGER = {"Target": "trigger", "Configuration.Url": "https://example.com", "Configuration.Triggers": "keyword1"}
OLDER = "/v1/Conversations/Webhooks"
"""A name that the specification no longer has (docs/rest.md, "What is served")."""
SPECIFICATION = Specification()


def shape(path: str) -> str:
    return re.sub(r"\{[^}]*\}", "{}", path)


def test_every_operation_is_routed() -> None:
    ours = {(method, shape(path)) for path, handlers in PATHS.items() if path != OLDER for method in handlers}
    assert ours == {(operation.method, shape(operation.path)) for operation in SPECIFICATION.operations}


@pytest.fixture
def named(wire: Wire) -> Iterator[dict[str, str]]:
    """What the variable parts of the webhooks' paths may stand for."""
    service = wire.get("/v1/Configuration").json["default_chat_service_sid"]
    room = wire.post("/v1/Conversations").json["sid"]
    webhook = wire.post(f"/v1/Conversations/{room}/Webhooks", TRIGGER).json["sid"]
    yield {"ChatServiceSid": service, "ConversationSid": room, "Sid": webhook}
    wire.post("/v1/Configuration/Webhooks", {"PreWebhookUrl": "", "PostWebhookUrl": ""})  # all tests share the account


def written_webhooks() -> list[Operation]:
    return [each for each in SPECIFICATION.operations if each.method == "POST" and "Webhooks" in each.path]


@pytest.mark.parametrize("operation", written_webhooks(), ids=lambda operation: operation.id)
def test_webhooks_take_the_specifications_examples(wire: Wire, named: dict[str, str], operation: Operation) -> None:
    """Older names of events and all."""
    described: Any = SPECIFICATION.file["paths"][operation.path]["post"]
    content = described["requestBody"]["content"]["application/x-www-form-urlencoded"]
    for name, example in content["examples"].items():
        reply = wire.post(operation.path.format(**named), example["value"])
        answer = described["responses"][str(reply.status)]["content"]["application/json"]
        expected = answer["examples"][name]["value"]
        assert reply.json.keys() == expected.keys()
        for key in ("target", "configuration", "filters", "method", "pre_webhook_url"):
            assert reply.json.get(key) == expected.get(key), key
