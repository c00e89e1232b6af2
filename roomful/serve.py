"""The composition root: settings become a service and a chat app, in one process on one port.

The only file that knows all parts. Three ways in: `serve` runs a server, `flask_app` makes the Flask application for
the `flask` command, and both hand the chat app a `Backend` that says how to reach its Conversations service.
"""

import asyncio
import errno
import gc
import importlib
import logging
import signal
import socket
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

import click
import uvicorn
import uvloop
from flask import Flask

from roomful.chatapp.app import (
    EVENTS,
    LARGE_BODIES,
    Reconciler,
    StoreError,
    create_app,
    create_reconciler,
    hook_receiver,
    open_database,
)
from roomful.chatapp.backend import Backend, Credentials
from roomful.chatapp.config import ChatConfig
from roomful.dispatch import Dispatcher, HostRule
from roomful.doors import OPEN_FAILURES, InstanceClient, credentials_of, describe_failure
from roomful.heads import BoundedHeads
from roomful.inprocess import InProcessClient
from roomful.instance import Instance, InstanceCredentials, InstanceError, InstanceLock
from roomful.logs import configure_logging
from roomful.settings import Settings, SettingsError
from roomful.web import Pages, page_origins
from roomful.wsgi import FlaskSeam

if TYPE_CHECKING:
    from roomful.conversations.app import Service, ServiceConfig

Only = Literal["service", "chat"]

_SOCKET_PATH = "/v3/wsconnect"
_GRACE_SECONDS = 8  # for requests at work when the server stops; the next one waits 10 s for the lock
_KEEP_ALIVE_SECONDS = 30
_BACKLOG = 2048


class StartError(Exception):
    """The server cannot start; the text is one line for the person who can mend it."""


def service_config(settings: Settings, *, with_chat: bool = True) -> "ServiceConfig":
    """What the settings mean to the Conversations service.

    with_chat: whether a chat app is beside it, which hears of events (commands record them, too, for the server to
    deliver) and shows who is online. Without one a new service is as Twilio's are.
    """
    from roomful.conversations.app import ServiceConfig  # not at the top: most commands do not need the service's code

    return ServiceConfig(
        database_url=settings.database_url or f"sqlite:///{settings.instance / 'roomful.db'}",
        public_url=settings.public_url,
        media_url=settings.media_url or str(settings.instance / "media"),
        trusted_proxies=settings.trusted_proxies,
        presence=with_chat,
        tombstone_days=settings.tombstone_days,
        webhook_allow=settings.webhook_allow,
        conversation_writes=settings.conversation_writes,
        service_writes=settings.service_writes,
        application_events=EVENTS if with_chat else frozenset(),  # heard by nobody, they would be kept for ever
    )


def chat_config(settings: Settings) -> ChatConfig:
    """What the settings mean to the chat app."""
    return ChatConfig(
        database_url=settings.database_url or f"sqlite:///{settings.instance / 'chat.db'}",
        auth=settings.auth,
        signup=settings.signup,
        public_url=settings.public_url,
        host=settings.host,
        allowed_hosts=settings.allowed_hosts,
        trusted_proxies=settings.trusted_proxies,
        token_ttl=settings.token_ttl,
    )


def remote_backend(settings: Settings) -> Backend:
    """Twilio's cloud or another Roomful, with the four `TWILIO_*` values."""
    keys = settings.twilio
    if keys is None:
        raise SettingsError("The TWILIO_* values must be set when ROOMFUL_BACKEND is not embedded")
    credentials = Credentials(keys.account_sid, keys.auth_token, keys.api_key_sid, keys.api_key_secret, None)
    if settings.backend == "twilio":
        return Backend("twilio", None, lambda: credentials, None, {})
    parts = urlsplit(settings.backend)
    scheme = "wss" if parts.scheme == "https" else "ws"
    sdk = {"twilsock": {"uri": f"{scheme}://{parts.netloc}{_SOCKET_PATH}"}}
    return Backend("roomful", settings.backend, lambda: credentials, None, sdk)


def _embedded_sdk() -> dict[str, object]:
    return {"twilsock": {"uri": _SOCKET_PATH}}  # a path: the page resolves it against its own origin


def _chat_credentials(keys: InstanceCredentials) -> Credentials:
    return Credentials(keys.account_sid, keys.auth_token, keys.api_key_sid, keys.api_key_secret, keys.service_sid)


# --- for commands --------------------------------------------------------------------------------------------------


def flask_app() -> Flask:
    """The Flask application for `FLASK_APP=roomful.serve:flask_app`: what `flask chatrooms …` and the like run in.

    The backend is opened or found with its first use, and closed with the command.
    """
    configure_logging(logging.WARNING)
    try:
        settings = Settings.load()
        Instance(settings.instance).make()  # the chat app keeps its database there
    except (SettingsError, InstanceError) as error:
        click.echo(f"Error: {error}", err=True)
        raise SystemExit(1) from None  # Flask would print any other exception with its traceback
    _keep_what_is_loaded()
    return create_app(chat_config(settings), command_backend(settings))


def _keep_what_is_loaded() -> None:
    """What there is by now lives as long as the process: no collection needs to look through it, nor the last one."""
    gc.freeze()
    gc.enable()


def command_backend(settings: Settings) -> Backend:
    """The backend as a command sees it."""
    if settings.backend != "embedded":
        return remote_backend(settings)
    client = InstanceClient(Instance(settings.instance), lambda: service_config(settings), settings.public_url)
    context = click.get_current_context(silent=True)
    if context is not None:  # a script has none: what it did is on disk, and the lock goes with its process
        context.find_root().call_on_close(client.close)
    return Backend(
        kind="embedded",
        base_url=settings.public_url,
        credentials=lambda: _chat_credentials(client.credentials()),
        http_client=client,
        sdk=_embedded_sdk(),
    )


# --- the server ----------------------------------------------------------------------------------------------------


def serve(settings: Settings, only: Only | None = None, **service_options: Any) -> None:
    """Run a server until SIGTERM or SIGINT, then stop it gracefully.

    service_options: fields of `ServiceConfig` that no setting names, such as `clock`.
    Raises `StartError` or `InstanceError` when it cannot start: one line for the person who can mend it.
    """
    only = _check_parts(settings, only)
    configure_logging(logging.INFO)
    if only != "chat":
        importlib.import_module("roomful.conversations.app")  # before the lock: commands wait while we hold it
    instance = Instance(settings.instance)
    lock = instance.lock_for_server()
    try:
        with _listen(settings.host, settings.port) as listener:
            settings = settings.at_port(listener.getsockname()[1])
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(_ServerProcess(settings, only, instance, lock, listener, service_options).run())
    finally:
        lock.release()


def _check_parts(settings: Settings, only: Only | None) -> Only | None:
    if settings.backend != "embedded":
        if only == "service":
            raise StartError("--only service needs ROOMFUL_BACKEND=embedded: the service is elsewhere now.")
        return "chat"
    if only == "chat":
        raise StartError("--only chat needs ROOMFUL_BACKEND=URL: the chat app must know where its service is.")
    return only


def _listen(host: str, port: int) -> socket.socket:
    """A socket that listens at `host` and `port`; port 0 lets the system choose."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError:
        raise StartError(f"HOST={host}: this machine does not know that name; use 127.0.0.1 or 0.0.0.0.") from None
    # `localhost` is both 127.0.0.1 and ::1: browsers fall back to the former, older tools know nothing else.
    family, kind, protocol, _, address = min(found, key=lambda info: info[0] != socket.AF_INET)
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(_BACKLOG)
        listener.setblocking(False)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise StartError(f"Port {port} is already in use; stop what listens there, or set PORT.") from None
        raise StartError(f"Cannot listen on {host}, port {port}: {error.strerror}.") from None
    return listener


class _ServerProcess:
    """One life of a server: open the parts, serve, close them in the opposite order."""

    def __init__(
        self,
        settings: Settings,
        only: Only | None,
        instance: Instance,
        lock: InstanceLock,
        listener: socket.socket,
        service_options: dict[str, Any],
    ) -> None:
        self._settings = settings
        self._only = only
        self._instance = instance
        self._lock = lock
        self._listener = listener
        self._service_options = service_options
        self._server: _Server | None = None
        self._stopping = False

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        for signum in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(signum, self._stop)
        service = None if self._only == "chat" else await self._open_service()
        flask: FlaskSeam | None = None
        reconciler: Reconciler | None = None
        trying = asyncio.create_task(_try_media(service))
        try:
            if self._only != "service":
                chat = await self._create_chat(service)
                flask, reconciler = FlaskSeam(chat.wsgi_app, LARGE_BODIES), create_reconciler(chat)
                reconciler.start()
                if service is not None:
                    service.deliver(hook_receiver(chat))
            elif service is not None:
                service.deliver()
            if not self._stopping:
                await self._serve(service, flask)
        finally:
            trying.cancel()
            if reconciler is not None:
                await asyncio.to_thread(reconciler.close)
            if flask is not None:
                await asyncio.to_thread(flask.close)
            if service is not None:
                await service.close()

    async def _open_service(self) -> "Service":
        from roomful.conversations.app import Service

        try:
            config = service_config(self._settings, with_chat=self._only != "service")
            service = await Service.open(replace(config, **self._service_options))
        except OPEN_FAILURES as error:
            raise StartError(describe_failure(error)) from error
        self._instance.export_credentials(credentials_of(service))
        return service

    async def _create_chat(self, service: "Service | None") -> Flask:
        """Made in a thread: it opens its database, and may ask the service, which answers on this loop."""
        if service is None:
            backend = remote_backend(self._settings)
        else:
            keys = _chat_credentials(credentials_of(service))
            base_url = self._settings.public_url
            client = InProcessClient(service.asgi, asyncio.get_running_loop(), base_url)
            backend = Backend("embedded", base_url, lambda: keys, client, _embedded_sdk())
        try:
            app = await asyncio.to_thread(create_app, chat_config(self._settings), backend)
            await asyncio.to_thread(open_database, app)
            return app
        except StoreError as error:
            raise StartError(str(error)) from error
        except OPEN_FAILURES as error:
            raise StartError(f"Cannot open the chat app: {describe_failure(error)}") from error

    async def _serve(self, service: "Service | None", flask: FlaskSeam | None) -> None:
        pages: Pages | None = None
        if flask is not None:
            pages = Pages(self._settings.web_root, page_origins(self._settings.backend))
            if not await pages.load():
                click.echo("The front end is not built yet: `npm run build` builds it.")
        app = Dispatcher(HostRule(self._settings), service.asgi if service else None, flask, pages)
        config = uvicorn.Config(
            app,
            http=BoundedHeads,
            ws=service.socket_protocol() if service else "none",
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,  # each part decides by TRUSTED_PROXIES which forwarding headers it believes
            server_header=False,
            timeout_keep_alive=_KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=_GRACE_SECONDS,
        )
        self._server = _Server(config, self._announce, self._lock.withdraw)
        _keep_what_is_loaded()
        await self._server.serve([self._listener])

    def _announce(self) -> None:
        if self._stopping:
            return
        self._lock.announce(_local_url(self._settings))
        what = {None: "Roomful", "service": "Roomful's Conversations service", "chat": "Roomful's chat app"}[self._only]
        click.echo(f"{what} is at {self._settings.public_url}")
        click.echo("Press Ctrl+C to stop it.")
        sys.stdout.flush()

    def _stop(self) -> None:
        """A signal: commands must not find this server any more. A second one does not wait for requests at work."""
        self._lock.withdraw()
        if self._server is not None:
            self._server.force_exit = self._stopping
            self._server.should_exit = True
        self._stopping = True


async def _try_media(service: "Service | None") -> None:
    """Say what is wrong with the store of media. Nobody waits for it: without it all works but files."""
    fault = await service.media_fault() if service is not None else None
    if fault is not None:
        click.echo(f"Files cannot be uploaded now: {fault}.", err=True)


def _local_url(settings: Settings) -> str:
    """Where a process on this machine reaches the server, whatever its public URL is."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)  # noqa: S104 - compared, not bound
    return f"http://[{host}]:{settings.port}" if ":" in host else f"http://{host}:{settings.port}"


class _Server(uvicorn.Server):
    """uvicorn's server without its signal handlers, which would end the process by the signal after it stopped."""

    def __init__(self, config: uvicorn.Config, listening: Callable[[], None], closing: Callable[[], None]) -> None:
        super().__init__(config)
        self._listening = listening
        self._closing = closing

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._listening()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._closing()
        await super().shutdown(sockets)
