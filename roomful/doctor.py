"""`roomful doctor`: what this installation talks to, what is wrong with it, and how to mend it. Shows no secret."""

import asyncio
import os
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from twilio.base.exceptions import TwilioException
from twilio.rest import Client

from roomful.chatapp.backend import Backend, BackendUnavailable, Connection, Credentials
from roomful.chatapp.setup import make_plan
from roomful.chatapp.wire import GuardedHttpClient
from roomful.instance import Instance
from roomful.serve import command_backend
from roomful.settings import Settings


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    about: str
    told: str
    fix: str | None = None
    """What to do; None when nothing is wrong."""

    def line(self) -> str:
        """For a person at a terminal."""
        mark, fix = ("ok", "") if self.fix is None else ("WRONG", f" -> {self.fix}")
        return f"{mark:<6} {self.about:<10} {self.told}{fix}"


def examine(settings: Settings) -> Iterator[Finding]:
    """Look at everything that a server needs, in the order in which it needs it."""
    instance = Instance(settings.instance)
    yield Finding("backend", _describe_backend(settings))
    folder = _examine_folder(instance)
    yield folder
    if folder.fix is None:
        running = instance.is_locked()
        yield _examine_server(instance, settings, running)
        yield from _examine_files(instance, settings)
        if settings.backend == "embedded":
            yield _examine_media(instance, settings)
        if settings.backend != "embedded" or running or _has_database(settings):
            yield from _examine_service(settings)
        else:
            yield Finding("service", "not made yet; the first start makes it")
    yield _examine_front_end(settings)


def _describe_backend(settings: Settings) -> str:
    if settings.backend == "twilio":
        return "Twilio's cloud"
    if settings.backend == "embedded":
        return f"the embedded Conversations service, at {settings.public_url}"
    return f"the Conversations service at {settings.backend}"


def _examine_folder(instance: Instance) -> Finding:
    folder = instance.folder
    existing = next((path for path in (folder, *folder.parents) if path.exists()), Path("/"))
    if not existing.is_dir():
        return Finding("instance", f"{existing} is not a folder", "set ROOMFUL_INSTANCE to one that can be made")
    if not os.access(existing, os.W_OK | os.X_OK):
        return Finding("instance", f"{existing} cannot be written to", "change its owner, or set ROOMFUL_INSTANCE")
    if existing != folder:
        return Finding("instance", f"{folder}; the first start makes it")
    if folder.stat().st_mode & 0o077:
        return Finding("instance", f"{folder} can be read by other users", f"chmod 700 {folder}")
    return Finding("instance", str(folder))


def _examine_server(instance: Instance, settings: Settings, running: bool) -> Finding:
    """Who holds the instance's lock; else whether the port is free for a server."""
    if running:
        holder = instance.holder()
        at = f" at {holder.url}" if holder is not None and holder.url else ""
        return Finding("server", f"{instance.describe_holder(holder)} holds this instance{at}")
    if settings.port == 0:
        return Finding("server", "not running; PORT=0 lets the system choose a port")
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)  # noqa: S104 - compared, not bound
    try:
        socket.create_connection((host, settings.port), timeout=2).close()
    except OSError:
        return Finding("server", f"not running; port {settings.port} is free")
    told = f"not running, and another program listens on port {settings.port}"
    return Finding("server", told, "stop that program, or set PORT")


def _examine_files(instance: Instance, settings: Settings) -> Iterator[Finding]:
    keys = instance.folder / "credentials.json"
    if keys.exists() and keys.stat().st_mode & 0o077:
        yield Finding("keys", f"{keys} can be read by other users", f"chmod 600 {keys}")
    if settings.database_url is not None:
        yield Finding("database", "PostgreSQL, from DATABASE_URL")
        return
    names = ("chat.db",) if settings.backend != "embedded" else ("roomful.db", "chat.db")
    for path in (instance.folder / name for name in names):
        if path.exists() and not os.access(path, os.R_OK | os.W_OK):
            yield Finding("database", f"{path} cannot be written to", "change its owner")
        else:
            yield Finding("database", str(path) if path.exists() else f"{path}; the first start makes it")


def _examine_media(instance: Instance, settings: Settings) -> Finding:
    url = settings.media_url or str(instance.folder / "media")
    if url.startswith("s3://"):
        return _examine_objects(url)
    folder = Path(url.removeprefix("file://"))
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    if not existing.is_dir():
        return Finding("media", f"{existing} is not a folder", "set MEDIA_URL to one that can be made")
    if not os.access(existing, os.W_OK | os.X_OK):
        return Finding("media", f"{existing} cannot be written to", "change its owner, or set MEDIA_URL")
    return Finding("media", str(folder) if existing == folder else f"{folder}; the first start makes it")


def _examine_objects(url: str) -> Finding:
    """The object store, tried as a server tries it at its start."""
    from roomful.conversations.media.objects import ObjectStore  # not at the top: only who uses it needs its library
    from roomful.conversations.media.store import MediaStoreError

    try:
        fault = asyncio.run(ObjectStore(url).fault())
    except MediaStoreError as error:
        fault = f"{error}; check MEDIA_URL and the AWS_* variables"
    if fault is None:
        return Finding("media", f"{url}, from MEDIA_URL; files can be written and removed")
    told, _, fix = fault.partition("; ")
    return Finding("media", told, fix)


def _has_database(settings: Settings) -> bool:
    return settings.database_url is not None or (settings.instance / "roomful.db").exists()


def _examine_service(settings: Settings) -> Iterator[Finding]:
    """Ask the service itself, with the credentials that the chat app would use."""
    backend = command_backend(settings)
    keys_are = "the TWILIO_* values" if settings.backend != "embedded" else "credentials.json"
    try:
        connection = Connection(backend)
        credentials = connection.credentials
        yield Finding("service", f"answers; account {credentials.account_sid}, service {connection.service_sid}")
        yield _examine_key(backend, credentials, keys_are)
        yield from _examine_setup(connection, settings)
    except BackendUnavailable as error:
        yield Finding("service", _one_line(error), f"see that it runs, and check {keys_are}")


def _examine_key(backend: Backend, credentials: Credentials, keys_are: str) -> Finding:
    """The API key signs the browsers' tokens: a wrong one shows only there, so try it here."""
    http_client = GuardedHttpClient(backend.http_client, backend.base_url)
    key, secret, account = credentials.api_key_sid, credentials.api_key_secret, credentials.account_sid
    client = Client(key, secret, account, http_client=http_client)
    if backend.base_url is not None:
        client.conversations.base_url = backend.base_url
    try:
        client.conversations.v1.configuration().fetch()
    except TwilioException as error:
        return Finding("API key", f"{key} is refused ({_one_line(error)})", f"check {keys_are}")
    return Finding("API key", key)


def _examine_setup(connection: Connection, settings: Settings) -> Iterator[Finding]:
    """What the chat app wants of its service: the role of people in the browser, perhaps presence, and to hear."""
    plan = make_plan(connection, settings.public_url)
    for line in plan.found:
        yield Finding("set-up", line)
    for step in plan.steps:
        if step.optional:
            yield Finding("set-up", f"off: {step.text}; `flask chat setup` switches it on")
        else:
            yield Finding("set-up", f"missing: {step.text}", "flask chat setup")
    for note in plan.notes:
        yield Finding("set-up", note)


def _examine_front_end(settings: Settings) -> Finding:
    if (settings.web_root / "index.html").exists():
        return Finding("front end", str(settings.web_root))
    return Finding("front end", "not built", "npm run build")


def _one_line(error: Exception) -> str:
    """What an exception says, without the colours that the library adds for terminals."""
    told = getattr(error, "msg", None) or str(error)
    return " ".join(str(told).split())
