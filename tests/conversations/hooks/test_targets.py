"""Where webhooks may go: every spelling of a private address, names that lead there, and names that change."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from ipaddress import ip_address
from typing import Any

import httpcore2
import pytest

from roomful.conversations.hooks.client import Answer, CallFailed, WebhookClient
from roomful.conversations.hooks.targets import CheckedNetwork, TargetPolicy, TargetRefused, is_public
from tests.webhooks.listener import Listener

PRIVATE = (
    *("0.0.0.0", "0.1.2.3", "10.0.0.5", "100.64.0.1", "100.127.255.255", "127.0.0.1", "127.255.255.254"),
    *("169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.8", "192.0.0.170", "192.0.2.1", "192.88.99.1"),
    *("192.168.1.1", "198.18.0.1", "198.51.100.7", "203.0.113.9", "224.0.0.1", "239.255.255.255", "240.0.0.1"),
    *("255.255.255.255", "::", "::1", "::127.0.0.1", "fe80::1", "fe80::1%2", "fec0::1", "fc00::1", "fd12::1"),
    *("ff02::1", "ff0e::1", "100::1", "2001:db8::1", "3fff::1", "5f00::1", "2001:2::1", "2001:10::1", "4000::1"),
    *("::ffff:10.0.0.5", "::ffff:127.0.0.1", "::ffff:169.254.169.254"),  # IPv4-mapped
    *("64:ff9b::10.0.0.5", "64:ff9b::7f00:1", "64:ff9b:1::8.8.8.8"),  # NAT64; the second prefix is a network's own
    *("2002:0a00:0005::1", "2002:7f00:0001::1", "2002:a9fe:a9fe::1"),  # 6to4
    "2001:0:0a00:5::f7f7:f7f7",  # Teredo: its server is 10.0.0.5, its client 8.8.8.8
    "2001:0:808:808::f5ff:fffa",  # Teredo: its server is 8.8.8.8, its client 10.0.0.5
)
PUBLIC = (
    *("8.8.8.8", "1.1.1.1", "100.63.255.255", "100.128.0.1", "172.15.0.1", "172.32.0.1", "192.0.1.1", "198.20.0.1"),
    *("2606:4700:4700::1111", "2a00:1450::1", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2002:0808:0808::1"),
    "2001:0:808:808::f7f7:f7f7",
)
Resolve = Callable[[str], list[str]]


@pytest.mark.parametrize("text", PRIVATE)
def test_addresses_that_are_not_the_public_internet(text: str) -> None:
    assert not is_public(ip_address(text))
    with pytest.raises(TargetRefused, match="WEBHOOK_ALLOW does not name it"):
        TargetPolicy(["elsewhere", "10.9.9.9"]).permitted("host", 80, [ip_address(text)])


@pytest.mark.parametrize("text", PUBLIC)
def test_addresses_of_the_public_internet(text: str) -> None:
    assert is_public(ip_address(text))
    assert TargetPolicy().permitted("host", 80, [ip_address(text)]) == [ip_address(text)]


def test_only_the_public_ones_of_a_name_are_tried() -> None:
    found = [ip_address(text) for text in ("10.0.0.5", "8.8.8.8", "::1", "1.1.1.1")]
    assert list(map(str, TargetPolicy().permitted("host", 80, found))) == ["8.8.8.8", "1.1.1.1"]
    assert TargetPolicy(["host"]).permitted("host", 80, found) == found
    with pytest.raises(TargetRefused, match=r"address 10\.0\.0\.5 is private; WEBHOOK_ALLOW does not name it"):
        TargetPolicy().permitted("host", 80, found[:1])


@pytest.mark.parametrize(
    "host",
    [
        *("10.0.0.5", "127.0.0.1", "127.1", "2130706433", "0x7f000001", "0x7f.1", "017700000001", "0177.0.0.1"),
        *("127.0.0.1.", "0", "0.0.0.0", "169.254.169.254", "0xA9FEA9FE", "[::1]", "[::ffff:127.0.0.1]"),
        *("[::ffff:7f00:1]", "[64:ff9b::7f00:1]", "[fe80::1]", "[::]", "localhost", "LOCALHOST", "localhost."),
        *("a.localhost", "user:secret@localhost", "255.255.255.255"),
    ],
)
@pytest.mark.parametrize("rest", ["", ":8080/path?secret=1"])
def test_what_is_plainly_private_cannot_be_configured(host: str, rest: str) -> None:
    refusal = TargetPolicy(["example.org"]).refusal(f"http://{host}{rest}")
    assert refusal is not None
    assert "WEBHOOK_ALLOW" in refusal
    assert "secret" not in refusal
    assert TargetPolicy([host.rpartition("@")[2]]).refusal(f"https://{host}{rest}") is None


@pytest.mark.parametrize(
    "url",
    [
        *("http://example.org", "https://8.8.8.8/x", "http://[2606:4700:4700::1111]/", "http://intranet/", "http://db"),
        *("", "nonsense", "http://", "http://[::1", "http://a:99999999/", "ftp://localhost/", "http://\x00", "//x"),
        *("http://localhost.example.org/", "http://mylocalhost/", "http://\udc80/", "http://１２７.０.０.１/"),
    ],
)
def test_what_can_be_configured_or_is_no_url(url: str) -> None:
    assert TargetPolicy().refusal(url) is None


@pytest.mark.parametrize(
    ("item", "allowed", "refused"),
    [
        (
            "127.0.0.1",
            ["http://127.0.0.1/", "https://127.0.0.1:9/", "http://127.1/", "http://127.0.0.1./"],
            ["http://127.0.0.2/"],
        ),
        ("127.0.0.1:80", ["http://127.0.0.1/", "http://127.0.0.1:80/"], ["https://127.0.0.1/", "http://127.0.0.1:81/"]),
        ("localhost:443", ["https://localhost/", "https://LocalHost.:443/"], ["http://localhost/"]),
        ("localhost", ["https://localhost/", "http://localhost:1/"], ["http://127.0.0.1/", "http://a.localhost/"]),
        ("[::1]", ["http://[::1]:8080/", "http://[0:0:0:0:0:0:0:1]/"], ["http://localhost/", "http://[::2]/"]),
        ("[::1]:8080", ["http://[::1]:8080/"], ["http://[::1]/"]),
        ("localhost:", ["https://localhost/", "http://localhost:1/"], []),
        ("localhost:0", [], ["http://localhost/"]),
        ("[fe80::1%eth0]", [], ["http://[fe80::1]/"]),
    ],
)
def test_what_webhook_allow_names(item: str, allowed: list[str], refused: list[str]) -> None:
    policy = TargetPolicy([item])
    assert [policy.refusal(url) for url in allowed] == [None] * len(allowed)
    assert all(policy.refusal(url) for url in refused)


# --- connections ---------------------------------------------------------------------------------------------------


class Names:
    """Names that lead where a test says, in place of the machine's resolver, and the connections that are made."""

    def __init__(self) -> None:
        self.known: dict[str, list[str]] = {}
        self.asked: list[str] = []
        self.connected: list[str] = []
        self.hang: dict[str, threading.Event] = {}

    def getaddrinfo(self, host: str, port: None, **options: Any) -> list[Any]:
        self.asked.append(host)
        if host in self.hang:
            self.hang[host].wait(30)
        if host not in self.known:
            raise socket.gaierror(socket.EAI_NONAME, "unknown")
        return [(0, 0, 0, "", (address, 0)) for address in self.known[host]]


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Iterator[Names]:
    made = Names()
    connect = httpcore2.AnyIOBackend.connect_tcp

    async def noted(self: Any, host: str, *rest: Any) -> Any:
        made.connected.append(host)
        return await connect(self, host, *rest)

    monkeypatch.setattr("socket.getaddrinfo", made.getaddrinfo)
    monkeypatch.setattr(httpcore2.AnyIOBackend, "connect_tcp", noted)
    yield made
    for event in made.hang.values():
        event.set()


@pytest.fixture
def listener() -> Iterator[Listener]:
    made = Listener().up()
    yield made
    made.close()


async def call(client: WebhookClient, url: str) -> Answer:
    return await client.call(url, "POST", {})


async def failure(client: WebhookClient, url: str) -> str:
    with pytest.raises(CallFailed) as caught:
        await call(client, url)
    return str(caught.value)


@pytest.mark.anyio
@pytest.mark.parametrize("host", ["localhost", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "[::ffff:127.0.0.1]"])
async def test_no_connection_is_made_to_a_private_address(listener: Listener, host: str) -> None:
    client = WebhookClient("token", TargetPolicy(["other"]))
    assert "is private; WEBHOOK_ALLOW does not name it" in await failure(client, f"http://{host}:{listener.port}/")
    assert listener.calls == []
    await client.close()
    allowing = WebhookClient("token", TargetPolicy([f"{host}:{listener.port}"]))
    assert (await call(allowing, f"http://{host}:{listener.port}/")).status == 200
    await allowing.close()


@pytest.mark.anyio
async def test_a_name_that_leads_to_a_private_address(names: Names) -> None:
    names.known = {"inside.example": ["10.0.0.5"], "mixed.example": ["169.254.169.254", "::1"]}
    client = WebhookClient("token", TargetPolicy())
    assert (
        await failure(client, "http://inside.example/") == "address 10.0.0.5 is private; WEBHOOK_ALLOW does not name it"
    )
    assert "169.254.169.254 is private" in await failure(client, "https://mixed.example/")
    assert await failure(client, "http://unknown.example/") == "host name not found"
    assert names.connected == []
    await client.close()


@pytest.mark.anyio
async def test_the_connection_is_made_to_the_address_that_was_checked(names: Names, listener: Listener) -> None:
    """A name that is asked again leads elsewhere, so it is asked once; a kept connection stays where it is."""
    names.known = {"moving.example": ["127.0.0.1"]}
    client = WebhookClient("token", TargetPolicy(["moving.example"]))
    url = f"http://moving.example:{listener.port}/"
    assert (await call(client, url)).status == 200
    assert (names.asked, names.connected) == (["moving.example"], ["127.0.0.1"])
    names.known = {"moving.example": ["10.0.0.5"]}
    assert (await call(client, url)).status == 200
    assert (names.asked, names.connected) == (["moving.example"], ["127.0.0.1"])
    assert [heard.headers["host"] for heard in listener.calls] == [f"moving.example:{listener.port}"] * 2
    await client.close()


@pytest.mark.anyio
async def test_the_next_address_is_tried_when_one_refuses(names: Names, listener: Listener) -> None:
    names.known = {"two.example": ["127.0.0.2", "127.0.0.1"]}
    client = WebhookClient("token", TargetPolicy(["two.example"]))
    assert (await call(client, f"http://two.example:{listener.port}/")).status == 200
    assert names.connected == ["127.0.0.2", "127.0.0.1"]
    names.known = {"two.example": ["127.0.0.2", "127.0.0.3"]}
    await client.close()
    fresh = WebhookClient("token", TargetPolicy(["two.example"]))
    assert await failure(fresh, f"http://two.example:{listener.port}/") == "connection refused"
    await fresh.close()


@pytest.mark.anyio
async def test_a_name_server_that_hangs_holds_nobody_else_up(names: Names, listener: Listener) -> None:
    names.known = {"quick.example": ["127.0.0.1"], "slow.example": ["127.0.0.1"]}
    names.hang["slow.example"] = threading.Event()
    client = WebhookClient("token", TargetPolicy(["quick.example", "slow.example"]), seconds=0.2)
    slow = [asyncio.ensure_future(failure(client, f"http://slow.example:{listener.port}/")) for _ in range(200)]
    assert (await call(client, f"http://quick.example:{listener.port}/")).status == 200
    assert set(await asyncio.gather(*slow)) == {"no answer within 0.2 s"}
    assert names.asked.count("slow.example") == 1, "one look-up for all who ask meanwhile"
    before = asyncio.all_tasks()
    await client.close()
    assert len(asyncio.all_tasks()) == len(before) - 1, "the look-up is given up"


@pytest.mark.anyio
async def test_the_network_checks_whoever_uses_it(listener: Listener) -> None:
    with pytest.raises(TargetRefused):
        await CheckedNetwork(TargetPolicy()).connect_tcp("127.0.0.1", listener.port)
    stream = await CheckedNetwork(TargetPolicy(["127.0.0.1"])).connect_tcp("127.0.0.1", listener.port, 5)
    await stream.aclose()
