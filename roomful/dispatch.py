"""One port, its URL spaces (design §2): which part of Roomful answers which request."""

from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from roomful.settings import Settings, is_loopback_host

_SERVICE_SPACES = ("/v1/", "/v3/", "/media/", "/roomful/v1/")
_SERVICE_PATHS = ("/health", "/metrics")
_FLASK_SPACES = ("/api/", "/hooks/")


class HostRule:
    """Which `Host` a page or a route with cookies may be asked under (design §7): it stops DNS rebinding."""

    def __init__(self, settings: Settings) -> None:
        self._loopback = is_loopback_host(settings.host)
        self._allowed = {urlsplit(settings.public_url).hostname or "", *settings.allowed_hosts}

    def refusal(self, hosts: Iterable[bytes]) -> tuple[int, str] | None:
        """The status and the one clear line for a request with these `Host` headers; None when they are right."""
        values = [value.decode("latin-1").strip().lower() for value in hosts]
        if len(values) != 1 or not values[0]:
            return 400, "A request needs exactly one Host header.\n"
        try:
            name = urlsplit(f"//{values[0]}").hostname or ""
        except ValueError:
            return 400, "The Host header is not a host.\n"
        if (self._loopback and is_loopback_host(name)) or not self._allowed.isdisjoint((name, values[0])):
            return None
        return 421, "Roomful does not answer under this host name; add it to ALLOWED_HOSTS if it should.\n"


class Dispatcher:
    """The ASGI application of a server: service, Flask and pages side by side.

    A part that this process does not serve (`--only`) is None, and its URL spaces are not found.
    """

    def __init__(self, rule: HostRule, service: ASGIApp | None, flask: ASGIApp | None, pages: ASGIApp | None) -> None:
        self._rule = rule
        self._service = service
        self._flask = flask
        self._pages = pages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Only HTTP comes here: sockets go to the service's own protocol class, and there is no lifespan."""
        path: str = scope["path"]
        if path in _SERVICE_PATHS or path.startswith(_SERVICE_SPACES):
            app = self._service
            if app is None and path == "/health":  # of a server without a service of its own
                app = PlainTextResponse('{"status":"ok"}', media_type="application/json")
        else:
            refusal = self._rule.refusal(value for name, value in scope["headers"] if name == b"host")
            if refusal is not None:
                app = PlainTextResponse(refusal[1], refusal[0])
            elif path.startswith(_FLASK_SPACES) or (path == "/login" and scope["method"] not in ("GET", "HEAD")):
                app = self._flask
            else:
                app = self._pages
        if app is None:
            app = PlainTextResponse("This process does not serve that.\n", 404)
        await app(scope, receive, send)
