"""Pages, files and URL spaces: what a browser gets for which request."""

import gzip
import os
from collections.abc import Mapping
from pathlib import Path

import anyio.to_thread
import pytest
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Scope

from roomful.dispatch import Dispatcher, HostRule
from roomful.settings import Settings
from roomful.web import NONCE_PLACEHOLDER, Pages, page_origins
from roomful.wsgi import MAX_BODY_BYTES, FlaskSeam

pytestmark = pytest.mark.anyio

INDEX = f'<!doctype html><meta property="csp-nonce" nonce="{NONCE_PLACEHOLDER}"><title>Roomful</title>'
SCRIPT = "export const rooms = [];\n" * 100


class Answer:
    """An ASGI application's answer to one request."""

    def __init__(self, messages: list[Message]) -> None:
        start = messages[0]
        self.status: int = start["status"]
        self.headers = {name.decode(): value.decode() for name, value in start["headers"]}
        self.body = b"".join(message.get("body", b"") for message in messages[1:])


async def ask(
    app: ASGIApp,
    path: str,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    body: tuple[bytes, ...] = (b"",),
) -> Answer:
    chunks: list[Message] = [{"type": "http.request", "body": chunk, "more_body": True} for chunk in body]
    chunks[-1]["more_body"] = False
    sent: list[Message] = []

    async def receive() -> Message:
        return chunks.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    lines = {"host": "localhost:5000"} | dict(headers or {})
    scope: Scope = {
        **{"type": "http", "method": method, "path": path, "raw_path": path.encode(), "query_string": b""},
        **{"http_version": "1.1", "scheme": "http", "server": ("127.0.0.1", 5000), "client": ("127.0.0.1", 1)},
        "headers": [(name.encode(), value.encode()) for name, value in lines.items() if value != ""],
    }
    await app(scope, receive, send)
    return Answer(sent)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder as Vite leaves it."""
    root = tmp_path / "dist"
    (root / "assets").mkdir(parents=True)
    (root / "assets" / "app-a1b2c3.js").write_text(SCRIPT)
    (root / "favicon.svg").write_text("<svg/>")
    (root / ".vite").write_text("{}")
    (root / "index.html").write_text(INDEX)
    (tmp_path / "secret.txt").write_text("not of the site")
    return root


@pytest.fixture
def pages(root: Path) -> Pages:
    return Pages(root)


@pytest.mark.parametrize("path", ["/", "/login", "/rooms/CH123", "/people/ada.b", "/index.html"])
async def test_every_page_is_the_index(pages: Pages, path: str) -> None:
    answer = await ask(pages, path)
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "same-origin"
    assert b"<title>Roomful" in answer.body


async def test_the_policy_of_a_page(pages: Pages) -> None:
    first, second = await ask(pages, "/"), await ask(pages, "/")
    policy = dict(rule.split(" ", 1) for rule in first.headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'self'"
    assert policy["connect-src"] == "'self'"
    assert policy["img-src"] == policy["media-src"] == "'self' blob: data:"
    assert policy["frame-ancestors"] == "'none'"
    assert "script-src" not in policy  # so 'self' of default-src holds, and no inline script runs
    nonce = policy["style-src"].removeprefix("'self' 'nonce-").removesuffix("'")
    assert f'nonce="{nonce}"'.encode() in first.body
    assert first.headers["content-security-policy"] != second.headers["content-security-policy"]


async def test_the_policy_names_a_service_elsewhere(root: Path) -> None:
    answer = await ask(Pages(root, page_origins("https://chat.example.org:8443")), "/")
    rules = answer.headers["content-security-policy"].split("; ")
    assert "connect-src 'self' https://chat.example.org:8443 wss://chat.example.org:8443" in rules
    assert page_origins("http://127.0.0.1:5001") == ("http://127.0.0.1:5001", "ws://127.0.0.1:5001")
    assert page_origins("embedded") == ()
    assert "wss://*.twilio.com" in page_origins("twilio")


async def test_hashed_files_are_kept_for_ever(pages: Pages) -> None:
    answer = await ask(pages, "/assets/app-a1b2c3.js")
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.body == SCRIPT.encode()
    small = await ask(pages, "/assets/app-a1b2c3.js", headers={"accept-encoding": "br, gzip"})
    assert small.headers["content-encoding"] == "gzip"
    assert small.headers["vary"] == "Accept-Encoding"
    assert int(small.headers["content-length"]) == len(small.body) < len(SCRIPT)
    assert gzip.decompress(small.body) == SCRIPT.encode()


async def test_other_files_are_asked_for_again(pages: Pages) -> None:
    first = await ask(pages, "/favicon.svg")
    assert (first.headers["content-type"], first.headers["cache-control"]) == ("image/svg+xml", "no-cache")
    again = await ask(pages, "/favicon.svg", headers={"if-none-match": first.headers["etag"]})
    assert (again.status, again.body) == (304, b"")


@pytest.mark.parametrize(
    "path",
    ["/assets/gone.js", "/assets/", "/robots.txt", "/assets/../../secret.txt", "/../secret.txt", "/assets/\0.js"],
)
async def test_a_missing_file_is_no_page(pages: Pages, path: str) -> None:
    answer = await ask(pages, path)
    assert answer.status == 404
    assert b"Roomful" not in answer.body
    assert b"not of the site" not in answer.body


async def test_a_new_build_is_served_without_a_restart(pages: Pages, root: Path) -> None:
    await ask(pages, "/")
    (root / "assets" / "app-d4e5f6.js").write_text("new")
    assert (await ask(pages, "/assets/app-d4e5f6.js")).body == b"new"
    (root / "index.html").write_text("<title>Newer")
    os.utime(root / "index.html", ns=(1, 1))
    assert (await ask(pages, "/")).body == b"<title>Newer"
    (root / "index.html").unlink()  # as a build does at its beginning
    assert (await ask(pages, "/")).body == b"<title>Newer"


async def test_without_a_build_a_page_says_so(tmp_path: Path) -> None:
    pages = Pages(tmp_path / "dist")
    assert not await pages.load()
    answer = await ask(pages, "/")
    assert answer.status == 200
    assert b"npm run build" in answer.body


async def test_pages_are_only_read(pages: Pages) -> None:
    answer = await ask(pages, "/", "POST")
    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD")
    assert (await ask(pages, "/", "HEAD")).status == 200


# --- URL spaces and hosts ------------------------------------------------------------------------------------------


def dispatcher(**env: str) -> Dispatcher:
    return Dispatcher(
        HostRule(Settings.load(env)),
        PlainTextResponse("service"),
        PlainTextResponse("flask"),
        PlainTextResponse("pages"),
    )


@pytest.mark.parametrize(
    ("method", "path", "who"),
    [
        ("GET", "/v1/Conversations", b"service"),
        ("POST", "/v1/Services/IS1/Conversations", b"service"),
        ("GET", "/v3/wsconnect", b"service"),
        ("GET", "/media/ME1", b"service"),
        ("POST", "/roomful/v1/challenge", b"service"),
        ("GET", "/health", b"service"),
        ("GET", "/metrics", b"service"),
        ("POST", "/login", b"flask"),
        ("GET", "/login", b"pages"),
        ("GET", "/api/session", b"flask"),
        ("POST", "/hooks/conversations", b"flask"),
        ("GET", "/", b"pages"),
        ("GET", "/rooms/CH1", b"pages"),
        ("GET", "/v1", b"pages"),
        ("GET", "/healthy", b"pages"),
    ],
)
async def test_url_spaces(method: str, path: str, who: bytes) -> None:
    assert (await ask(dispatcher(), path, method)).body == who


async def test_a_part_that_is_elsewhere_is_not_found() -> None:
    rule = HostRule(Settings.load({}))
    only_service = Dispatcher(rule, PlainTextResponse("service"), None, None)
    only_chat = Dispatcher(rule, None, PlainTextResponse("flask"), PlainTextResponse("pages"))
    assert (await ask(only_service, "/api/session")).status == 404
    assert (await ask(only_service, "/")).status == 404
    assert (await ask(only_chat, "/v1/Conversations")).status == 404
    assert (await ask(only_chat, "/health")).body == b'{"status":"ok"}'


HERE = {"HOST": "127.0.0.1"}
THERE = {"HOST": "0.0.0.0", "PUBLIC_URL": "https://chat.example.org", "ALLOWED_HOSTS": "10.0.0.5,other.example:8080"}


@pytest.mark.parametrize(
    ("env", "host", "status"),
    [
        (HERE, "localhost:5000", 200),
        (HERE, "localhost:3000", 200),
        (HERE, "127.0.0.1", 200),
        (HERE, "[::1]:5000", 200),
        (HERE, "LOCALHOST", 200),
        (HERE, "evil.example", 421),
        (HERE, "localhost.evil.example", 421),
        (HERE, "[::1", 400),
        (HERE, "", 400),
        (THERE, "chat.example.org", 200),
        (THERE, "chat.example.org:443", 200),
        (THERE, "10.0.0.5:5000", 200),
        (THERE, "other.example:8080", 200),
        (THERE, "other.example:8081", 421),
        (THERE, "localhost:5000", 421),
    ],
)
@pytest.mark.parametrize("path", ["/", "/api/session"])
async def test_hosts(env: dict[str, str], host: str, status: int, path: str) -> None:
    answer = await ask(dispatcher(**env), path, headers={"host": host})
    assert answer.status == status
    if status != 200:
        assert answer.body.count(b"\n") == 1  # one clear line


async def test_the_service_is_asked_under_any_host() -> None:
    assert (await ask(dispatcher(), "/v1/Conversations", headers={"host": "evil.example"})).status == 200


# --- Flask ---------------------------------------------------------------------------------------------------------


async def test_a_body_is_read_before_a_thread_is_taken() -> None:
    def app(environ: dict[str, object], start_response: object) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])  # type: ignore[operator]
        length = int(str(environ["CONTENT_LENGTH"]))
        return [environ["wsgi.input"].read(length)]  # type: ignore[attr-defined]

    seam = FlaskSeam(app)
    answer = await ask(seam, "/login", "POST", body=(b'{"user', b'name":', b'"ada"}'))
    assert (answer.status, answer.body) == (200, b'{"username":"ada"}')
    await anyio.to_thread.run_sync(seam.close)


async def test_a_large_body_is_taken_where_one_is_expected(monkeypatch: pytest.MonkeyPatch) -> None:
    def app(environ: dict[str, object], start_response: object) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])  # type: ignore[operator]
        return [str(environ["CONTENT_LENGTH"]).encode()]

    seam = FlaskSeam(app, {("PUT", "/picture"): 2 * MAX_BODY_BYTES})
    whole = (b" " * MAX_BODY_BYTES, b" " * MAX_BODY_BYTES)
    assert (await ask(seam, "/picture", "PUT", body=whole)).body == str(2 * MAX_BODY_BYTES).encode()
    assert (await ask(seam, "/picture", "PUT", body=(*whole, b" "))).status == 413
    assert (await ask(seam, "/picture", "POST", body=whole)).status == 413
    assert (await ask(seam, "/other", "PUT", body=whole)).status == 413

    async def never() -> Message:
        await anyio.sleep_forever()
        raise AssertionError

    monkeypatch.setattr("roomful.wsgi.LARGE_SECONDS", 0.01)
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    await seam({"type": "http", "method": "PUT", "path": "/picture", "headers": []}, never, send)
    assert sent[0]["status"] == 408
    await anyio.to_thread.run_sync(seam.close)


@pytest.mark.parametrize("declared", [True, False])
async def test_a_body_has_a_limit(declared: bool) -> None:
    def app(environ: dict[str, object], start_response: object) -> list[bytes]:
        raise AssertionError("reached")

    seam = FlaskSeam(app)
    headers = {"content-length": str(MAX_BODY_BYTES + 1)} if declared else {"transfer-encoding": "chunked"}
    answer = await ask(seam, "/login", "POST", headers, body=(b" " * MAX_BODY_BYTES, b" "))
    assert answer.status == 413
