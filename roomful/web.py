"""The built front end, served from memory: `index.html` for every page, and the files it asks for.

A build is read once, compressed once, and read again when it was made anew while the server runs. Pages carry the
headers of design §7 (a Content-Security-Policy without inline scripts, no framing, no sniffing).
"""

import asyncio
import gzip
import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

NONCE_PLACEHOLDER = "__CSP_NONCE__"
"""What a build writes where the nonce for injected styles belongs; each answer gets a fresh one."""

_CONTENT_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".gif": "image/gif",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".jpg": "image/jpeg",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".map": "application/json",
    ".mjs": "text/javascript; charset=utf-8",
    ".mp3": "audio/mpeg",
    ".ogg": "audio/ogg",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
    ".xml": "application/xml",
}
_COMPRESSIBLE = (".css", ".html", ".js", ".json", ".map", ".mjs", ".svg", ".txt", ".wasm", ".webmanifest", ".xml")
_SMALLEST_COMPRESSED = 1024  # bytes; below, a packet is a packet

_STATUS_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Roomful</title>
<h1>Roomful is running</h1>
<p>The chat service and its API answer here, but the front end is not built yet.
<p>Build it in the project's folder with <code>make run</code>, or with <code>npm run build</code>, and load this page
again.
"""


@dataclass(frozen=True)
class Asset:
    """One file of the build."""

    body: bytes
    compressed: bytes | None
    """The same with gzip, where that is smaller."""
    content_type: str
    etag: str
    immutable: bool
    """Whether its name changes with its content, as Vite names what lies under `assets/`."""


@dataclass(frozen=True)
class Site:
    """A build of the front end, read into memory."""

    index: str
    files: dict[str, Asset]
    """By path from the root of the site, without a leading slash."""
    built_at: int
    """When `index.html` was written, in ns."""

    @classmethod
    def read(cls, root: Path) -> "Site | None":
        """The build in `root`, or None when there is none."""
        try:
            built_at = (root / "index.html").stat().st_mtime_ns
            index = (root / "index.html").read_text(encoding="utf-8")
            paths = [path for path in root.rglob("*") if path.is_file() and not path.name.startswith(".")]
            files = {path.relative_to(root).as_posix(): _read_asset(path, root) for path in paths}
        except FileNotFoundError:  # a build that is being replaced this moment is none
            return None
        files.pop("index.html", None)
        return cls(index, files, built_at)


def _read_asset(path: Path, root: Path) -> Asset:
    body = path.read_bytes()
    suffix = path.suffix.lower()
    compressed = None
    if suffix in _COMPRESSIBLE and len(body) >= _SMALLEST_COMPRESSED:
        smaller = gzip.compress(body, mtime=0)
        compressed = smaller if len(smaller) < len(body) else None
    return Asset(
        body=body,
        compressed=compressed,
        content_type=_CONTENT_TYPES.get(suffix, "application/octet-stream"),
        etag=f'W/"{hashlib.sha256(body).hexdigest()[:32]}"',
        immutable=path.relative_to(root).parts[0] == "assets",
    )


class Pages:
    """The ASGI application for everything that is neither the service's nor Flask's."""

    def __init__(self, root: Path, service_origins: Sequence[str] = ()) -> None:
        """`service_origins`: where the page's socket and media are when that is not its own origin."""
        self._root = root
        self._origins = tuple(service_origins)
        self._site: Site | None = None
        self._reading = asyncio.Lock()

    async def load(self) -> bool:
        """Read the build; False when there is none."""
        async with self._reading:
            site = await asyncio.to_thread(Site.read, self._root)
            self._site = site or self._site
        return self._site is not None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope)
        if request.method in ("GET", "HEAD"):
            response = await self._answer(request)
        else:
            response = PlainTextResponse("Only GET and HEAD here.\n", 405, {"Allow": "GET, HEAD"})
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "same-origin"
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        path = request.url.path.removeprefix("/")
        if self._is_stale(path):
            await self.load()
        if self._site is None:
            return self._page(_STATUS_PAGE)
        asset = self._site.files.get(path)
        if asset is not None:
            return _asset_response(asset, request)
        if path.startswith("assets/") or Path(path).suffix.lower() in _CONTENT_TYPES.keys() - {".html"}:
            return PlainTextResponse("There is no such file.\n", 404, {"Cache-Control": "no-store"})
        return self._page(self._site.index)  # the front end's own router knows what the path means

    def _is_stale(self, path: str) -> bool:
        """Whether the build on the disk is another than the one in memory."""
        try:
            built_at = (self._root / "index.html").stat().st_mtime_ns
        except OSError:
            return False
        if self._site is None or self._site.built_at != built_at:
            return True
        # A build writes its files in any order: one may have been missing when the rest was read.
        return path.startswith("assets/") and path not in self._site.files and _is_inside(self._root, path)

    def _page(self, html: str) -> Response:
        nonce = secrets.token_urlsafe(16)
        return HTMLResponse(
            html.replace(NONCE_PLACEHOLDER, nonce),
            headers={
                "Cache-Control": "no-store",
                "Content-Security-Policy": self._policy(nonce),
                "Cross-Origin-Opener-Policy": "same-origin",
            },
        )

    def _policy(self, nonce: str) -> str:
        origins = "".join(f" {origin}" for origin in self._origins)
        return "; ".join(
            (
                "default-src 'self'",
                f"connect-src 'self'{origins}",
                f"img-src 'self' blob: data:{origins}",
                f"media-src 'self' blob: data:{origins}",
                f"style-src 'self' 'nonce-{nonce}'",
                "object-src 'none'",
                "base-uri 'none'",
                "form-action 'self'",
                "frame-ancestors 'none'",
            )
        )


def _is_inside(root: Path, path: str) -> bool:
    return ".." not in path.split("/") and "\0" not in path and (root / path).is_file()


def _asset_response(asset: Asset, request: Request) -> Response:
    headers = {
        "Cache-Control": "public, max-age=31536000, immutable" if asset.immutable else "no-cache",
        "ETag": asset.etag,
        "Vary": "Accept-Encoding",
    }
    if asset.etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    if asset.compressed is not None and "gzip" in request.headers.get("accept-encoding", ""):
        return Response(
            asset.compressed, headers=headers | {"Content-Encoding": "gzip", "Content-Type": asset.content_type}
        )
    return Response(asset.body, headers=headers | {"Content-Type": asset.content_type})


def page_origins(backend: str) -> tuple[str, ...]:
    """The origins of socket and media that pages need beside their own, for a value of `ROOMFUL_BACKEND`."""
    if backend == "embedded":
        return ()
    if backend == "twilio":  # tsock, mcs and media hosts, one set a region
        return ("https://*.twilio.com", "wss://*.twilio.com")
    parts = urlsplit(backend)
    return (backend, f"{'wss' if parts.scheme == 'https' else 'ws'}://{parts.netloc}")
