"""A webhook that is asked first, from outside: a server in a process of its own, the SDK's protocol on a real socket,
REST by the `twilio` library."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from twilio.base.exceptions import TwilioRestException

from roomful.conversations.core.webhooks import PRE_EVENTS
from tests.conversations.sync.line import packet
from tests.servers import Server, twilio_client, wait_for

from .listener import Hold, Listener, Reply, override
from .person import CLIENT, Person

REJECTED = (403, 50056)


class Impatient(Person):
    """A client that does not wait for one answer before it asks for the next."""

    def begin(self, method: str, path: str, body: Any = None) -> str:
        """Send a request; its id is what `finish` wants."""
        request_id = f"TM{next(self._ids)}"
        line = {"host": "aim.us1.twilio.com", "path": path, "method": method, "params": {}, "headers": {}}
        self._socket.send(packet({"id": request_id, "method": "message", "http_request": line}, body))
        return request_id

    def finish(self, request_id: str) -> tuple[int, Any]:
        """HTTP status and body of the answer."""
        while True:
            for answer in self._events:
                if answer[0]["method"] == "reply" and answer[0]["id"] == request_id:
                    return answer[0]["http_status"]["code"], answer[1]
            self._events.append(self._receive())

    def begin_to_say(self, room: str, body: str, attributes: str = "{}") -> str:
        return self.begin("POST", f"{CLIENT}/Conversations/{room}/Messages", {"body": body, "attributes": attributes})


@pytest.fixture
def chat(hooked_server: Server, listener: Listener) -> Any:
    """The default service by REST; its webhook, the listener's `/pre`, is asked about all that can be asked."""
    service = twilio_client(hooked_server).conversations.v1.services(hooked_server.credentials["service_sid"])
    service.configuration.webhooks().update(pre_webhook_url=listener.url("/pre"), filters=sorted(PRE_EVENTS))
    return service


@pytest.fixture
def room(chat: Any) -> str:
    """A conversation of ann and ben."""
    made = chat.conversations.create(friendly_name="room")
    for identity in ("ann", "ben"):
        chat.conversations(made.sid).participants.create(identity=identity)
    return str(made.sid)


@pytest.fixture
def ann(hooked_server: Server, room: str) -> Iterator[Impatient]:
    person = Impatient(hooked_server, "ann")
    yield person
    person.close()


@pytest.fixture
def ben(hooked_server: Server, room: str) -> Iterator[Impatient]:
    person = Impatient(hooked_server, "ben")
    yield person
    person.close()


def bodies(chat: Any, room: str) -> list[str]:
    return [message.body for message in chat.conversations(room).messages.list()]


def test_rest_asks_only_if_it_wants_to(chat: Any, room: str, listener: Listener) -> None:
    listener.always("/pre", Reply(403))
    messages = chat.conversations(room).messages
    for wanted in (None, "false", "FALSE"):
        messages.create(body=f"quiet {wanted}", **({} if wanted is None else {"x_twilio_webhook_enabled": wanted}))
    assert listener.calls == []
    for wanted in ("true", "True", "TRUE"):
        with pytest.raises(TwilioRestException) as refused:
            messages.create(body="asked", x_twilio_webhook_enabled=wanted)
        assert (refused.value.status, refused.value.code) == REJECTED
        assert refused.value.msg == "Unable to create record: The change was rejected by a webhook"
    assert [call["Source"] for call in listener.calls] == ["API"] * 3
    assert all(call.get("ClientIdentity") is None for call in listener.calls)
    listener.always("/pre", override(body="put", author="hook"))
    made = messages.create(body="asked", author="ann", x_twilio_webhook_enabled="true")
    assert (made.body, made.author, made.participant_sid) == ("put", "hook", None)
    assert len(bodies(chat, room)) == 4


def test_coming_typing_and_reading_ask_nobody(
    chat: Any, hooked_server: Server, room: str, ann: Impatient, listener: Listener
) -> None:
    listener.always("/pre", Reply(403))
    newcomer = Person(hooked_server, "somebody new")
    newcomer.close()
    ann.request("POST", f"{CLIENT}/MyConversations/{room}", {"last_read_message_index": 0})
    ann.request("POST", f"{CLIENT}/MyConversations/{room}", {"notification_level": "muted"})
    assert [user.identity for user in chat.users.list()] == ["ann", "ben", "somebody new"]
    assert listener.calls == []


def test_only_who_hangs_waits(chat: Any, room: str, ann: Impatient, ben: Impatient, listener: Listener) -> None:
    hold = Hold(Reply(403))
    listener.on("/pre", hold)
    hanging = ann.begin_to_say(room, "hangs")
    listener.wait()
    ann.say(room, "the same connection")
    assert ann.request("GET", f"{CLIENT}/Conversations/{room}")["messages_count"] == 1
    ben.say(room, "somebody else")
    chat.conversations(room).messages.create(body="REST", x_twilio_webhook_enabled="true")
    wait_for(lambda: listener.at_work == 1, what="the calls that were answered to end")
    hold.release()
    status, answer = ann.finish(hanging)
    assert (status, answer["code"]) == REJECTED
    assert bodies(chat, room) == ["the same connection", "somebody else", "REST"]


def test_a_hundred_that_hang_leave_room_for_others(
    chat: Any, room: str, ann: Impatient, ben: Impatient, listener: Listener
) -> None:
    """One person's sends fill all the calls that a webhook may have: who needs none of these goes on."""
    hold = Hold()
    listener.always("/pre", hold)
    hanging = [ann.begin_to_say(room, str(number)) for number in range(120)]
    listener.wait(100)
    chat.conversations(room).messages.create(body="quiet")
    ben.request("POST", f"{CLIENT}/MyConversations/{room}", {"last_read_message_index": 0})
    assert ann.request("GET", f"{CLIENT}/Conversations/{room}")["messages_count"] == 1
    hold.release()
    assert {ann.finish(request)[0] for request in hanging} == {201}
    assert len(bodies(chat, room)) == 121


def test_without_an_answer_it_takes_five_seconds(
    chat: Any, hooked_server: Server, room: str, ann: Impatient, listener: Listener
) -> None:
    listener.on("/pre", Hold())
    before = time.monotonic()
    ann.say(room, "goes ahead")
    assert 4.5 < time.monotonic() - before < 8
    line = next(line for line in hooked_server.log.splitlines() if "webhooks.unasked" in line)
    assert "no answer within 5 s" in line
    assert "/pre" not in line


def test_who_leaves_while_the_webhook_thinks_has_still_sent(
    chat: Any, room: str, ann: Impatient, listener: Listener
) -> None:
    """A client cannot know whether what it asked for was carried out, so it is."""
    hold = Hold()
    listener.on("/pre", hold)
    ann.begin_to_say(room, "last words")
    listener.wait()
    ann.close()
    hold.release()
    assert wait_for(lambda: bodies(chat, room), what="the message") == ["last words"]


def test_a_stop_does_not_wait_for_a_webhook(
    chat: Any, hooked_server: Server, room: str, ann: Impatient, listener: Listener
) -> None:
    listener.on("/pre", Hold())
    ann.begin_to_say(room, "hangs", '{"cid":"once"}')
    listener.wait()
    before = time.monotonic()
    assert hooked_server.stop() == 0
    assert time.monotonic() - before < 4
    assert "Traceback" not in hooked_server.log
    hooked_server.start()
    assert bodies(chat, room) == []
    again = Person(hooked_server, "ann")
    again.say(room, "hangs", '{"cid":"once"}')
    again.close()
    assert bodies(chat, room) == ["hangs"]


def test_a_request_by_rest_is_finished_before_the_stop(
    chat: Any, hooked_server: Server, room: str, listener: Listener
) -> None:
    hold = Hold()
    listener.on("/pre", hold)
    with ThreadPoolExecutor(1) as pool:
        create = chat.conversations(room).messages.create
        waiting = pool.submit(create, body="finished", x_twilio_webhook_enabled="true")
        listener.wait()
        stopping = ThreadPoolExecutor(1).submit(hooked_server.stop)
        wait_for(lambda: not (hooked_server.instance / "server.json").exists(), what="the server to begin to stop")
        hold.release()
        assert waiting.result(10).body == "finished"
        assert stopping.result(15) == 0
    assert "Traceback" not in hooked_server.log
