"""What the library cannot send, and how answers look on the wire."""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Callable
from hashlib import sha256
from hmac import new as hmac_new
from secrets import randbits
from urllib.parse import quote

import pytest

from tests.servers import Server

from .conftest import Wire, basic

NOBODY = "0" * 32


def from_anywhere() -> dict[str, str]:
    """An address that has not failed before."""
    return {"X-Forwarded-For": f"203.0.113.1, 2001:db8::{randbits(16):x}:{randbits(16):x}"}


def test_answers_have_a_request_id_and_only_json(wire: Wire) -> None:
    made = wire.post("/v1/Conversations", {"FriendlyName": "x"})
    assert made.status == 201
    assert re.fullmatch(r"RQ[0-9a-f]{32}", made.headers["twilio-request-id"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", made.json["date_created"])
    gone = wire.send("DELETE", f"/v1/Conversations/{made.json['sid']}")
    assert (gone.status, gone.text) == (204, "")
    assert "content-type" not in gone.headers
    assert gone.headers["twilio-request-id"] != made.headers["twilio-request-id"]


@pytest.mark.parametrize(
    "path",
    [
        *(
            "/v1/",
            "/v1/Nothing",
            "/v1/Conversations/",
            f"/v1/Conversations/CH{NOBODY}",
            "/v1/Conversations/no such name",
        ),
        *(f"/v1/Services/IS{NOBODY}", f"/v1/Services/IS{NOBODY}/Conversations", "/v1/Services/chat/Users"),
        *("/v1/Users/nobody", f"/v1/Users/US{NOBODY}", f"/v1/Roles/RL{NOBODY}", "/v1/Roles/participant"),
        *("/v1/Users/a%00b", "/v1/Services/a%00b/Users", "/v1/Conversations/%FF", "/v1/Users/nobody/Conversations"),
        *(f"/v1/Conversations/CH{NOBODY}/Messages", f"/v1/Conversations/CH{NOBODY}/Participants/x"),
    ],
)
def test_unknown_paths_and_ids(wire: Wire, path: str) -> None:
    reply = wire.get(quote(path, safe="/%"))
    assert (reply.status, reply.code) == (404, 20404)
    assert re.fullmatch(r"The requested resource /v1/.* was not found", reply.json["message"], re.DOTALL)


def test_wrong_methods(wire: Wire) -> None:
    for method, path, allowed in (
        ("PUT", "/v1/Conversations", "GET, POST"),
        ("DELETE", "/v1/Conversations", "GET, POST"),
        ("PATCH", "/v1/Users/x", "DELETE, GET, POST"),
        ("POST", "/v1/Users/x/Conversations", "GET"),
        ("GET", "/roomful/v1/challenge", "POST"),
    ):
        reply = wire.send(method, path)
        assert (reply.status, reply.code, reply.headers["allow"]) == (405, 20004, allowed)
    assert wire.send("HEAD", "/v1/Conversations").status == 200


@pytest.mark.parametrize(
    "authorization",
    [
        *(None, "Basic", "Basic !!!", "Basic " + "A" * 5000, "Bearer abc", basic("", ""), basic(f"AC{NOBODY}", "x")),
        *(basic(f"SK{NOBODY}", ""), basic("ACx", ""), "Basic /////w=="),
    ],
)
def test_authentication(wire: Wire, authorization: str | None) -> None:
    for path in ("/v1/Conversations", "/v1/Nothing", "/v1/Services/x"):
        reply = wire.get(path, authorization=authorization, headers=from_anywhere())
        assert (reply.status, reply.code) == (401, 20003)
        assert reply.headers["www-authenticate"].startswith("Basic ")
    assert wire.get("/v1/Conversations").status == 200


def test_right_name_wrong_secret(wire: Wire) -> None:
    keys = wire.server.credentials
    for name, secret in (
        (keys["account_sid"], keys["api_key_secret"]),
        (keys["account_sid"], ""),
        (keys["api_key_sid"], keys["auth_token"]),
        (keys["account_sid"].lower(), keys["auth_token"]),
    ):
        reply = wire.get("/v1/Users", authorization=basic(name, secret), headers=from_anywhere())
        assert reply.code == 20003


def test_guessing_is_slowed_down_without_locking_out_who_knows(wire: Wire) -> None:
    there, elsewhere = from_anywhere(), from_anywhere()
    assert wire.get("/v1/Users", headers=there).status == 200
    guesses = [basic(wire.account_sid, str(number)) for number in range(25)]
    statuses = [wire.get("/v1/Users", authorization=guess, headers=there).status for guess in guesses]
    assert statuses == [401] * 20 + [429] * 5
    assert wire.get("/v1/Users", headers=there).status == 200
    assert wire.get("/v1/Users", authorization=None, headers=there).code == 20429
    assert wire.get("/v1/Users", authorization=None, headers=elsewhere).code == 20003


def test_bodies(wire: Wire) -> None:
    room = f"/v1/Conversations/{wire.post('/v1/Conversations').json['sid']}"
    assert wire.post(f"{room}/Messages", b"").status == 201
    assert wire.post(f"{room}/Messages", b"Body=a%20b&Body=c+d&Unknown=1&body=x").json["body"] == "c d"
    assert wire.post(f"{room}/Messages", {"Body": "x"}, headers={"Content-Type": "text/plain"}).code == 20001
    assert wire.post(f"{room}/Messages", b"", headers={"Content-Type": "application/json"}).status == 201
    assert wire.get(f"{room}/Messages", form=b"Order=nonsense").status == 200
    assert wire.post(f"{room}/Messages", b"Body=%FF").code == 20001
    assert wire.post(f"{room}/Messages", b"Body=%ED%A0%80").code == 20001
    assert wire.post(f"{room}/Messages", b"Body=a%00b").code == 20001
    assert wire.post(f"{room}/Messages", b"a=1&" * 2000).code == 20001
    assert wire.get("/v1/Conversations?State=a%00b").code == 20001


def test_too_large_bodies(wire: Wire) -> None:
    large = b"Body=" + b"x" * (1024 * 1024)
    reply = wire.post(f"/v1/Conversations/CH{NOBODY}/Messages", large)
    assert (reply.status, reply.code) == (413, 20413)

    connection = http.client.HTTPConnection("127.0.0.1", wire.server.port, timeout=20)
    chunks = (large[at : at + 65536] for at in range(0, len(large), 65536))
    headers = {"Authorization": wire.authorization, "Content-Type": "application/x-www-form-urlencoded"}
    connection.request("POST", "/v1/Conversations", chunks, headers, encode_chunked=True)
    answer = connection.getresponse()
    assert (answer.status, json.loads(answer.read())["code"]) == (413, 20413)
    connection.close()


def test_a_body_as_long_as_can_be_meant(wire: Wire) -> None:
    room = f"/v1/Conversations/{wire.post('/v1/Conversations').json['sid']}/Messages"
    text = "\N{GRINNING FACE}" * 8192  # 32 KB
    assert wire.post(room, {"Body": text}).json["body"] == text
    assert wire.post(room, {"Body": text + "x"}).code == 50504


def test_values_that_are_refused(wire: Wire) -> None:
    room = f"/v1/Conversations/{wire.post('/v1/Conversations', {'UniqueName': 'taken'}).json['sid']}"
    wire.post(f"{room}/Participants", {"Identity": "frank"})
    for path, form, status, code in (
        ("/v1/Conversations", {"Attributes": "a"}, 400, 50304),
        ("/v1/Conversations", {"Attributes": ""}, 400, 50304),
        ("/v1/Conversations", {"Attributes": json.dumps("x" * 17000)}, 400, 50303),
        ("/v1/Conversations", {"FriendlyName": "x" * 257}, 400, 50003),
        ("/v1/Conversations", {"UniqueName": "x" * 257}, 400, 50004),
        ("/v1/Conversations", {"UniqueName": f"CH{NOBODY}"}, 400, 50390),
        ("/v1/Conversations", {"UniqueName": "taken"}, 409, 50353),
        ("/v1/Conversations", {"State": "sleepy"}, 400, 50378),
        ("/v1/Conversations", {"State": ""}, 400, 50374),
        ("/v1/Conversations", {"DateCreated": "yesterday"}, 400, 50308),
        ("/v1/Conversations", {"DateCreated": "1969-12-31T23:59:59Z"}, 400, 50308),
        ("/v1/Conversations", {"DateUpdated": "9999-12-31T23:59:59-05:00"}, 400, 50309),
        ("/v1/Conversations", {"Timers.Inactive": "PT59S"}, 400, 50375),
        ("/v1/Conversations", {"Timers.Closed": "PT9M59S"}, 400, 50376),
        ("/v1/Conversations", {"Timers.Inactive": "1 minute"}, 400, 50379),
        ("/v1/Conversations", {"Timers.Closed": "P1M"}, 400, 50380),
        (room, {"DateCreated": ""}, 400, 50308),
        (f"{room}/Participants", {}, 400, 50204),
        (f"{room}/Participants", {"Identity": ""}, 400, 50204),
        (f"{room}/Participants", {"Identity": "x" * 257}, 400, 50207),
        (f"{room}/Participants", {"Identity": f"US{NOBODY}"}, 400, 50206),
        (f"{room}/Participants", {"Identity": "frank"}, 409, 50433),
        (f"{room}/Participants", {"Identity": "gina", "RoleSid": f"RL{NOBODY}"}, 404, 50100),
        (f"{room}/Participants", {"MessagingBinding.Address": "+15550100"}, 400, 50412),
        (f"{room}/Participants/frank", {"LastReadMessageIndex": "many"}, 400, 50421),
        (f"{room}/Participants/frank", {"LastReadMessageIndex": "7"}, 400, 50421),
        (f"{room}/Messages", {"Body": "x", "Author": "x" * 257}, 400, 50310),
        (f"{room}/Messages", {"MediaSid": f"ME{NOBODY}"}, 404, 50507),
        ("/v1/Users", {}, 400, 50204),
        ("/v1/Users/frank", {"RoleSid": f"RL{NOBODY}"}, 404, 50100),
        ("/v1/Users/frank/Conversations/taken", {"NotificationLevel": "loud"}, 400, 50210),
        ("/v1/Roles", {}, 400, 50000),
        ("/v1/Roles", {"FriendlyName": "x"}, 400, 20001),
        ("/v1/Roles", {"FriendlyName": "x", "Type": "service"}, 400, 20001),
        ("/v1/Roles", {"FriendlyName": "x" * 65, "Type": "service", "Permission": "joinConversation"}, 400, 50003),
        ("/v1/Services", {}, 400, 50000),
        ("/v1/Configuration", {"DefaultChatServiceSid": f"IS{NOBODY}"}, 404, 50050),
    ):
        reply = wire.post(path, form)
        assert (path, form, reply.status, reply.code) == (path, form, status, code)


def test_enums_in_any_case_and_empty_values(wire: Wire) -> None:
    room = f"/v1/Conversations/{wire.post('/v1/Conversations', {'State': 'InActive'}).json['sid']}"
    assert wire.get(room).json["state"] == "inactive"
    wire.post(f"{room}/Participants", {"Identity": "hal"})
    wire.post(f"{room}/Messages", {"Body": "x"})
    assert wire.get(f"{room}/Messages?Order=DESC").status == 200
    assert wire.get(f"{room}/Messages?Order=sideways").code == 20001
    mine = f"/v1/Users/hal/Conversations/{room.rpartition('/')[2]}"
    assert wire.post(mine, {"NotificationLevel": "MUTED", "LastReadMessageIndex": 0}).json["unread_messages_count"] == 0
    assert wire.post(mine, {"LastReadMessageIndex": ""}).json["unread_messages_count"] is None
    role = wire.post("/v1/Roles", {"FriendlyName": "r", "Type": "Service", "Permission": ["joinConversation"]})
    assert (role.status, role.json["type"]) == (201, "service")


def test_forwarding_headers_count_only_from_a_trusted_proxy(start_server: Callable[..., Server], wire: Wire) -> None:
    forwarded = {"X-Forwarded-Host": "chat.example.org", "X-Forwarded-Proto": "https", "Host": "evil.example"}
    url = wire.get("/v1/Configuration", headers=forwarded).json["url"]
    assert url == "https://chat.example.org/v1/Configuration"
    for broken in ({"X-Forwarded-Host": "a/b?c"}, {"X-Forwarded-Proto": "javascript"}):
        url = wire.get("/v1/Configuration", headers=forwarded | broken).json["url"]
        assert url == f"http://localhost:{wire.server.port}/v1/Configuration"
    alone = Wire(start_server("--only", "service"))
    url = alone.get("/v1/Configuration", headers=forwarded).json["url"]
    assert url == f"http://localhost:{alone.server.port}/v1/Configuration"


def test_public_url(start_server: Callable[..., Server]) -> None:
    wire = Wire(start_server("--only", "service", PUBLIC_URL="https://chat.example.org"))
    made = wire.post("/v1/Conversations").json
    assert made["url"] == f"https://chat.example.org/v1/Conversations/{made['sid']}"
    assert wire.get("/v1/Services").json["meta"]["url"].startswith("https://chat.example.org/v1/Services?PageSize=50")


def test_challenge(wire: Wire) -> None:
    def ask(nonce: object) -> tuple[int, str]:
        body = json.dumps({"nonce": nonce}).encode()
        reply = wire.post("/roomful/v1/challenge", body, authorization=None)
        return reply.status, reply.text

    token = wire.server.credentials["auth_token"]
    status, text = ask("n" * 32)
    proof = hmac_new(token.encode(), b"roomful-challenge:" + b"n" * 32, sha256).hexdigest()
    assert (status, json.loads(text)) == (200, {"proof": proof})
    for nonce in ("short", "x" * 129, 5, None):
        assert ask(nonce)[0] == 400
    assert wire.post("/roomful/v1/challenge", b"{", authorization=None).code == 20001


def test_revocations(wire: Wire) -> None:
    def ask(value: object) -> tuple[int, str]:
        reply = wire.post("/roomful/v1/revocations", json.dumps(value).encode())
        return reply.status, reply.text

    assert ask({"identity": "susan"}) == (204, "")
    assert ask({"token_sha256": [sha256(b"token").hexdigest()]}) == (204, "")
    refused: tuple[object, ...] = (
        {},
        [],
        {"token_sha256": ["x"]},
        {"identity": "a", "token_sha256": ["0" * 64]},
        {"identity": 5},
    )
    for bad in refused:
        assert ask(bad)[0] == 400
    assert wire.post("/roomful/v1/revocations", b"{}", authorization=None).code == 20003


def test_health(wire: Wire) -> None:
    reply = wire.get("/health", authorization=None)
    assert (reply.status, reply.json) == (200, {"status": "ok"})
