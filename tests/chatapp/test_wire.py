"""The guarded HTTP client: nothing goes elsewhere than it says."""

from typing import Any

import pytest
import requests
from twilio.http import HttpClient
from twilio.http.response import Response

from roomful.chatapp.backend import Backend, BackendUnavailable, Connection, Credentials
from roomful.chatapp.wire import GuardedHttpClient, UnsafeUrl, check_url

BASE = "http://127.0.0.1:5000"
CREDENTIALS = Credentials("AC" + "0" * 32, "token", "SK" + "0" * 32, "secret" * 8, "IS" + "0" * 32)


class Recorder(HttpClient):  # type: ignore[misc]
    """Notes the URLs it is asked for; answers 404, or raises."""

    def __init__(self, error: Exception | None = None) -> None:
        self.urls: list[str] = []
        self.error = error

    def request(self, method: str, uri: str, *args: Any, **kwargs: Any) -> Response:
        self.urls.append(uri)
        if self.error:
            raise self.error
        return Response(404, '{"code": 20404, "message": "not found", "status": 404}')


def connection(inner: HttpClient, kind: Any = "roomful", base_url: str | None = BASE) -> Connection:
    return Connection(Backend(kind, base_url, lambda: CREDENTIALS, inner, {}))


@pytest.mark.parametrize("identity", ["../Roles", "..", "a/../b", "a//b", "a#b", "a?b", "%2e%2e", "a%2Fb", "."])
def test_an_id_cannot_lead_to_another_resource(identity: str) -> None:
    inner = Recorder()
    with pytest.raises(UnsafeUrl):
        connection(inner).service.users(identity).fetch()
    assert inner.urls == []


def test_ordinary_ids_pass() -> None:
    for identity in ("ana", "a..b", "ana.b-c_d", "room:~0a"):
        check_url("GET", f"{BASE}/v1/Users/{identity}")


def test_a_page_link_is_followed_at_our_address_only() -> None:
    inner = Recorder()
    client = GuardedHttpClient(inner, f"{BASE}/")
    client.request("GET", "https://public.example.org/v1/Conversations?PageSize=100&Page=1&PageToken=x")
    assert inner.urls == [f"{BASE}/v1/Conversations?PageSize=100&Page=1&PageToken=x"]
    with pytest.raises(UnsafeUrl):
        client.request("GET", "https://evil.example/steal")
    with pytest.raises(UnsafeUrl):
        GuardedHttpClient(inner, None).request("GET", "https://evil.example/v1/Conversations?Page=1")


def test_region_and_edge_are_ignored_off_the_cloud(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TWILIO_REGION", "ie1")
    monkeypatch.setenv("TWILIO_EDGE", "dublin")
    inner = Recorder()
    with pytest.raises(Exception, match="404"):
        connection(inner).service.users("ana").fetch()
    assert inner.urls == [f"{BASE}/v1/Services/{CREDENTIALS.service_sid}/Users/ana"]
    with pytest.raises(Exception, match="404"):
        connection(inner, "twilio", None).service.users("ana").fetch()
    assert inner.urls[1].startswith("https://conversations.dublin.ie1.twilio.com/v1/")


@pytest.mark.parametrize("error", [requests.ConnectionError("refused"), requests.Timeout("timed out")])
def test_no_answer_is_one_clear_line(error: Exception) -> None:
    with pytest.raises(BackendUnavailable) as unavailable:
        connection(Recorder(error)).service.users("ana").fetch()
    assert BASE in str(unavailable.value)
    assert "\n" not in str(unavailable.value)


def test_secrets_are_not_shown() -> None:
    assert "secret" not in repr(CREDENTIALS)
    assert "token" not in repr(CREDENTIALS)
