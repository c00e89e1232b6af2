"""The Conversations service put together: store, rules, REST and the socket, on the running event loop."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from starlette.applications import Starlette
from starlette.exceptions import HTTPException

from .bus import LocalBus
from .core import errors
from .core.errors import ServiceError
from .core.installation import Install, Installation
from .core.messages import SendMessage
from .core.model import Message
from .core.outbox import CallOutbox
from .core.perform import Performer
from .core.ports import Actor, Clock, Command, Reads
from .hooks.client import WebhookClient
from .hooks.delivery import DeliveryWorker
from .hooks.hearing import Application
from .hooks.prehooks import PreHooks
from .hooks.targets import TargetPolicy
from .hub import Hub
from .ids import Sids, now
from .media.http import MediaHttp
from .media.links import SignedLinks
from .media.made import send_content
from .media.store import MediaStore, MediaStoreError, open_media_store
from .media.sweeper import Sweeper
from .presence import PresenceWorker
from .rates import Rates
from .rest.answers import http_error
from .rest.endpoint import Gate
from .rest.origin import Origins
from .rest.routes import routes
from .store.store import Store, StoreError
from .sync.requests import Backend, Links
from .sync.socket import socket_protocol
from .timers import run_timers

T = TypeVar("T")
_INSTALL_ATTEMPTS = 5


class OpenError(OSError):
    """The service cannot be opened; the text is one line for the person who starts it."""


@dataclass(frozen=True)
class Credentials:
    """What the service made at its first start; the two secrets stay out of `repr`."""

    account_sid: str
    auth_token: str = field(repr=False)
    api_key_sid: str
    api_key_secret: str = field(repr=False)
    service_sid: str


@dataclass(frozen=True)
class ServiceConfig:
    """What the service must be told."""

    database_url: str = field(repr=False)
    """`sqlite:////absolute/path` or `postgresql://…`."""
    public_url: str
    """The origin in every URL that the service gives out, without a trailing slash."""
    media_url: str
    """Where media are: the absolute path of a folder, or `s3://bucket/prefix`."""
    trusted_proxies: tuple[str, ...] = ()
    """Addresses and networks whose forwarding headers are believed."""
    presence: bool = False
    """Whether a new installation shows who is online (`ReachabilityEnabled`, which can be changed later)."""
    tombstone_days: int = 30
    """How long a removal can be replayed to a client that was away."""
    clock: Clock = now
    webhook_allow: tuple[str, ...] = ()
    """`host` or `host:port` values that webhooks may call though their address is private."""
    conversation_writes: int = 0
    service_writes: int = 0
    """How many writes in a second a conversation, and a service, takes on this server; 0: any number."""
    application_events: frozenset[str] = frozenset()
    """The post-event webhooks that an application in this process hears of, whatever is configured."""


class Service:
    """An open Conversations service. Make one with `open`."""

    def __init__(
        self,
        store: Store,
        bus: LocalBus,
        hub: Hub,
        installation: Installation,
        config: ServiceConfig,
        media: MediaStore,
    ) -> None:
        self._store = store
        self._hub = hub
        self._media = media
        account, api_key = installation.account, installation.api_key
        self.credentials = Credentials(
            account.sid, account.auth_token, api_key.sid, api_key.secret, installation.service.sid
        )
        policy = TargetPolicy(config.webhook_allow)
        gate = Gate(self, Origins(lambda: config.public_url, config.trusted_proxies), policy)
        links = SignedLinks(lambda: account.auth_token, config.clock)
        self.asgi = Starlette(
            routes=[*MediaHttp(gate, media, links, config.clock).routes(), *routes(gate)],
            exception_handlers={HTTPException: http_error},
        )
        self.asgi.router.redirect_slashes = False
        self._closing = False
        alone = config.database_url.startswith("sqlite")  # one process writes it: whoever wrote before is gone
        self._webhooks = WebhookClient(account.auth_token, policy)
        self._prehooks = PreHooks(store.reads, self._webhooks)
        self._performer = Performer(store.writer, self._prehooks)
        self._rates = Rates(config.clock, config.conversation_writes, config.service_writes)
        self._delivery = DeliveryWorker(store.reads, self.perform, self._webhooks, config.clock, alone=alone)
        bus.listen(self._prehooks.heard)
        bus.listen(self._delivery.heard)
        self._presence = PresenceWorker(self, self.perform, config.clock, alone=alone)
        hub.attach(Backend(self, self.perform, Links(config.public_url), hub.typing, self.send_content, self._presence))
        self._presence.start()
        self._sweeper = Sweeper(self, self.perform, media, config.clock)
        bus.listen(self._sweeper.heard)
        self._sweeper.start()
        self._timers = asyncio.get_running_loop().create_task(run_timers(store.reads, self._performer, config.clock))

    @classmethod
    async def open(cls, config: ServiceConfig) -> Service:
        """Open the store and, at the first start, make what an installation needs. Raises `OpenError`."""
        hub = Hub(config.clock)
        bus = LocalBus(hub.deliver)
        try:
            store = Store.open(
                config.database_url,
                clock=config.clock,
                sids=Sids(config.clock),
                bus=bus,
                tombstone_days=config.tombstone_days,
                outbox=CallOutbox(config.application_events),
            )
        except StoreError as error:
            raise OpenError(str(error)) from error
        try:
            installation = await _install(Performer(store.writer), config)
            media = open_media_store(config.media_url, installation.account.sid)
            return cls(store, bus, hub, installation, config, media)
        except MediaStoreError as error:
            await store.close()
            raise OpenError(str(error)) from error
        except BaseException:
            await store.close()
            raise

    async def perform(self, actor: Actor, command: Command[T]) -> T:
        """Carry a command out; its result once it is on disk. Raises `ServiceError`."""
        self._rates.count(actor, command)
        return await self._performer.perform(actor, command)

    async def read(self, query: Callable[[Reads], T]) -> T:
        """Run `query` on a reader thread, over one snapshot. Raises `ServiceError` (503) when the service closes."""
        if self._closing:
            raise errors.closing()
        return await self._store.reads.read(query)

    async def send_content(self, actor: Actor, command: SendMessage, variables: str | None) -> Message:
        """See `media.made.send_content`."""
        return await send_content(self, self._media, actor, command, variables)

    async def media_fault(self) -> str | None:
        """What is wrong with the store of media and what to do, in a line; None if nothing is."""
        return await self._media.fault()

    def deliver(self, application: Application | None = None) -> None:
        """Begin to deliver webhooks, and go on until `close`; once, by a server that runs.

        application: hears of `ServiceConfig.application_events`, on a thread of its own. What it has not heard when it
        raises, or when the server ends, is told again.
        """
        self._delivery.start(application)

    async def close(self) -> None:
        """End the connections, refuse what is new, finish what waits, and close the store."""
        await self._presence.close()  # first: nobody goes offline because we close
        delivery = asyncio.create_task(self._delivery.close())  # calls that are being made may take their time
        await self._sweeper.close()
        self._timers.cancel()
        await asyncio.gather(self._timers, return_exceptions=True)
        await self._hub.close()
        await self._prehooks.close()
        await delivery
        self._closing = True  # not before: a connection whose reading was refused would end by 1011, not 1001
        await self._store.close()
        await self._webhooks.close()

    def socket_protocol(self) -> type[asyncio.Protocol]:
        """What uvicorn hands an upgraded connection to."""
        return socket_protocol(self._hub)


async def _install(performer: Performer, config: ServiceConfig) -> Installation:
    """The installation, made at the first start; nodes that start at once find the same one."""
    for _ in range(_INSTALL_ATTEMPTS):
        try:
            return await performer.perform(
                Actor(""), Install(secrets.token_hex(16), secrets.token_hex(32), config.presence)
            )
        except ServiceError as error:
            if error.status != 409:
                raise OpenError(f"the first start failed: {error.message}") from error
    raise OpenError("another node is making the installation and does not finish; start again in a moment")
