"""The `twilio` library's requests without a network are the same as over one."""

import asyncio
import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from roomful.chatapp.backend import BackendUnavailable
from roomful.inprocess import InProcessClient, encode_request

BASE = "https://chat.example.org"


async def echo(request: Request) -> Response:
    form = await request.form()
    return JSONResponse(
        {
            "method": request.method,
            "url": str(request.url),
            "form": form.multi_items(),
            "authorization": request.headers.get("authorization"),
            "agent": request.headers.get("user-agent"),
        },
        201,
        {"X-Seen": "yes"},
    )


async def never(request: Request) -> Response:
    await asyncio.Event().wait()
    return Response()


def fail(request: Request) -> Response:
    raise RuntimeError("a mistake in the service")


APP = Starlette(routes=[Route(path, call, methods=["GET", "POST"]) for path, call in
                        (("/v1/echo", echo), ("/v1/never", never), ("/v1/fail", fail))])  # fmt: skip


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield loop
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@pytest.fixture
def client(loop: asyncio.AbstractEventLoop) -> InProcessClient:
    return InProcessClient(APP, loop, BASE)


def test_a_request_arrives_whole(client: InProcessClient) -> None:
    response = client.request(
        "POST",
        f"{BASE}/v1/echo",
        params={"PageSize": 2},
        data={"FriendlyName": "#sales & more", "Permission": ["a", "b"], "Attributes": None},
        headers={"User-Agent": "twilio", "Content-Type": "application/x-www-form-urlencoded"},
        auth=("AC1", "token"),
    )
    assert response.status_code == 201
    assert response.headers["x-seen"] == "yes"
    assert json.loads(response.text) == {
        "method": "POST",
        "url": f"{BASE}/v1/echo?PageSize=2",
        "form": [["FriendlyName", "#sales & more"], ["Permission", "a"], ["Permission", "b"]],
        "authorization": "Basic QUMxOnRva2Vu",
        "agent": "twilio",
    }


@pytest.mark.parametrize(
    ("method", "url", "params", "data", "headers"),
    [
        ("GET", "/v1/Users/ada%40example.org", {"Page": 1, "None": None}, None, {}),
        ("GET", "/v1/Users/zo\xeb", {}, None, {}),
        ("GET", "/v1/Conversations?PageToken=a%2Fb&Page=1", {}, None, {}),
        (
            "POST",
            "/v1/Conversations",
            {},
            {"FriendlyName": "Stra\xdfe +&=%", "N": 5, "L": ["x", "y"], "None": None},
            {},
        ),
        ("POST", "/v1/Conversations", {}, {}, {"Content-Type": "application/x-www-form-urlencoded"}),
        ("POST", "/roomful/v1/revocations", {}, {"identity": "ada"}, {"Content-Type": "application/json"}),
        ("DELETE", "/v1/Conversations/CH1", {}, None, {"X-Twilio-Webhook-Enabled": "true"}),
    ],
)
def test_it_encodes_as_the_network_client_does(
    method: str, url: str, params: dict[str, Any], data: dict[str, Any] | None, headers: dict[str, str]
) -> None:
    mine = encode_request(method, BASE + url, params, data, headers, ("AC1", "token"))
    content: dict[str, Any] = {"json": data} if headers.get("Content-Type") == "application/json" else {"data": data}
    theirs = requests.Request(method, BASE + url, params=params, headers=headers, auth=("AC1", "token"), **content)
    prepared = theirs.prepare()
    assert (mine.method, mine.target) == (prepared.method, prepared.path_url)
    body = prepared.body or b""
    assert mine.body == (body.encode() if isinstance(body, str) else body)
    sent = {name.lower(): value for name, value in mine.headers}
    assert sent == {name.lower(): value for name, value in prepared.headers.items() if name != "Content-Length"}


def test_a_service_that_takes_too_long_is_unavailable(client: InProcessClient) -> None:
    with pytest.raises(BackendUnavailable, match="did not answer in time"):
        client.request("GET", f"{BASE}/v1/never", timeout=0.05)


def test_a_mistake_in_the_service_is_its_500(client: InProcessClient) -> None:
    assert client.request("GET", f"{BASE}/v1/fail").status_code == 500


def test_a_closed_loop_is_unavailable() -> None:
    loop = asyncio.new_event_loop()
    loop.close()
    with pytest.raises(BackendUnavailable, match="shutting down"):
        InProcessClient(APP, loop, BASE).request("GET", f"{BASE}/v1/echo")


@pytest.mark.parametrize("url", ["https://evil.example/v1/echo", f"{BASE}.evil.example/v1/echo", f"{BASE}@evil/v1"])
def test_keys_go_to_no_other_address(client: InProcessClient, url: str) -> None:
    with pytest.raises(ValueError, match="is not an address of the service"):
        client.request("GET", url, auth=("AC1", "token"))
