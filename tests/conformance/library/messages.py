"""Messages, and the receipts of those that went out of the chat."""

from __future__ import annotations

from typing import Any

from .participants import PHONE, PROXY
from .stage import LATER, PAST, Stage, reads_back, removes, shows

TEMPLATE = {
    **{"friendly_name": "greeting", "language": "en", "variables": {"1": "you"}},
    "types": {"twilio/text": {"body": "Hello {{1}}"}},
}
RECEIPT: dict[str, Any] = {"status": "delivered", "channel_message_sid": f"SM{'1' * 32}", "error_code": 0}


def written(stage: Stage) -> None:
    room = stage.conversation()
    ann = room.participants.create(identity="ann")
    system = room.messages.create(body="first")
    shows(system, author="system", participant_sid=None, index=0, delivery=None, content_sid=None, media=None)
    given = {"author": "ann", "body": "Hello 🌍\nsecond line", "attributes": '{"k":[1,2]}'}
    file = stage.medium("notes.txt", b"some notes")
    made = room.messages.create(subject="news", date_created=PAST, date_updated=LATER, media_sid=file, **given)
    reads_back(room.messages, made, participant_sid=ann.sid, index=1, date_created=PAST, date_updated=LATER, **given)
    [medium] = made.media
    assert medium["sid"] == file
    assert (medium["filename"], medium["content_type"], medium["size"]) == ("notes.txt", "text/plain", 10)
    order = [each.index for each in room.messages.list(page_size=1, order="desc")]
    assert order == [1, 0]


def updated(stage: Stage) -> None:
    room = stage.conversation()
    room.messages.create(body="first")
    ann = room.participants.create(identity="ann")
    sent = room.messages.create(body="before", subject="before")
    given = {"author": "ann", "body": "after", "attributes": '{"edited":true}'}
    there = room.messages(sent.sid)
    changed = there.update(subject="after", date_created=PAST, date_updated=LATER, **given)
    reads_back(room.messages, changed, index=1, date_created=PAST, date_updated=LATER, **given)
    assert changed.participant_sid in (None, ann.sid)
    reads_back(room.messages, there.update(body="", attributes="{}"), body="", attributes="{}")
    removes(room.messages, sent.sid)


def from_a_template(stage: Stage) -> None:
    room = stage.conversation()
    room.messages.create(body="first")
    template = stage.post("/v1/Content", TEMPLATE)["sid"]
    made = room.messages.create(content_sid=template, content_variables='{"1":"world"}')
    reads_back(room.messages, made, body="Hello world", content_sid=template)


def receipts(stage: Stage) -> None:
    room = stage.conversation()
    people = [
        room.participants.create(messaging_binding_address=f"{PHONE}{n}", messaging_binding_proxy_address=PROXY).sid
        for n in range(2)
    ]
    message = room.messages.create(body="to both")
    ids = {"conversation_sid": message.conversation_sid, "message_sid": message.sid}
    sids = [
        stage.post("/roomful/v1/receipts", {**ids, "participant_sid": person, **RECEIPT})["sid"] for person in people
    ]
    of = room.messages(message.sid).delivery_receipts
    for sid, person in zip(sids, people, strict=True):
        reads_back(of, of(sid).fetch(), participant_sid=person, **ids, **RECEIPT)
    delivery = {"total": 2, "sent": "all", "delivered": "all", "read": "none", "failed": "none", "undelivered": "none"}
    reads_back(room.messages, room.messages(message.sid).fetch(), delivery=delivery)


SCENARIOS = (written, updated, from_a_template, receipts)
