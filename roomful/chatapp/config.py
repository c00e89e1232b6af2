"""What the chat application is told by whoever starts it."""

from dataclasses import dataclass
from ipaddress import ip_address
from typing import Literal
from urllib.parse import urlsplit

AuthMode = Literal["password", "open"]
SignupMode = Literal["open", "invite", "closed"]


class ConfigError(ValueError):
    """A combination of settings that would be unsafe; the text is one clear line for a person."""


@dataclass(frozen=True)
class ChatConfig:
    """Settings of one chat application.

    database_url: SQLAlchemy URL; on PostgreSQL the tables live in the schema `chat`.
    auth: `password`, or `open`, the tutorial's name-only log-in (loopback only).
    signup: who may make an account in the browser: everybody, the invited, nobody.
    public_url: where people's browsers find the application; its scheme decides whether cookies are Secure.
    host: the address that the server listens on.
    allowed_hosts: further `host` or `host:port` values accepted in the Host header.
    trusted_proxies: addresses or networks whose forwarding headers are believed.
    token_ttl: life of an access token in seconds.
    """

    database_url: str
    auth: AuthMode
    signup: SignupMode
    public_url: str
    host: str
    allowed_hosts: tuple[str, ...]
    trusted_proxies: tuple[str, ...]
    token_ttl: int

    def __post_init__(self) -> None:
        if self.auth == "open" and not self.loopback:
            raise ConfigError("ROOMFUL_AUTH=open works only while HOST and PUBLIC_URL are this machine (loopback)")

    @property
    def loopback(self) -> bool:
        """True while the application can be reached from this machine only, by HOST and by PUBLIC_URL."""
        return is_loopback(self.host) and is_loopback(self.public_host)

    @property
    def public_host(self) -> str:
        """The host name of PUBLIC_URL, in lower case and without a port."""
        return urlsplit(self.public_url).hostname or ""

    @property
    def secure(self) -> bool:
        """True when browsers reach the application over https."""
        return urlsplit(self.public_url).scheme == "https"


def is_loopback(host: str) -> bool:
    """True for `localhost` and for loopback addresses, with or without the brackets of an IPv6 literal."""
    name = host.strip("[]").lower()
    if name == "localhost":
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False
