"""Who may see a medium, before and after a message has it; and that it is gone when its message is."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import pytest
import requests
from twilio.base.exceptions import TwilioRestException

from tests.clock_server import ClockServer
from tests.servers import Server, access_token, twilio_client, wait_for

from .uploader import Caller, account, half_sent, kept, person

UNKNOWN = "ME" + "0" * 32


def room(server: Server, *members: str) -> str:
    """The SID of a conversation with these people in it."""
    made = twilio_client(server).conversations.v1.conversations.create()
    for identity in members:
        made.participants.create(identity=identity)
    return str(made.sid)


def say(server: Server, conversation: str, author: str, media: str) -> str:
    """The SID of a message with this medium."""
    messages = twilio_client(server).conversations.v1.conversations(conversation).messages
    return str(messages.create(author=author, body="look", media_sid=media).sid)


def status(caller: Caller, sid: str) -> int:
    """How a caller's requests for a medium are answered; all of them alike."""
    record = caller.record(sid)
    content = caller.call("GET", f"{caller.base()}/{sid}/Content")
    batch = caller.call("POST", f"{caller.base()}Set", json={"command": "get", "list": [{"media_sid": sid}]})
    if record.status_code == 200:
        assert content.status_code == 302
        assert batch.json()[0]["media_record"]["sid"] == sid
    elif record.status_code == 404:
        assert (record.json()["code"], content.status_code) == (50507, 404)
        assert batch.json() == [{"code": 404, "media_record": {"sid": sid}}]
    else:
        assert {content.status_code, batch.status_code} == {record.status_code}
    return record.status_code


@pytest.fixture
def callers(server: Server) -> dict[str, Caller]:
    keys = server.credentials
    foreign = twilio_client(server).conversations.v1.services.create("another").sid
    other_service = {"X-Twilio-Token": access_token(server, "ann", str(foreign))}
    return {
        "ann, who uploads": person(server, "ann"),
        "ben, in the room": person(server, "ben"),
        "cat, outside": person(server, "cat"),
        "the account": account(server),
        "an API key": Caller(server, auth=(keys["api_key_sid"], keys["api_key_secret"])),
        "ann of another service": Caller(server, other_service),
        "nobody": Caller(server),
        "a forged token": Caller(server, {"X-Twilio-Token": access_token(server, "ann") + "x"}),
        "a wrong password": Caller(server, auth=(keys["account_sid"], "x" * 32)),
    }


STRANGERS = {"ann of another service": 404, "nobody": 401, "a forged token": 401, "a wrong password": 401}
TRUSTED = {"the account": 200, "an API key": 200}


def test_who_may_see_a_medium(server: Server, callers: dict[str, Caller]) -> None:
    ann, conversation = callers["ann, who uploads"], room(server, "ann", "ben")
    ann.upload(b"of ann's own")
    callers["cat, outside"].upload(b"she is known")
    sid = ann.upload(b"secret")["sid"]

    def seen() -> dict[str, int]:
        names = [name for name in callers if name != "ann of another service"]
        return {name: status(callers[name], sid) for name in names} | {
            "ann of another service": callers["ann of another service"].record(sid).status_code
        }

    alone = {"ann, who uploads": 200, "ben, in the room": 404, "cat, outside": 404}
    assert seen() == alone | TRUSTED | STRANGERS
    message = say(server, conversation, "ann", sid)
    shared = {"ann, who uploads": 200, "ben, in the room": 200, "cat, outside": 404}
    assert seen() == shared | TRUSTED | STRANGERS
    record = callers["ben, in the room"].record(sid).json()
    assert (record["channel_sid"], record["message_sid"]) == (conversation, message)

    members = twilio_client(server).conversations.v1.conversations(conversation).participants
    members("ben").delete()
    assert status(callers["ben, in the room"], sid) == 404
    twilio_client(server).conversations.v1.conversations(conversation).messages(message).delete()
    nobody = dict.fromkeys([*shared, *TRUSTED], 404)
    assert seen() == nobody | STRANGERS


def test_a_set_answers_each_in_its_turn(server: Server) -> None:
    ann = person(server, "ann")
    mine = [ann.upload(text)["sid"] for text in (b"1", b"2")]
    hers = person(server, "cat").upload(b"3")["sid"]

    def asked(*sids: str) -> requests.Response:
        asking = {"command": "get", "list": [{"media_sid": sid} for sid in sids]}
        return ann.call("POST", f"{ann.base()}Set", json=asking)

    found = asked(mine[1], hers, UNKNOWN, "no SID", mine[0]).json()
    assert [(each["code"], each["media_record"]["sid"]) for each in found] == [
        (200, mine[1]),
        (404, hers),
        (404, UNKNOWN),
        (404, "no SID"),
        (200, mine[0]),
    ]
    assert asked().json() == []
    assert asked(*[mine[0]] * 101).status_code == 400
    for wrong in ("", "[]", '{"command": "drop", "list": []}', '{"command": "get"}'):
        assert ann.call("POST", f"{ann.base()}Set", data=wrong).status_code == 400


def test_a_message_takes_only_what_is_there_and_free(server: Server) -> None:
    conversation = room(server, "ann")
    taken = person(server, "ann").upload(b"once")["sid"]
    say(server, conversation, "ann", taken)
    messages = twilio_client(server).conversations.v1.conversations(conversation).messages
    for sid in (UNKNOWN, taken, "no SID"):
        with pytest.raises(TwilioRestException) as refused:
            messages.create(author="ann", body="look", media_sid=sid)
        assert refused.value.status in (400, 404), sid
    assert len(messages.list()) == 1


@pytest.fixture
def own_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClockServer]:
    """Whose clock this test alone moves."""
    server = ClockServer(tmp_path_factory.mktemp("media") / "server")
    server.start()
    yield server
    server.close()


def test_a_token_that_was_revoked_or_has_expired_opens_nothing(own_server: ClockServer) -> None:
    ann, program = person(own_server, "ann"), account(own_server)
    sid = ann.upload(b"mine")["sid"]
    assert status(ann, sid) == 200
    token_sha256 = hashlib.sha256(ann.headers["X-Twilio-Token"].encode()).hexdigest()
    revoked = program.call("POST", f"{own_server.url}/roomful/v1/revocations", json={"token_sha256": [token_sha256]})
    assert revoked.status_code == 204
    assert status(ann, sid) == 401
    refused = ann.post(b"more")
    assert (refused.status_code, "WWW-Authenticate" in refused.headers) == (401, False)
    ben = person(own_server, "ben")
    own = ben.upload(b"his")["sid"]
    own_server.advance(minutes=61)
    assert (status(ben, own), ben.record(own).json()["code"]) == (401, 20104)
    assert ben.post(b"more").status_code == 401


def test_bytes_go_with_their_message_and_their_conversation(server: Server) -> None:
    ann, before = person(server, "ann"), kept(server)
    conversation, doomed = room(server, "ann"), room(server, "ann")
    sids = [ann.upload(text)["sid"] for text in (b"deleted", b"stays", b"goes with its room")]
    links = [ann.link(sid) for sid in sids]
    first, _, _ = [
        say(server, where, "ann", sid) for where, sid in zip((conversation, conversation, doomed), sids, strict=True)
    ]
    client = twilio_client(server).conversations.v1
    client.conversations(conversation).messages(first).delete()
    client.conversations(doomed).delete()
    assert [requests.get(link, timeout=10).status_code for link in links] == [404, 200, 404]
    wait_for(lambda: kept(server) == sorted([*before, sids[1]]), what="the bytes to go")


def test_what_no_message_takes_is_swept_and_also_what_a_killed_server_left(own_server: ClockServer) -> None:
    caller = account(own_server)
    forgotten = caller.upload(b"for no message")["sid"]
    line = half_sent(own_server, person(own_server, "dan"))
    wait_for(lambda: len(kept(own_server)) == 2, what="the upload to begin")
    own_server.kill()
    line.close()
    own_server.start()
    link = caller.link(forgotten)
    assert requests.get(link, timeout=10).content == b"for no message"
    own_server.advance(minutes=61)
    assert caller.record(forgotten).status_code == 404
    conversation = room(own_server, "dan")
    message = say(own_server, conversation, "dan", caller.upload(b"deleted")["sid"])  # has the sweeper look at once
    twilio_client(own_server).conversations.v1.conversations(conversation).messages(message).delete()
    wait_for(lambda: kept(own_server) == [], what="all of them to be swept")
