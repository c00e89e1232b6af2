"""Webhooks are asked and told of messages with files; a refusal leaves the file to be sent again."""

from __future__ import annotations

import json

import pytest
from twilio.base.exceptions import TwilioRestException

from tests.media.uploader import account
from tests.servers import Server, twilio_client

from .listener import Listener, Reply, override
from .stage import ENABLED


def test_a_webhook_sees_what_is_attached(hooked_server: Server, listener: Listener) -> None:
    service = twilio_client(hooked_server).conversations.v1.services(hooked_server.credentials["service_sid"])
    room = service.conversations(service.conversations.create().sid)
    service.configuration.webhooks().update(
        pre_webhook_url=listener.url("/pre"),
        post_webhook_url=listener.url("/post"),
        filters=["onMessageAdd", "onMessageAdded"],
    )
    sid = account(hooked_server).upload(b"Gr\xc3\xbc\xc3\x9fe", "text/plain", Filename="Grüße.txt")["sid"]
    shown = {"Sid": sid, "ContentType": "text/plain", "Filename": "Grüße.txt", "Size": 7, "Category": "media"}

    def send() -> str:
        return str(room.messages.create(media_sid=sid, body="look", x_twilio_webhook_enabled=ENABLED).sid)

    listener.on("/pre", Reply(403), override(body="look here"))
    with pytest.raises(TwilioRestException) as refused:
        send()
    assert refused.value.code == 50056
    assert room.messages.list() == []

    message = send()
    fetched = room.messages(message).fetch()
    assert (fetched.body, [medium["sid"] for medium in fetched.media]) == ("look here", [sid])
    asked = listener.heard("/pre")
    told = listener.wait(1, "/post", "onMessageAdded")
    assert [json.loads(call["Media"]) for call in [*asked, *told]] == [[shown]] * 3

    room.messages.create(body="nothing attached", x_twilio_webhook_enabled=ENABLED)
    assert listener.heard("/pre")[-1].get("Media") is None
