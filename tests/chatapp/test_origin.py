"""Who may call: Host, Origin, forwarding headers."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import Headers

from roomful.chatapp.config import ChatConfig, ConfigError
from roomful.chatapp.origin import Exposure, Proxies, cross_site, forwarded_from_elsewhere, host_allowed

LOCAL = ChatConfig(
    database_url="sqlite://",
    auth="password",
    signup="open",
    public_url="http://localhost:5000",
    host="127.0.0.1",
    allowed_hosts=(),
    trusted_proxies=(),
    token_ttl=900,
)
PUBLIC = replace(
    LOCAL,
    host="0.0.0.0",
    public_url="https://chat.example.org",
    allowed_hosts=("alias.example.org:8443", "plain.example.org"),
)


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:3000", "127.0.0.1:5000", "[::1]:5000", "[::1]", "LOCALHOST:1"]
)
def test_names_of_this_machine_count_while_it_listens_on_loopback(host: str) -> None:
    assert host_allowed(LOCAL, host)
    assert not host_allowed(PUBLIC, host)


@pytest.mark.parametrize(
    ("host", "allowed"),
    [
        ("chat.example.org", True),
        ("Chat.Example.org:443", True),
        ("alias.example.org:8443", True),
        ("alias.example.org", False),
        ("plain.example.org:1", True),
        ("chat.example.org.evil.example", False),
        ("evil@chat.example.org", False),
        ("chat.example.org/x", False),
        ("chat.example.org:port", False),
        ("", False),
    ],
)
def test_hosts_of_a_public_installation(host: str, allowed: bool) -> None:
    assert host_allowed(PUBLIC, host) is allowed


@given(st.text())
def test_a_host_header_is_never_an_error(host: str) -> None:
    host_allowed(PUBLIC, host)


@pytest.mark.parametrize(
    ("headers", "refused"),
    [
        ({}, False),
        ({"Sec-Fetch-Site": "same-origin"}, False),
        ({"Sec-Fetch-Site": "none"}, False),
        ({"Sec-Fetch-Site": "same-site"}, True),
        ({"Sec-Fetch-Site": "cross-site"}, True),
        (
            {"Sec-Fetch-Site": "same-origin", "Origin": "https://evil.example"},
            False,
        ),  # browsers do not lie about the former
        ({"Origin": "http://localhost:5000"}, False),
        ({"Origin": "http://localhost:3000"}, True),
        ({"Origin": "https://chat.example.org"}, False),
        ({"Origin": "http://chat.example.org"}, True),
        ({"Origin": "https://evil.example"}, True),
        ({"Origin": "null"}, True),
    ],
)
def test_pages_of_other_sites_cannot_change_anything(headers: dict[str, str], refused: bool) -> None:
    config = replace(LOCAL, public_url="https://chat.example.org")
    assert cross_site(config, "POST", "localhost:5000", Headers(headers)) is refused
    assert not cross_site(config, "GET", "localhost:5000", Headers(headers))


@pytest.mark.parametrize(
    ("peer", "forwarded", "trusted", "address"),
    [
        ("203.0.113.9", "198.51.100.1", (), "203.0.113.9"),
        ("127.0.0.1", "198.51.100.1", ("127.0.0.1",), "198.51.100.1"),
        ("127.0.0.1", "6.6.6.6, 198.51.100.1", ("127.0.0.1",), "198.51.100.1"),
        ("127.0.0.1", "198.51.100.1, 10.0.0.7", ("127.0.0.1", "10.0.0.0/8"), "198.51.100.1"),
        ("127.0.0.1", "nonsense", ("127.0.0.1",), "127.0.0.1"),
        ("127.0.0.1", None, ("127.0.0.1",), "127.0.0.1"),
        ("::ffff:203.0.113.9", None, (), "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6", None, (), "2001:db8:1:2::/64"),
    ],
)
def test_only_trusted_proxies_name_the_client(
    peer: str, forwarded: str | None, trusted: tuple[str, ...], address: str
) -> None:
    assert Proxies(trusted).client_address(peer, forwarded) == address


@pytest.mark.parametrize(
    ("headers", "elsewhere"),
    [
        ({}, False),
        ({"X-Forwarded-For": "203.0.113.9"}, True),
        ({"X-Forwarded-For": "127.0.0.1, 203.0.113.9"}, True),
        ({"X-Forwarded-For": "unknown"}, True),
        ({"X-Forwarded-For": ""}, True),
        ({"X-Forwarded-Proto": "https"}, True),
        ({"X-Forwarded-Host": "abc.tunnel.example"}, True),
        ({"X-Real-IP": "203.0.113.9"}, True),
        ({"Forwarded": "for=127.0.0.1"}, True),
        # The tutorial's development proxy (create-react-app on port 3000) says this, from the same machine.
        ({"X-Forwarded-For": "127.0.0.1", "X-Forwarded-Host": "localhost:3000", "X-Forwarded-Proto": "http"}, False),
    ],
)
def test_forwarding_headers_show_an_exposed_server(headers: dict[str, str], elsewhere: bool) -> None:
    assert forwarded_from_elsewhere(Headers(headers)) is elsewhere


def test_exposure_lasts_and_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    exposure = Exposure(LOCAL, Proxies(()))
    assert exposure.local
    for _ in range(2):
        exposure.look("127.0.0.1", Headers({"X-Forwarded-For": "203.0.113.9"}))
    exposure.look("127.0.0.1", Headers())
    assert not exposure.local
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "sign-up is switched off" in caplog.text


def test_a_trusted_proxy_exposes_nothing_that_was_not_meant_to_be() -> None:
    config = replace(LOCAL, trusted_proxies=("127.0.0.1",))
    exposure = Exposure(config, Proxies(config.trusted_proxies))
    exposure.look("127.0.0.1", Headers({"X-Forwarded-For": "203.0.113.9"}))
    assert exposure.local


def test_name_only_login_is_for_this_machine() -> None:
    with pytest.raises(ConfigError):
        replace(PUBLIC, auth="open")
    with pytest.raises(ConfigError):
        replace(LOCAL, auth="open", public_url="https://chat.example.org")
    assert replace(LOCAL, auth="open").loopback
