"""What the chat app makes of messages that others write, against a real Conversations service: who they mention, which
reactions count, and what is put right at the service."""

import json
import logging
from itertools import count
from typing import Any

import pytest

from roomful.chatapp.backend import BackendUnavailable
from roomful.chatapp.hooks import receive
from roomful.chatapp.mentioning import KEPT
from roomful.chatapp.store import schema
from tests.chatapp.conftest import MakeApp, Recorder, call, state_of
from tests.chatapp.test_messages_api import Talk

WRITES = r"/v1/Services/IS\w{32}/Conversations/CH\w{32}/Messages/IM\w{32}"


class Heard(Talk):
    """The room, whose service tells what others write: in these tests we say when, and how often."""

    minute = 0

    def tell(self, event: str, message: str, **parameters: str) -> dict[str, str]:
        """The call of a webhook after the fact, with the message as it is now."""
        now = self.fetched(message)
        Heard.minute += 1
        told = {"ConversationSid": self.sid, "MessageSid": message, "Index": str(now.index), "Body": now.body}
        date = f"2040-01-01T{Heard.minute // 60:02}:{Heard.minute % 60:02}:00.000Z"
        told |= {"Author": now.author, "Attributes": now.attributes, "DateUpdated": date}
        return call(self.house.app, event, **told | parameters)

    def hear(self, *calls: dict[str, str]) -> None:
        receive(state_of(self.house.app), calls)

    def said(self, author: str, body: str, **attributes: object) -> str:
        """A message that somebody sends by the SDK, and of which the chat has heard."""
        message = self.say(author, body, **attributes)
        self.hear(self.tell("onMessageAdded", message, ClientIdentity=author))
        return message

    def write(self, who: str, message: str, attributes: object) -> dict[str, str]:
        """The attributes as somebody's client writes them; the call that tells of it."""
        messages = self.house.rest.conversations(self.sid).messages
        text = attributes if isinstance(attributes, str) else json.dumps(attributes)
        messages(message).update(attributes=text)
        return self.tell("onMessageUpdated", message, ClientIdentity=who)

    def mentions(self, name: str) -> list[int]:
        browser = self.house.signed_in(name)
        found: dict[str, list[int]] = browser.get("/api/unreads").get_json()["mentions"]
        return found.get(self.sid, [])


@pytest.fixture
def talk(make_app: MakeApp, rest: Any, empty_database_url: str) -> Heard:
    return Heard(make_app(database_url=empty_database_url), rest, cid="c1")


# --- forged reactions ----------------------------------------------------------------------------------------------

FORGED = {"rx": {"👍": ["ana", "chen"]}, "reactions": {"heart": ["ana"], "party": ["ana"]}}


def test_what_is_forged_at_the_send_is_taken_out(talk: Heard) -> None:
    message = talk.said("bo", "vote for me", color="red", **FORGED)
    assert talk.attributes(message) == {"v": 1, "color": "red"}
    assert talk.rows("reactions") == []


def test_what_is_forged_later_is_put_right_from_the_rows(talk: Heard) -> None:
    talk.react(talk.chen, "🦊")
    forged = talk.write("bo", talk.message, {"v": 1, "color": "red", "rx": {"🦊": ["ana"], "👎": ["chen"]}})
    for _ in range(2):
        talk.hear(forged)
        assert talk.attributes() == {"v": 1, "color": "red", "rx": {"🦊": ["chen"]}}


def test_what_makes_no_sense_is_put_right_too(talk: Heard) -> None:
    talk.react(talk.chen, "👍")
    for attributes in ("[]", '"rx"', "7", "null", '{"rx": []}', '{"reactions": 7, "rx": "x"}'):
        talk.hear(talk.write("bo", talk.message, attributes))
        assert talk.attributes() == {"rx": {"👍": ["chen"]}, "reactions": {"thumbs_up": ["chen"]}}


HOSTILE = [
    json.dumps({"a": [1.5] * 10, "rx": {}})[:-1] + ', "n": [' + ",".join(["1e9"] * 900) + "]}",
    '{"rx": {}, "n": [1e400, -1e400, 1E5, 12345678901234567890]}',
    '{"rx": {}, "t": "\\ud800", "\\udfff": "\\u0000"}',
    '{"rx": {}, "d": ' + "[" * 60 + "]" * 60 + "}",
    json.dumps({"rx": {"👍": ["x" * 64] * 50}}, ensure_ascii=False),
    json.dumps({"m": ["@room", "../x", "chen\n", "", "é", "a" * 65] * 20, "rx": {"__proto__": ["ana"]}}),
    '{"rx": {"👍": ["chen"]}, "rx": {"👎": ["ana"]}, "constructor": {"prototype": 1}}',
]


@pytest.mark.parametrize("attributes", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_attributes_hold_up_nothing(talk: Heard, attributes: str) -> None:
    talk.react(talk.chen, "👍")
    other = talk.say("bo", "hello @chen", m=["chen"])
    calls = [talk.write("bo", talk.message, attributes), talk.tell("onMessageAdded", other, ClientIdentity="bo")]
    talk.hear(*calls)
    assert talk.mentions("chen") == [1]
    shown = talk.attributes()
    assert shown.get("rx") in ({"👍": ["chen"]}, json.loads(attributes)["rx"]), "what does not fit is left as it is"
    assert talk.chen.get(talk.url("/reactions")).get_json()["reactions"][0]["people"][0]["identity"] == "chen"


def test_what_a_client_wrote_is_written_again_be_it_the_same(talk: Heard, recorder: Recorder) -> None:
    """People believe the reactions of a message only when the chat app was the last to write it."""
    talk.react(talk.chen, "👍")
    before = recorder.count("POST", WRITES)
    for number in range(1, 4):
        told = talk.tell("onMessageUpdated", talk.message, ClientIdentity="bo")  # an edit of the text, say
        talk.hear(told, told)
        assert recorder.count("POST", WRITES) == before + number
        assert talk.attributes()["rx"] == {"👍": ["chen"]}
    talk.hear(talk.tell("onMessageUpdated", talk.message))
    assert recorder.count("POST", WRITES) == before + 3, "what REST wrote is believed"


def test_what_other_software_made_for_itself_is_its_own_affair(talk: Heard) -> None:
    talk.house.rest.conversations(talk.sid).update(attributes='{"kind": "support"}')
    message = talk.said("bo", "hello @chen", m=["chen"], **FORGED)
    talk.hear(talk.write("bo", message, {"m": ["chen"]} | FORGED))
    assert talk.attributes(message) == {"m": ["chen"]} | FORGED
    assert talk.rows("mentions") == []
    attributes = json.dumps({"pins": "on the map"})
    talk.house.rest.conversations(talk.sid).update(attributes=attributes)
    talk.hear(call(talk.house.app, "onConversationUpdated", ConversationSid=talk.sid, Attributes=attributes))
    assert talk.house.rest.conversations(talk.sid).fetch().attributes == attributes


def test_what_the_chat_app_writes_itself_has_no_echo(talk: Heard, recorder: Recorder) -> None:
    talk.react(talk.chen, "👍")
    talk.edit(talk.bo, "hello @chen", "chen")
    before = recorder.count("POST", ".*")
    talk.hear(talk.tell("onMessageUpdated", talk.message) | {"Source": "API"})
    assert recorder.count("POST", ".*") == before


# --- Twilio's demo application -------------------------------------------------------------------------------------


def test_a_demo_clients_own_reaction_counts(talk: Heard) -> None:
    talk.react(talk.bo, "👍")
    mine = {"v": 1, "cid": "c1", "reactions": {"heart": ["chen", "ana"], "thumbs_up": [], "party": ["chen"]}}
    talk.hear(talk.write("chen", talk.message, mine))
    shown = {"rx": {"👍": ["bo"], "❤️": ["chen"]}, "reactions": {"heart": ["chen"], "thumbs_up": ["bo"]}}
    assert talk.attributes() == {"v": 1, "cid": "c1"} | shown
    talk.hear(talk.write("chen", talk.message, {"v": 1, "reactions": {"thumbs_up": ["bo", "chen"]}}))
    assert talk.attributes()["rx"] == {"👍": ["bo", "chen"]}
    talk.hear(talk.write("chen", talk.message, {"v": 1}))
    assert talk.attributes()["rx"] == {"👍": ["bo", "chen"]}, "who says nothing of reactions takes none back"


def test_users_of_other_software_are_called_as_they_like(talk: Heard) -> None:
    talk.hear(talk.write("Eve Smith", talk.message, {"reactions": {"heart": ["Eve Smith"]}}))
    assert talk.attributes()["rx"] == {"❤️": ["Eve Smith"]}
    (listed,) = talk.bo.get(talk.url("/reactions")).get_json()["reactions"]
    assert listed["people"] == [{"identity": "Eve Smith", "name": "Eve Smith", "avatar": None}]


def test_an_old_call_does_not_bring_back_what_was_taken_back(talk: Heard) -> None:
    first = talk.write("chen", talk.message, {"v": 1, "reactions": {"sad": ["chen"]}})
    talk.hear(first)
    second = talk.write("chen", talk.message, {"v": 1, "reactions": {"sad": []}})
    talk.hear(second, first)
    talk.hear(first)
    assert talk.attributes() == {"v": 1}
    assert [row.given for row in talk.rows("reactions")] == [False]


def test_names_that_were_left_out_are_not_taken_back(talk: Heard) -> None:
    """Where there is no room for all names, a client cannot know them."""
    people = [f"p{number:02}" + "x" * 60 for number in range(60)]
    told = [
        talk.tell("onMessageUpdated", talk.message, ClientIdentity=who)
        | {"Attributes": json.dumps({"reactions": {"heart": [who]}})}
        for who in people
    ]
    talk.hear(*told)
    shown = talk.attributes()
    assert shown["rx"]["❤️"]["n"] == 60
    listed = shown["reactions"]["heart"]
    assert 0 < len(listed) < 60
    talk.hear(talk.write(people[-1], talk.message, shown | {"reactions": {"heart": listed, "laugh": [people[-1]]}}))
    talk.hear(talk.write(people[0], talk.message, shown | {"reactions": {"heart": listed[1:]}}))
    assert sum(row.given for row in talk.rows("reactions")) == 60
    assert {row.identity for row in talk.rows("reactions") if not row.given} == {people[0]}


# --- mentions ------------------------------------------------------------------------------------------------------


def test_only_what_is_said_counts(talk: Heard) -> None:
    talk.house.person("zoe")
    claims = ["chen", "ana", "zoe", "bo", "@room", 7, "Ana", "../Roles", "chen/x"]
    talk.said("bo", "dear @chen, @zoe, @bo, `@ana` and x@room", m=claims)
    assert [talk.mentions(name) for name in ("chen", "ana", "zoe", "bo")] == [[1], [], [], []]
    talk.said("bo", "hello @chen without a claim")
    talk.said("bo", "@room", m=["@room"])
    assert [talk.mentions(name) for name in ("chen", "ana", "zoe", "bo")] == [[1, 3], [3], [], []]


def test_a_reply_mentions_whom_it_answers(talk: Heard) -> None:
    """If its sender wants that: then the name is among the claims."""
    quote = {"sid": talk.message, "i": 0, "a": "bo", "t": "hello"}
    reply = talk.said("chen", "yes", re=quote, m=["bo", "ana"])
    talk.said("chen", "silently", re=quote)
    assert [talk.mentions(name) for name in ("bo", "ana")] == [[1], []]
    url = talk.url("/edit", reply)
    assert talk.chen.post(url, json={"body": "yes, @ana", "mentions": ["ana"]}).status_code == 204
    assert talk.attributes(reply)["m"] == ["ana", "bo"]
    assert [talk.mentions(name) for name in ("bo", "ana")] == [[1], [1]]
    for forged in ("bo", 7, None, {"a": 7}, {"a": "@room"}, {"a": "../x"}, ["bo"]):
        talk.said("chen", "no", re=forged, m=["bo", "@room", "../x"])
    assert [talk.mentions(name) for name in ("bo", "ana")] == [[1], [1]]


def test_an_edit_elsewhere_counts_and_old_calls_do_not(talk: Heard) -> None:
    message = talk.say("bo", "hello @chen", m=["chen"])
    added = talk.tell("onMessageAdded", message, ClientIdentity="bo")
    talk.house.rest.conversations(talk.sid).messages(message).update(body="hello @ana", attributes='{"m": ["ana"]}')
    edited = talk.tell("onMessageUpdated", message, ClientIdentity="bo")
    talk.hear(edited)
    talk.hear(added)
    assert [talk.mentions(name) for name in ("chen", "ana")] == [[], [1]]


def test_what_is_gone_mentions_nobody(talk: Heard) -> None:
    message = talk.said("bo", "hello @chen", m=["chen"])
    talk.chen.put(talk.url("/pin", message))
    talk.chen.post(talk.url("/reactions", message), json={"emoji": "👍", "on": True})
    added = talk.tell("onMessageAdded", message, ClientIdentity="bo")
    removed = talk.tell("onMessageRemoved", message, ClientIdentity="bo")
    talk.house.rest.conversations(talk.sid).messages(message).delete()
    talk.hear(removed, added)
    talk.hear(removed)
    assert talk.mentions("chen") == []
    assert [talk.rows(table) for table in ("reactions", "pins", "mentions")] == [[], [], []]
    assert talk.pins() == []


@pytest.mark.parametrize("how", ["by another client", "here", "put out"])
def test_who_leaves_is_not_reminded(talk: Heard, how: str) -> None:
    talk.said("bo", "hello @chen and @ana", m=["chen", "ana"])
    talk.chen.put(f"/api/rooms/{talk.sid}/level", json={"level": "mentions"})
    if how == "by another client":
        talk.hear(call(talk.house.app, "onParticipantRemoved", ConversationSid=talk.sid, Identity="chen"))
    elif how == "here":
        assert talk.chen.post(f"/api/rooms/{talk.sid}/leave").status_code == 204
    else:
        assert talk.house.ana.delete(f"/api/rooms/{talk.sid}/members/chen").status_code == 204
    assert [row.identity for row in talk.rows("mentions")] == ["ana"]
    assert talk.rows("levels") == []
    talk.hear(call(talk.house.app, "onConversationRemoved", ConversationSid=talk.sid))
    assert talk.rows("mentions") == []


def test_the_latest_of_a_room_are_kept(talk: Heard) -> None:
    message = talk.said("bo", "@chen", m=["chen"])
    with state_of(talk.house.app).database.write() as transaction:
        place = {"identity": "chen", "room_sid": talk.sid, "author": "bo"}
        rows = [place | {"index": index, "message_sid": "IM" + "0" * 32} for index in range(2 * KEPT, 3 * KEPT)]
        transaction.execute(schema.mentions.insert(), rows)
    assert len(talk.mentions("chen")) == KEPT
    talk.house.rest.conversations(talk.sid).messages(message).update(body="nothing")
    talk.hear(talk.tell("onMessageUpdated", message, ClientIdentity="bo"))
    talk.said("bo", "@chen", m=["chen"])
    assert talk.mentions("chen") == list(range(2 * KEPT, 3 * KEPT))


# --- pins ----------------------------------------------------------------------------------------------------------


def test_pins_that_somebody_wrote_over_come_back(talk: Heard, recorder: Recorder) -> None:
    talk.bo.put(talk.url("/pin"))
    pins = talk.pins()
    forged = [{"sid": "IM" + "0" * 32, "i": 0, "by": "ana", "ts": 1}]
    for attributes in ({"v": 1, "color": "red"}, {"v": 1, "color": "red", "pins": forged}, {"v": 1, "pins": "x"}):
        text = json.dumps(attributes)
        talk.house.rest.conversations(talk.sid).update(attributes=text)
        talk.hear(call(talk.house.app, "onConversationUpdated", ConversationSid=talk.sid, Attributes=text))
        assert talk.pins() == pins
    before = len(recorder.requests)
    now = talk.house.rest.conversations(talk.sid).fetch().attributes
    talk.hear(call(talk.house.app, "onConversationUpdated", ConversationSid=talk.sid, Attributes=now))
    assert len(recorder.requests) == before


# --- backends that fail --------------------------------------------------------------------------------------------


def test_a_backend_that_fails_loses_nothing(talk: Heard, recorder: Recorder) -> None:
    message = talk.say("bo", "hello @chen", m=["chen"], **FORGED)
    gone = talk.said("bo", "this goes")
    talk.bo.put(talk.url("/pin", gone))
    calls = [
        talk.tell("onMessageAdded", message, ClientIdentity="bo"),
        talk.write("chen", talk.message, {"v": 1, "reactions": {"heart": ["chen"]}}),
        talk.tell("onMessageRemoved", gone, ClientIdentity="bo"),
    ]
    talk.house.rest.conversations(talk.sid).messages(gone).delete()
    requests, attempts = count(1), 0

    def fail(method: str, path: str) -> None:
        if attempts < 6 and next(requests) % 3 == 0:
            raise BackendUnavailable("away")

    recorder.before = fail
    done = False
    while not done:
        attempts += 1
        try:
            talk.hear(*calls)
            done = True
        except BackendUnavailable:
            assert attempts < 6
    assert attempts > 2
    assert talk.attributes(message) == {"v": 1, "m": ["chen"]}
    assert talk.attributes() == {"v": 1, "rx": {"❤️": ["chen"]}, "reactions": {"heart": ["chen"]}}
    assert talk.mentions("chen") == [1]
    assert talk.pins() == []
    assert talk.rows("pins") == []


def test_the_database_can_be_written_while_the_backend_is_asked(talk: Heard, recorder: Recorder) -> None:
    """On SQLite one writes at a time, and a backend may take seconds."""
    asked = 0

    def write(method: str, path: str) -> None:
        nonlocal asked
        asked += 1
        with state_of(talk.house.app).database.write() as transaction:
            transaction.execute(schema.chores.insert().values(name=str(asked), due_at=0))

    message = talk.say("bo", "hello @chen", m=["chen"], **FORGED)
    calls = [talk.tell("onMessageAdded", message, ClientIdentity="bo"), talk.tell("onMessageRemoved", talk.message)]
    recorder.before = write
    for response in (
        talk.react(talk.bo, "👍"),
        talk.edit(talk.bo, "@ana", "ana"),
        talk.bo.put(talk.url("/pin")),
        talk.bo.delete(talk.url()),
    ):
        assert response.status_code == 204
    talk.hear(*calls)
    assert asked > 15


def test_a_reaction_that_could_not_be_shown_is_shown_with_the_next(talk: Heard, recorder: Recorder) -> None:
    def fail(method: str, path: str) -> None:
        if method == "POST":
            raise BackendUnavailable("away")

    recorder.before = fail
    assert talk.react(talk.bo, "👍").status_code == 503
    assert talk.attributes() == {"v": 1, "cid": "c1"}
    recorder.before = lambda method, path: None
    assert talk.react(talk.chen, "🦊").status_code == 204
    assert talk.attributes()["rx"] == {"👍": ["bo"], "🦊": ["chen"]}


def test_what_is_refused_for_good_is_not_tried_for_ever(talk: Heard, caplog: pytest.LogCaptureFixture) -> None:
    talk.bo.put(talk.url("/pin"))
    forged = talk.write("bo", talk.message, {"v": 1} | FORGED)
    talk.house.rest.conversations(talk.sid).update(state="closed")
    with caplog.at_level(logging.WARNING):
        talk.hear(forged, talk.tell("onMessageRemoved", talk.message))
        talk.hear(call(talk.house.app, "onConversationUpdated", ConversationSid=talk.sid, Attributes="{}"))
    assert "could not be put right: room_archived" in caplog.text


def test_calls_without_what_they_are_about_are_passed_over(talk: Heard) -> None:
    for event in ("onMessageAdded", "onMessageUpdated", "onMessageRemoved", "onConversationUpdated"):
        whole = talk.tell(event, talk.message, ClientIdentity="bo")
        for missing in ("ConversationSid", "MessageSid", "Attributes", "DateUpdated", "ClientIdentity"):
            for value in ({}, {missing: "\x00"}, {missing: "../Roles"}, {missing: "[" * 5000}):
                talk.hear({key: told for key, told in whole.items() if key != missing} | value)
    assert talk.fetched().body == "hello"
