"""Content templates through the unmodified library's Content API, and messages made from them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client
from twilio.rest.content.v1.content import ContentInstance, ContentList

from .conftest import Wire

TYPES = {"twilio/quick-reply": {"body": "Hi {{1}}, {{2}}?", "actions": [{"title": "Yes, {{1}}", "id": "y"}]}}


@pytest.fixture
def contents(client: Client) -> Iterator[ContentList]:
    """Those of the account, of which none is left afterwards."""
    client.content.base_url = client.conversations.base_url
    yield client.content.v1.contents
    for template in client.content.v1.contents.list():
        template.delete()


def make(contents: ContentList, **changes: Any) -> ContentInstance:
    """A template from the library's own classes, which send null for every form and field that is not given."""
    asked = {"friendly_name": "greeting", "language": "en", "variables": {"1": "you"}, "types": TYPES} | changes
    return contents.create(ContentList.ContentCreateRequest(asked))


def test_a_templates_life(contents: ContentList) -> None:
    made = make(contents)
    assert (made.sid[:2], made.friendly_name, made.language) == ("HX", "greeting", "en")
    assert (made.types, made.variables) == (TYPES, {"1": "you"})
    found = contents(made.sid).fetch()
    assert (found.sid, found.types, found.date_created) == (made.sid, TYPES, made.date_created)
    assert found.delete()
    with pytest.raises(TwilioRestException) as gone:
        contents(made.sid).fetch()
    assert (gone.value.status, gone.value.code) == (404, 20404)


@pytest.mark.parametrize(
    ("kind", "form"),
    [
        ("twilio/text", {"body": "Hi"}),
        ("twilio/media", {"media": ["https://x.example/{{1}}.png"]}),
        ("twilio/location", {"latitude": 51.5, "longitude": -0.1, "label": "here"}),
        ("twilio/quick-reply", {"body": "?", "actions": [{"type": "QUICK_REPLY", "title": "Yes", "id": "y"}]}),
        ("twilio/call-to-action", {"body": "!", "actions": [{"type": "PHONE_NUMBER", "title": "x", "phone": "+1"}]}),
        ("twilio/list-picker", {"body": "?", "button": "Open", "items": [{"id": "1", "item": "one"}]}),
        ("twilio/card", {"title": "of {{1}}", "actions": [{"type": "URL", "title": "x", "url": "https://x.example"}]}),
        ("twilio/catalog", {"body": "see", "id": "1"}),
        ("whatsapp/card", {"body": "see", "footer": "small"}),
    ],
)
def test_the_librarys_forms(contents: ContentList, kind: str, form: dict[str, Any]) -> None:
    made = make(contents, types={kind: form}, variables=None, friendly_name=None)
    assert (made.types, made.variables, made.friendly_name) == ({kind: form}, {}, None)


def test_they_are_listed_in_pages(contents: ContentList) -> None:
    made = [make(contents, friendly_name=f"number {n}").sid for n in range(5)]
    assert [template.sid for template in contents.list(page_size=2)] == made


@pytest.mark.parametrize(
    "changes", [{"types": {}}, {"types": {"twilio/text": {"body": 7}}}, {"variables": {"a b": "x"}}]
)
def test_what_is_no_template(contents: ContentList, changes: dict[str, Any]) -> None:
    with pytest.raises(TwilioRestException) as refused:
        make(contents, **changes)
    assert (refused.value.status, refused.value.code) == (400, 20001)
    assert contents.list() == []


def test_bodies_that_are_nested_too_deep(wire: Wire) -> None:
    deep = b'{"x":' * 100_000
    for path, body in (
        ("/v1/Content", b'{"types":{"twilio/text":' + deep),
        (f"/v1/Services/{wire.get('/v1/Services').json['services'][0]['sid']}/MediaSet", deep),
        (
            "/roomful/v1/channel-metadata",
            b'{"conversation_sid":"CH%s","message_sid":"IM%s","type":"x","data":' % (b"0" * 32, b"0" * 32) + deep,
        ),
    ):
        assert wire.post(path, body, headers={"Content-Type": "application/json"}).code == 20001


def test_a_message_made_from_one(client: Client, contents: ContentList) -> None:
    template = make(contents)
    room = client.conversations.v1.conversations.create(friendly_name="room")
    message = room.messages.create(
        body="takes no part", content_sid=template.sid, content_variables=json.dumps({"2": "coming"})
    )
    assert (message.body, message.content_sid) == ("Hi you, coming?", template.sid)
    [medium] = message.media
    assert medium["category"] == "body"
    assert medium["content_type"] == "application/x-vnd.com.twilio.rich.twilio.quick-reply"
    template.delete()
    kept = room.messages(message.sid).fetch()
    assert (kept.body, kept.media) == (message.body, message.media)


def test_a_message_from_one_of_several_forms_shows_the_richest(client: Client, contents: ContentList) -> None:
    """The library sends text first, whatever the order in which the forms were given."""
    template = make(contents, types={**TYPES, "twilio/text": {"body": "Plainly {{1}}"}})
    assert next(iter(template.types)) == "twilio/text"
    room = client.conversations.v1.conversations.create(friendly_name="room")
    message = room.messages.create(content_sid=template.sid)
    assert message.body == "Plainly you"
    assert message.media[0]["content_type"].endswith("twilio.quick-reply")


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"content_sid": "HX" + "0" * 32}, 50526),
        ({"content_sid": "nonsense"}, 50526),
        ({"content_variables": "[1]"}, 50527),
    ],
)
def test_messages_that_are_refused(client: Client, contents: ContentList, asked: dict[str, str], code: int) -> None:
    given = {"content_sid": make(contents).sid} | asked
    room = client.conversations.v1.conversations.create(friendly_name="room")
    with pytest.raises(TwilioRestException) as refused:
        room.messages.create(**given)
    assert (refused.value.status, refused.value.code) == (400, code)
    assert room.messages.list() == []
