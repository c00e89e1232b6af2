"""What is signed is what a receiver checks: the library's validator, and Flask's idea of the URL it was called by."""

from __future__ import annotations

import string
from typing import Any
from urllib.parse import parse_qsl, unquote_to_bytes, urlencode, urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator
from werkzeug.datastructures import MultiDict
from werkzeug.test import EnvironBuilder
from werkzeug.urls import iri_to_uri, uri_to_iri
from werkzeug.wrappers import Request

from roomful.conversations.hooks.destination import NoDestination, destination
from roomful.conversations.hooks.signature import sign

TOKEN = "a1b2c3"
VALIDATOR = RequestValidator(TOKEN)

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
PARAMETERS = st.dictionaries(TEXTS.filter(bool), TEXTS, max_size=6)
_SAFE = string.ascii_letters + string.digits + "-._~!$&'()*+,:@"
PATHS = st.lists(st.text(_SAFE + "äß한 ;=%|[]", max_size=8), max_size=4).map(
    lambda parts: "".join(f"/{p}" for p in parts)
)
QUERIES = (
    st.none()
    | st.lists(st.tuples(st.sampled_from("abc"), TEXTS), max_size=4).map(urlencode)
    | st.text(_SAFE + "ä =;/?%|[]", max_size=12)
)
HOSTS = st.sampled_from(
    ["example.org", "Hook.Example.ORG", "127.0.0.1", "münchen.example", "[2606:4700::1111]", "a-b.c"]
)
PORTS = st.sampled_from(["", ":80", ":443", ":8080", ":65535"])
USERS = st.sampled_from(["", "user@", "user:pass@", "u%40x:p%3Aw@"])


@st.composite
def urls(draw: st.DrawFn) -> str:
    scheme = draw(st.sampled_from(["http://", "https://", "HTTP://"]))
    query = draw(QUERIES)
    url = f"{scheme}{draw(USERS)}{draw(HOSTS)}{draw(PORTS)}{draw(PATHS)}"
    return url if query is None else f"{url}?{query}"


@given(url=urls(), parameters=PARAMETERS)
@example(url="http://h?", parameters={})
@example(url="http://h/a;", parameters={"a": "line\nline\r\n", "A": ""})
@example(url="https://u:p@h:443/?a=1&a=2&a=1", parameters={"a": "3"})
@example(url="http://[2606:4700::1111]:80", parameters={})
def test_the_library_accepts_posts(url: str, parameters: dict[str, str]) -> None:
    to = destination(url)
    signature = sign(TOKEN, to.url, parameters)
    assert VALIDATOR.validate(to.url, parameters, signature)
    assert VALIDATOR.validate(to.url, MultiDict(parameters), signature)
    assert not VALIDATOR.validate(to.url, parameters | {"extra": "1"}, signature)
    assert "@" not in urlsplit(to.url).netloc


@given(url=urls(), parameters=PARAMETERS)
def test_the_library_accepts_gets(url: str, parameters: dict[str, str]) -> None:
    plain = destination(url)
    to = plain.with_query(parameters)
    assert VALIDATOR.validate(to.url, {}, sign(TOKEN, to.url, {}))
    sent = parse_qsl(urlsplit(to.url).query, keep_blank_values=True)
    assert sent[-len(parameters) :] == list(parameters.items()) if parameters else True
    assert to.url.startswith(plain.url)


@given(url=urls(), parameters=PARAMETERS)
def test_the_url_that_flask_sees_is_accepted(url: str, parameters: dict[str, str]) -> None:
    to = destination(url)
    path, _, query = to.target.partition("?")
    if "%2F" in path.upper() or "%25" in path or "//" in path:  # of these a WSGI application sees another path
        return
    plain = unquote_to_bytes(path)
    if plain != plain.decode(errors="replace").encode():  # Flask replaces what is not UTF-8
        return
    if iri_to_uri(uri_to_iri(to.url)) != to.url:  # Flask shows what was encoded needlessly as it might have been
        return
    environ: Any = EnvironBuilder(base_url=f"{to.scheme}://localhost/", query_string=query).get_environ()
    environ |= {"PATH_INFO": unquote_to_bytes(path).decode("latin-1"), "HTTP_HOST": to.authority}
    seen = iri_to_uri(Request(environ).url)  # Flask's own `request.url` shows characters that are not ASCII
    assert VALIDATOR.validate(seen, parameters, sign(TOKEN, to.url, parameters)), (to.url, seen)


@pytest.mark.parametrize("given_", ["https://h:443/x", "https://h/x"])
@pytest.mark.parametrize("checked", ["https://h:443/x", "https://h/x"])
def test_a_port_that_goes_without_saying_may_be_said(given_: str, checked: str) -> None:
    assert VALIDATOR.validate(checked, {"a": "b"}, sign(TOKEN, destination(given_).url, {"a": "b"}))


def test_a_password_is_not_signed_and_not_shown() -> None:
    to = destination("https://user:p%C3%A4ss%3A@h/path?secret=1")
    assert sign(TOKEN, "https://user:p%C3%A4ss%3A@h/path?secret=1", {}) == sign(TOKEN, "https://h/path?secret=1", {})
    assert to.authorization == "Basic dXNlcjpww6Rzczo="
    assert "secret" not in repr(to)
    assert "Basic" not in repr(to)


def test_twilios_own_example() -> None:
    """From Twilio's documentation of request validation."""
    url = "https://mycompany.com/myapp.php?foo=1&bar=2"
    parameters = {
        "CallSid": "CA1234567890ABCDE",
        "Caller": "+14158675309",
        "Digits": "1234",
        "From": "+14158675309",
        "To": "+18005551212",
    }
    assert sign("12345", url, parameters) == "RSOYDt4T1cUTdK1PDd93/VVr8B8="


@pytest.mark.parametrize(
    "url",
    ["", "h", "//h/", "ftp://h/", "http://", "http:///x", "http://h:0/", "http://h:x/", "http://h\n/", "http://[::1/"],
)
def test_what_is_no_url(url: str) -> None:
    with pytest.raises(NoDestination):
        destination(url)
