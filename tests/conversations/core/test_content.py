"""Content templates: what they may be, and what a message made from one says."""

from __future__ import annotations

import json
from typing import Any

import pytest

from roomful.conversations.core import content
from roomful.conversations.core.content import CreateContentTemplate, DeleteContentTemplate, rendered
from roomful.conversations.core.errors import ServiceError
from roomful.conversations.core.model import ContentTemplate
from tests.conversations.core.world import World

pytestmark = pytest.mark.anyio

TEXT = {"twilio/text": {"body": "Hi {{1}}, see you at {{ when }}"}}


def template(types: dict[str, Any], **variables: str) -> ContentTemplate:
    return ContentTemplate("HX1", "AC1", "a name", "en", json.dumps(variables), json.dumps(types), 1, 1)


@pytest.mark.parametrize(
    ("variables", "body"),
    [
        (None, "Hi you, see you at {{ when }}"),
        ("", "Hi you, see you at {{ when }}"),
        ('{"when":"noon"}', "Hi you, see you at noon"),
        ('{"1":"{{when}}","when":"12 < 13 & \\"x\\"","unknown":"x"}', 'Hi {{when}}, see you at 12 < 13 & "x"'),
    ],
)
def test_variables(variables: str | None, body: str) -> None:
    made = rendered(template(TEXT, **{"1": "you"}), variables)
    assert (made.body, made.content_type) == (body, "application/x-vnd.com.twilio.rich.twilio.text")
    assert json.loads(made.data) == {"data": {"body": body}}


def test_the_form_is_filled_everywhere() -> None:
    card = {
        "title": "For {{1}}",
        "media": ["https://x.example/{{1}}"],
        "actions": [{"type": "URL", "title": "{{1}}", "n": 1}],
    }
    made = rendered(template({"twilio/card": card}), '{"1":"you"}')
    assert made.body == "For you"
    assert made.content_type.endswith(".twilio.card")
    assert json.loads(made.data)["data"] == {
        "title": "For you",
        "media": ["https://x.example/you"],
        "actions": [{"type": "URL", "title": "you", "n": 1}],
    }


MEDIA = {"twilio/media": {"body": "see", "media": ["https://x.example/a.png"]}}
REPLY = {"twilio/quick-reply": {"body": "now?", "actions": [{"title": "Yes", "id": "y"}]}}
CARD = {"twilio/card": {"title": "a card"}}
OURS = {"ours/table": {"body": "rows"}}
FOREIGN = {"whatsapp/card": {"body": "for phones"}}


@pytest.mark.parametrize(
    ("types", "kind", "body"),
    [
        (TEXT | MEDIA, "twilio.media", "Hi you, see you at noon"),
        (TEXT | REPLY | CARD, "twilio.card", "Hi you, see you at noon"),
        (CARD | REPLY | MEDIA, "twilio.card", "a card"),
        (MEDIA | REPLY, "twilio.quick-reply", "now?"),
        (FOREIGN | TEXT, "twilio.text", "Hi you, see you at noon"),
        (OURS | FOREIGN, "ours.table", "rows"),
        ({"twilio/text": {"body": ""}} | CARD, "twilio.card", "a card"),
    ],
)
def test_the_richest_form_is_preferred_and_the_text_is_the_plain_one(
    types: dict[str, Any], kind: str, body: str
) -> None:
    """Whatever their order: Twilio's libraries put text first."""
    for each in (types, dict(reversed(types.items()))):
        if kind == "ours.table" and each is not types:
            continue  # of forms that no client knows, the first counts
        made = rendered(template(each), '{"1":"you","when":"noon"}')
        assert (made.content_type.rpartition("rich.")[2], made.body) == (kind, body)


def test_a_form_without_text() -> None:
    made = rendered(template({"twilio/location": {"latitude": 1.5, "longitude": 2}}), None)
    assert made.body is None


def test_variables_that_are_too_long_for_all_the_places_they_are_in() -> None:
    many = template({"twilio/text": {"body": "{{1}}" * 6_000}})
    assert rendered(many, '{"1":"x"}').body == "x" * 6_000
    with pytest.raises(ServiceError) as refused:
        rendered(many, json.dumps({"1": "x" * 1_000}))
    assert (refused.value.status, refused.value.code) == (400, 50527)


@pytest.mark.parametrize("variables", ["[]", "nonsense", '{"1":2}', '"x"'])
def test_variables_that_are_refused(variables: str) -> None:
    with pytest.raises(ServiceError) as refused:
        rendered(template(TEXT), variables)
    assert (refused.value.status, refused.value.code) == (400, 50527)


@pytest.mark.parametrize(
    "changes",
    [
        {"types": "{}"},
        {"types": "[]"},
        {"types": '{"text":{"body":"x"}}'},
        {"types": '{"twilio/text":"x"}'},
        {"types": '{"twilio/text":{}}'},
        {"types": '{"twilio/quick-reply":{"body":"x"}}'},
        {"types": '{"twilio/call-to-action":{"body":"x","actions":{}}}'},
        {"types": '{"twilio/list-picker":{"body":"x","items":[]}}'},
        {"types": '{"twilio/list-picker":{"body":"x","button":"y","items":[null]}}'},
        {"types": '{"twilio/quick-reply":{"body":"x","actions":[null]}}'},
        {"types": '{"twilio/media":{"media":[{}]}}'},
        {"types": '{"twilio/card":{"title":"x","actions":"y"}}'},
        {"types": '{"twilio/card":{"title":"x","actions":["y"]}}'},
        {"types": '{"twilio/card":{"title":"x","media":"y"}}'},
        {"types": '{"twilio/text":null}'},
        {"types": '{"twilio/text":{"body":null}}'},
        {"types": '{"twilio/text":{"body":"\\ud800"}}'},
        {"variables": '{"1":1}'},
        {"variables": '{"a b":"x"}'},
        {"variables": "[]"},
        {"language": ""},
        {"language": "english language"},
        {"friendly_name": "x" * 513},
        {"friendly_name": "\x00"},
    ],
)
async def test_templates_that_are_refused(world: World, changes: dict[str, str]) -> None:
    given = {"friendly_name": "a name", "language": "en", "variables": "{}", "types": json.dumps(TEXT)} | changes
    assert await world.refused(world.account, CreateContentTemplate(**given)) == (400, 20001)


async def test_null_is_what_is_not_there(world: World) -> None:
    card = '{"title":"ü","subtitle":null,"actions":[{"type":"URL","id":null}]}'
    types = f'{{"twilio/text":null,"twilio/card":{card}}}'
    made = await world.run(world.account, CreateContentTemplate(None, "en", "{}", types))
    assert made.types == '{"twilio/card":{"title":"ü","actions":[{"type":"URL"}]}}'


async def test_their_number_is_bounded_and_they_go(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(content, "MAX_TEMPLATES", 2)
    make = CreateContentTemplate("greeting", "pt_BR", "{}", json.dumps(TEXT))
    made = [await world.run(world.account, make) for _ in range(2)]
    assert await world.refused(world.account, make) == (400, 20001)
    await world.run(world.account, DeleteContentTemplate(made[0].sid))
    assert await world.refused(world.account, DeleteContentTemplate(made[0].sid)) == (400, 50526)
    assert (await world.run(world.account, make)).language == "pt_BR"
