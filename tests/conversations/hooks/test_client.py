"""Calls over real sockets: what is sent, what answers are worth, how long and how much, and whom TLS trusts."""

from __future__ import annotations

import asyncio
import base64
import itertools
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from twilio.request_validator import RequestValidator

from roomful.conversations.hooks.client import ANSWER_BYTES, IDLE_CONNECTIONS, CallFailed, WebhookClient
from roomful.conversations.hooks.targets import TargetPolicy
from tests.servers import free_port
from tests.webhooks.listener import Cut, Hold, Listener, Raw, Reply

pytestmark = pytest.mark.anyio
TOKEN = "token-of-the-tests"
PARAMETERS = {"EventType": "onMessageAdded", "Body": "Grüße & mehr\nzweite Zeile =%+ 🎈", "Empty": ""}
SECRETS = ("sesame", "hidden", "opaque")
"""Password, path and query of URLs in these tests."""

MakeClient = Callable[..., WebhookClient]


@pytest.fixture
async def make_client() -> AsyncIterator[MakeClient]:
    made: list[WebhookClient] = []

    def make(allow: str = "127.0.0.1", **options: object) -> WebhookClient:
        made.append(WebhookClient(TOKEN, TargetPolicy([allow]), **options))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for client in made:
        await client.close()


@pytest.fixture
def client(make_client: MakeClient) -> WebhookClient:
    return make_client()


async def failure(client: WebhookClient, url: str, method: str = "POST") -> str:
    with pytest.raises(CallFailed) as caught:
        await client.call(url, method, PARAMETERS)
    assert not any(secret in str(caught.value) for secret in SECRETS)
    return str(caught.value)


# --- what is sent --------------------------------------------------------------------------------------------------


async def test_a_post(client: WebhookClient, listener: Listener) -> None:
    url = listener.url("/path/ä?a=1&a=2&a=1").replace("//", "//user:pa%3Ass@")
    answer = await client.call(url, "POST", PARAMETERS, token="WC1")
    [call] = listener.calls
    assert (answer.status, call.method, call.target) == (200, "POST", "/path/%C3%A4?a=1&a=2&a=1")
    assert call.parameters == PARAMETERS
    assert call.token == "WC1"
    assert call.headers["content-type"] == "application/x-www-form-urlencoded"
    assert call.headers["user-agent"].startswith("Roomful/")
    assert call.headers["host"] == f"127.0.0.1:{listener.port}"
    assert base64.b64decode(call.headers["authorization"].removeprefix("Basic ")).decode() == "user:pa:ss"


async def test_a_get(client: WebhookClient, listener: Listener) -> None:
    await client.call(listener.url("/path?EventType=mine"), "GET", PARAMETERS)
    [call] = listener.calls
    assert call.pairs == (("EventType", "mine"), *PARAMETERS.items())
    assert not {"content-length", "transfer-encoding", "authorization", "i-twilio-idempotency-token"} & set(
        call.headers
    )


async def test_connections_are_kept_and_cookies_are_not(client: WebhookClient, listener: Listener) -> None:
    listener.always("/", Reply(headers={"Set-Cookie": "session=1; Path=/"}))
    opened: list[int] = []
    connect = client._network.connect_tcp

    async def counted(host: str, port: int, *rest: object, **options: object) -> object:
        opened.append(port)
        return await connect(host, port, *rest, **options)  # type: ignore[arg-type]

    client._network.connect_tcp = counted  # type: ignore[assignment,method-assign]
    for _ in range(3):
        await client.call(listener.url("/"), "POST", PARAMETERS)
    assert opened == [listener.port]
    assert not any("cookie" in call.headers for call in listener.calls)


async def test_a_connection_that_ended_meanwhile_is_no_failure(client: WebhookClient, listener: Listener) -> None:
    await asyncio.gather(*(client.call(listener.url("/"), "POST", PARAMETERS) for _ in range(5)))
    listener.down()
    listener.up()
    answers = await asyncio.gather(*(client.call(listener.url("/"), "POST", PARAMETERS) for _ in range(5)))
    assert [answer.status for answer in answers] == [200] * 5
    assert len(listener.calls) == 10
    await client.close()
    listener.on("/", Cut())
    assert await failure(client, listener.url("/")) == "the connection ended, or the answer was no HTTP"


async def test_on_a_kept_connection_an_answer_that_breaks_the_rules_is_a_failure(
    client: WebhookClient, listener: Listener
) -> None:
    await client.call(listener.url("/"), "POST", {})
    listener.on("/", Raw([b"220 smtp.example ESMTP\r\n"]))
    assert await failure(client, listener.url("/")) == "the connection ended, or the answer was no HTTP"
    await asyncio.gather(*(client.call(listener.url("/"), "POST", {}) for _ in range(5)))
    listener.on("/", Cut(), Cut(), Cut())
    assert await failure(client, listener.url("/")) == "the connection ended, or the answer was no HTTP"
    assert len(listener.calls) == 2 + 5 + 2, "it is repeated once at most"


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_a_peer_that_closes_at_once(make_client: MakeClient, scheme: str) -> None:
    async def close(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.abort()

    server = await asyncio.start_server(close, "127.0.0.1", 0)
    client = make_client()
    url = f"{scheme}://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    words = {await failure(client, url) for _ in range(50)}
    server.close()
    assert words <= {
        "the connection ended, or the answer was no HTTP",
        "the connection failed",
        "the connection was cut",
        "no TLS: unexpected eof while reading",
    }


async def test_a_socket_that_is_gone_is_a_failed_connection(
    client: WebhookClient, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """uvloop forgets the socket of a connection that the other end reset, and anyio asks it for its address."""

    def gone(self: object, info: str) -> object:
        raise AttributeError("'NoneType' object has no attribute 'getpeername'")

    with monkeypatch.context() as patched:
        patched.setattr("httpcore2._backends.anyio.AnyIOStream.get_extra_info", gone)
        assert await failure(client, listener.url("/")) == "the connection failed"
    assert (await client.call(listener.url("/"), "POST", {})).status == 200
    with monkeypatch.context() as patched:
        patched.setattr("httpcore2._backends.anyio.AnyIOStream.get_extra_info", gone)
        client._network.suspect()
        assert await failure(client, listener.url("/")) == "the connection failed"


async def test_proxies_of_the_environment_are_not_used(
    make_client: MakeClient, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "HTTPS_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    assert (await make_client().call(listener.url("/"), "POST", {})).status == 200


# --- what comes back -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [200, 201, 204, 299, 400, 403, 404, 500, 599])
async def test_answers(client: WebhookClient, listener: Listener, status: int) -> None:
    listener.on("/", Reply(status, b"" if status == 204 else b'{"body": "x"}'))
    answer = await client.call(listener.url("/"), "POST", PARAMETERS)
    assert (answer.status, answer.body) == (status, b"" if status == 204 else b'{"body": "x"}')
    assert "body" not in repr(answer)


@pytest.mark.parametrize("status", [300, 301, 302, 303, 304, 307, 308, 399])
async def test_no_redirect_is_followed(client: WebhookClient, listener: Listener, status: int) -> None:
    listener.on("/from", Reply(status, headers={"Location": listener.url("/to")}))
    assert await failure(client, listener.url("/from")) == f"answered with a redirect ({status}), which is not followed"
    assert [call.path for call in listener.calls] == ["/from"]


@pytest.mark.parametrize("status", [200, 403])
async def test_of_an_answer_only_the_beginning_is_read(client: WebhookClient, listener: Listener, status: int) -> None:
    listener.on("/whole", Reply(status, b"a" * ANSWER_BYTES))
    assert len((await client.call(listener.url("/whole"), "POST", {})).body) == ANSWER_BYTES
    head = f"HTTP/1.1 {status} X\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
    chunk = b"4000\r\n" + b"a" * 0x4000 + b"\r\n"
    listener.on("/endless", Raw(itertools.chain([head], itertools.repeat(chunk))))
    answer = await client.call(listener.url("/endless"), "POST", {})
    assert (answer.status, len(answer.body)) == (status, ANSWER_BYTES)
    await asyncio.to_thread(listener.idle)  # the rest was not waited for: the connection is closed
    assert (await client.call(listener.url("/"), "POST", {})).status == 200


@pytest.mark.parametrize(
    "piece",
    [
        b"220 smtp.example ESMTP\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
        b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" * 10_000,
        b"",
    ],
)
async def test_answers_that_break_the_rules(client: WebhookClient, listener: Listener, piece: bytes) -> None:
    listener.on("/", Raw([piece]))
    assert await failure(client, listener.url("/")) == "the connection ended, or the answer was no HTTP"
    assert (await client.call(listener.url("/"), "POST", {})).status == 200


async def test_endless_headers(client: WebhookClient, listener: Listener) -> None:
    lines = (f"X-{number}: {'x' * 1000}\r\n".encode() for number in itertools.count())
    listener.on("/", Raw(itertools.chain([b"HTTP/1.1 200 OK\r\n"], lines)))
    assert await failure(client, listener.url("/")) == "the connection ended, or the answer was no HTTP"


async def test_nobody_waits_longer_than_agreed(make_client: MakeClient, listener: Listener) -> None:
    client = make_client(seconds=0.3)
    hold = Hold()
    listener.always("/hang", hold)

    def drip() -> object:
        yield b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"
        while listener.is_up:
            yield b"a"
            time.sleep(0.05)

    listener.always("/drip", Raw(drip()))  # type: ignore[arg-type]
    began = time.monotonic()
    assert await failure(client, listener.url("/hang/hidden".removesuffix("/hidden"))) == "no answer within 0.3 s"
    assert await failure(client, listener.url("/drip")) == "no answer within 0.3 s"
    assert time.monotonic() - began < 5
    hold.release()
    assert (await client.call(listener.url("/"), "POST", {})).status == 200


async def test_who_hangs_takes_no_connection_from_others(make_client: MakeClient, listener: Listener) -> None:
    client = make_client(seconds=20)
    hold = Hold(Reply(204))
    listener.always("/hang", hold)
    hanging = [asyncio.ensure_future(client.call(listener.url("/hang"), "POST", {})) for _ in range(150)]
    await asyncio.to_thread(listener.wait, 150, "/hang")
    other = Listener().up()
    other.trust(TOKEN)
    try:
        assert (await client.call(other.url("/"), "POST", {})).status == 200
        assert (await client.call(listener.url("/"), "POST", {})).status == 200
    finally:
        hold.release()
        answers = await asyncio.gather(*hanging)
        other.close()
    assert {answer.status for answer in answers} == {204}
    assert len(client._pool.connections) <= IDLE_CONNECTIONS + 2


async def test_failures_in_words(make_client: MakeClient, client: WebhookClient) -> None:
    port = free_port()
    assert await failure(client, f"http://user:sesame@127.0.0.1:{port}/hidden?opaque=1") == "connection refused"
    words = "address 10.0.0.5 is private; WEBHOOK_ALLOW does not name it"
    assert await failure(client, "https://user:sesame@10.0.0.5/hidden?opaque=1", "GET") == words
    invalid = make_client("nowhere.invalid")
    assert await failure(invalid, "http://user:sesame@nowhere.invalid/hidden?opaque=1") == "host name not found"
    assert await failure(client, "ftp://user:sesame@h/hidden") == "a webhook's URL begins with http:// or https://"
    assert await failure(client, "http://user:sesame@[::1/hidden") == "that is no URL"


async def test_a_call_that_is_given_up_leaves_nothing_behind(client: WebhookClient, listener: Listener) -> None:
    hold = Hold()
    listener.on("/", hold)
    before = asyncio.all_tasks()
    call = asyncio.ensure_future(client.call(listener.url("/"), "POST", {}))
    await asyncio.to_thread(listener.wait, 1)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert client._pool.connections == []
    assert asyncio.all_tasks() <= before
    hold.release()


# --- TLS -----------------------------------------------------------------------------------------------------------


class Authority:
    """Makes certificates with the machine's openssl (PostgreSQL's package brings it)."""

    def __init__(self, folder: Path) -> None:
        assert shutil.which("openssl"), "these tests need the openssl command"
        self.folder = folder
        self._run(
            "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=ca"
        )

    def certificate(self, names: str) -> tuple[Path, Path]:
        """A certificate that this authority signed, for names such as "DNS:localhost,IP:127.0.0.1"; and its key."""
        stem = f"c{len(list(self.folder.iterdir()))}"
        request = (
            "req",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-keyout",
            f"{stem}.key",
            "-out",
            f"{stem}.csr",
            "-subj",
            "/CN=x",
        )
        self._run(*request)
        (self.folder / f"{stem}.ext").write_text(f"subjectAltName={names}")
        signing = (
            "x509",
            "-req",
            "-in",
            f"{stem}.csr",
            "-CA",
            "ca.pem",
            "-CAkey",
            "ca.key",
            "-CAcreateserial",
            "-days",
            "2",
        )
        self._run(*signing, "-extfile", f"{stem}.ext", "-out", f"{stem}.pem")
        return self.folder / f"{stem}.pem", self.folder / f"{stem}.key"

    @property
    def trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.folder / "ca.pem"))

    def _run(self, *arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=self.folder, check=True, capture_output=True)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


ServeTls = Callable[..., "asyncio.Future[tuple[int, list[bytes]]]"]


@pytest.fixture
async def serve_tls() -> AsyncIterator[ServeTls]:
    """`await serve_tls(certificate, key)` listens on 127.0.0.1: its port, and what it was sent."""
    servers: list[asyncio.Server] = []

    async def serve(certificate: Path, key: Path) -> tuple[int, list[bytes]]:
        heard: list[bytes] = []

        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            heard.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
            writer.close()

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        servers.append(await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context))
        return servers[-1].sockets[0].getsockname()[1], heard

    yield serve  # type: ignore[misc]
    for server in servers:
        server.close()


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
async def test_https(make_client: MakeClient, authority: Authority, serve_tls: ServeTls, host: str) -> None:
    port, heard = await serve_tls(*authority.certificate("DNS:localhost,IP:127.0.0.1"))
    client = make_client(host, ssl_context=authority.trust)
    assert (await client.call(f"https://{host}:{port}/x", "GET", {"a": "b"})).status == 204
    head = heard[0].decode().split("\r\n")
    headers = dict(line.split(": ", 1) for line in head[1:] if line)
    assert head[0] == "GET /x?a=b HTTP/1.1"
    url = f"https://{host}:{port}/x?a=b"
    assert RequestValidator(TOKEN).validate(url, {}, headers["X-Twilio-Signature"])


async def test_a_dot_at_the_end_of_a_name_is_no_part_of_it_to_tls(
    make_client: MakeClient, authority: Authority, serve_tls: ServeTls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: [(0, 0, 0, "", ("127.0.0.1", 0))])
    port, heard = await serve_tls(*authority.certificate("DNS:hook.example"))
    client = make_client("hook.example", ssl_context=authority.trust)
    assert (await client.call(f"https://hook.example.:{port}/x", "GET", {})).status == 204
    assert f"Host: hook.example.:{port}".encode() in heard[0]


async def test_the_certificate_must_be_of_the_urls_host_whatever_the_address(
    make_client: MakeClient, authority: Authority, serve_tls: ServeTls
) -> None:
    port, heard = await serve_tls(*authority.certificate("DNS:other.example,IP:127.0.0.1"))
    client = make_client("localhost", ssl_context=authority.trust)
    words = await failure(client, f"https://localhost:{port}/hidden")
    assert words == "certificate refused: Hostname mismatch, certificate is not valid for 'localhost'"
    by_address = make_client("127.0.0.1", ssl_context=authority.trust)
    assert (await by_address.call(f"https://127.0.0.1:{port}/", "POST", {})).status == 204
    assert len(heard) == 1


async def test_a_certificate_that_nobody_trusts(
    make_client: MakeClient, authority: Authority, serve_tls: ServeTls, tmp_path: Path
) -> None:
    port, heard = await serve_tls(*authority.certificate("DNS:localhost"))
    assert "certificate refused: unable to get local issuer certificate" in await failure(
        make_client("localhost"), f"https://localhost:{port}/"
    )
    own_port, heard_too = await serve_tls(authority.folder / "ca.pem", authority.folder / "ca.key")
    assert "certificate refused: self-signed certificate" in await failure(
        make_client("localhost"), f"https://localhost:{own_port}/"
    )
    assert heard + heard_too == []


async def test_a_port_that_speaks_no_tls(make_client: MakeClient, listener: Listener) -> None:
    words = await failure(make_client(), f"https://127.0.0.1:{listener.port}/hidden")
    assert words.startswith("no TLS: ") or words == "the connection failed"


async def test_a_port_that_says_nothing_to_tls(make_client: MakeClient) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        client = make_client(seconds=0.3)
        assert await failure(client, f"https://127.0.0.1:{silent.getsockname()[1]}/") == "no answer within 0.3 s"
