"""Every setting of an installation: read once from the environment and `.env`, checked, and frozen.

The names are those of `.env.example`. A setting that is present but empty counts as not set. Whatever is wrong is
a `SettingsError` whose text is one line: the variable, what is wrong with it, and what to write instead.
"""

import ipaddress
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from io import StringIO
from pathlib import Path
from typing import Literal, cast
from urllib.parse import SplitResult, urlsplit

from dotenv import dotenv_values
from dotenv.parser import parse_stream

Auth = Literal["password", "open"]
Signup = Literal["open", "invite", "closed"]

_LABEL = r"[a-z0-9]([a-z0-9_-]*[a-z0-9])?"
_HOST_NAME = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(\.{_LABEL})*\.?", re.IGNORECASE)
_DEFAULT_PORTS = {"http": 80, "https": 443}
_MAX_TOKEN_TTL = 86_400  # Twilio's longest access token: 24 hours
_TWILIO_VARIABLES = ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "TWILIO_API_KEY_SID", "TWILIO_API_KEY_SECRET")


class SettingsError(ValueError):
    """A setting is missing or wrong; the text is one line for the person who can mend it."""


@dataclass(frozen=True)
class TwilioCredentials:
    """The four values a Twilio-shaped backend asks for; the two secrets stay out of `repr`."""

    account_sid: str
    """`TWILIO_ACCOUNT_SID`: `AC` and 32 hexadecimal digits."""
    auth_token: str = field(repr=False)
    """`TWILIO_AUTH_TOKEN`: the account's secret, the password of REST calls."""
    api_key_sid: str
    """`TWILIO_API_KEY_SID`: `SK` and 32 hexadecimal digits, the issuer of access tokens."""
    api_key_secret: str = field(repr=False)
    """`TWILIO_API_KEY_SECRET`: what access tokens are signed with."""


@dataclass(frozen=True)
class Settings:
    """What an installation was told. Make one with `Settings.load()`."""

    port: int
    """`PORT` (5000): the TCP port to listen on; 0 lets the system choose one (see `at_port`)."""
    host: str
    """`HOST` (127.0.0.1): the address or name to listen on."""
    public_url: str
    """`PUBLIC_URL` (http://localhost:PORT): the origin people reach, without a trailing slash."""
    allowed_hosts: tuple[str, ...]
    """`ALLOWED_HOSTS` (none): further `host` or `host:port` values a request's Host header may have, in lower case."""
    trusted_proxies: tuple[str, ...]
    """`TRUSTED_PROXIES` (none): addresses and networks whose forwarding headers are believed."""
    instance: Path
    """`ROOMFUL_INSTANCE` (./instance): the folder of the database, media and credentials, as an absolute path."""
    backend: str
    """`ROOMFUL_BACKEND` (embedded): `embedded`, `twilio`, or the origin of another Roomful."""
    database_url: str | None = field(repr=False)
    """`DATABASE_URL` (none): a `postgresql://` URL; None is SQLite in the instance folder. May hold a password."""
    redis_url: str | None = field(repr=False)
    """`REDIS_URL` (none): `redis://` or `rediss://`, the bell between nodes. May hold a password."""
    media_url: str | None
    """`MEDIA_URL` (none): a folder or `s3://` URL all nodes see; None is `media` in the instance folder."""
    auth: Auth
    """`ROOMFUL_AUTH` (password): `open` signs in by name alone, and only on this machine."""
    signup: Signup
    """`ROOMFUL_SIGNUP`: who may make an account; `open` by default on this machine only, else `invite`."""
    token_ttl: int
    """`ROOMFUL_TOKEN_TTL` (900): the life of an access token in seconds, at most 24 hours."""
    tombstone_days: int
    """`ROOMFUL_TOMBSTONE_DAYS` (30): how many days a removed thing can still be replayed to a returning client."""
    conversation_writes: int
    """`ROOMFUL_CONVERSATION_WRITES` (1000): writes in a second that a conversation takes on a server; 0: no limit."""
    service_writes: int
    """`ROOMFUL_SERVICE_WRITES` (1000): the same for making and ending conversations, users and roles of a service."""
    webhook_allow: tuple[str, ...]
    """`WEBHOOK_ALLOW` (none): `host` or `host:port` values that webhooks may call though their address is private."""
    twilio: TwilioCredentials | None
    """The four `TWILIO_*` values; None while the backend is embedded, which does not read them."""
    web_root: Path
    """Where the built front end lies; not a setting but a fact of the installation."""

    @classmethod
    def load(cls, environ: Mapping[str, str] | None = None) -> "Settings":
        """Read the settings from `environ`, or else from the real environment over `.env` in the current folder.

        Raises `SettingsError`.
        """
        if environ is None:
            environ = read_env_file(Path(".env")) | dict(os.environ)
        values = {name: value.strip() for name, value in environ.items() if value.strip()}
        port = _integer(values, "PORT", 5000, 0, 65_535)
        host = _listen_host(values.get("HOST", "127.0.0.1"))
        public_url = _origin(values.get("PUBLIC_URL", f"http://localhost:{port}"), "PUBLIC_URL")
        local = is_loopback_host(host) and is_loopback_host(urlsplit(public_url).hostname or "")
        backend = _backend(values.get("ROOMFUL_BACKEND", "embedded"))
        return cls(
            port=port,
            host=host,
            public_url=public_url,
            allowed_hosts=tuple(_host(item, "ALLOWED_HOSTS") for item in _items(values, "ALLOWED_HOSTS")),
            trusted_proxies=tuple(_network(item) for item in _items(values, "TRUSTED_PROXIES")),
            instance=_instance(values.get("ROOMFUL_INSTANCE", "instance")),
            backend=backend,
            database_url=_database_url(values.get("DATABASE_URL")),
            redis_url=_redis_url(values),
            media_url=_media_url(values.get("MEDIA_URL")),
            auth=cast(Auth, _local_choice(values, "ROOMFUL_AUTH", ("password", "open"), "password", local)),
            signup=cast(Signup, _signup(values, local)),
            token_ttl=_integer(values, "ROOMFUL_TOKEN_TTL", 900, 1, _MAX_TOKEN_TTL),
            tombstone_days=_integer(values, "ROOMFUL_TOMBSTONE_DAYS", 30, 1, 3650),
            conversation_writes=_integer(values, "ROOMFUL_CONVERSATION_WRITES", 1000, 0, 1_000_000),
            service_writes=_integer(values, "ROOMFUL_SERVICE_WRITES", 1000, 0, 1_000_000),
            webhook_allow=tuple(_host(item, "WEBHOOK_ALLOW") for item in _items(values, "WEBHOOK_ALLOW")),
            twilio=None if backend == "embedded" else _twilio(values),
            web_root=Path(__file__).parent.parent / "web" / "dist",
        )

    @property
    def is_local(self) -> bool:
        """Whether both `HOST` and `PUBLIC_URL` are loopback: what the conveniences of a private machine hang on."""
        return is_loopback_host(self.host) and is_loopback_host(urlsplit(self.public_url).hostname or "")

    def at_port(self, port: int) -> "Settings":
        """These settings once the system has chosen `port` for `PORT=0`; a `PUBLIC_URL` that was given stays."""
        public_url = f"http://localhost:{port}" if self.public_url == "http://localhost:0" else self.public_url
        return replace(self, port=port, public_url=public_url)


def is_loopback_host(host: str) -> bool:
    """Whether `host` (a name or an address, without port or brackets) can only be this machine."""
    name = host.lower().rstrip(".")
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def read_env_file(path: Path) -> dict[str, str]:
    """The variables of a `.env` file; none when there is no such file.

    python-dotenv skips a line that it cannot read; a setting lost that way could open a server, so here it is a
    `SettingsError`, as is a file that cannot be read.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except UnicodeDecodeError:
        raise SettingsError(f"{path}: is not UTF-8 text; save it as UTF-8") from None
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read ({error.strerror}); mend it or move it away") from None
    for binding in parse_stream(StringIO(text)):
        line = binding.original.line + _leading_blank_lines(binding.original.string)
        if binding.error:
            raise SettingsError(f"{path}, line {line}: cannot be understood; write NAME=value")
        if binding.key is not None and binding.value is None:
            raise SettingsError(f"{path}, line {line}: {binding.key} has no value; write {binding.key}=value")
    return {name: value for name, value in dotenv_values(stream=StringIO(text)).items() if value is not None}


def _leading_blank_lines(statement: str) -> int:
    """A statement begins where the one before ended, so blank lines above it belong to its text."""
    return statement[: len(statement) - len(statement.lstrip())].count("\n")


def _items(values: Mapping[str, str], name: str) -> list[str]:
    return [item.strip() for item in values.get(name, "").split(",") if item.strip()]


def _integer(values: Mapping[str, str], name: str, default: int, low: int, high: int) -> int:
    text = values.get(name)
    if text is None:
        return default
    if not re.fullmatch(r"[0-9]{1,9}", text) or not low <= int(text) <= high:
        raise SettingsError(f"{name}={text}: must be a whole number from {low} to {high}, such as {default}")
    return int(text)


def _choice(values: Mapping[str, str], name: str, choices: tuple[str, ...], default: str) -> str:
    text = values.get(name, default).lower()
    if text not in choices:
        raise SettingsError(f"{name}={text}: must be one of {', '.join(choices)}")
    return text


def _local_choice(values: Mapping[str, str], name: str, choices: tuple[str, ...], default: str, local: bool) -> str:
    """Like `_choice`, but `open` is refused where people on other machines could use it."""
    text = _choice(values, name, choices, default)
    if text == "open" and not local:
        others = ", ".join(choice for choice in choices if choice != "open")
        raise SettingsError(
            f"{name}=open: holds only while HOST and PUBLIC_URL are this machine (127.0.0.1, localhost); use {others}"
        )
    return text


def _signup(values: Mapping[str, str], local: bool) -> str:
    return _local_choice(values, "ROOMFUL_SIGNUP", ("open", "invite", "closed"), "open" if local else "invite", local)


def _listen_host(text: str) -> str:
    host = text[1:-1] if text.startswith("[") and text.endswith("]") else text
    if not _is_host(host):
        raise SettingsError(f"HOST={text}: must be an address or a name to listen on, such as 127.0.0.1 or 0.0.0.0")
    return host


def _is_host(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return _HOST_NAME.fullmatch(text) is not None
    return True


def _split_url(text: str) -> tuple[SplitResult, int | None] | None:
    """The parts of a URL and its port; None when it is none (`urlsplit` finds a bad port only when asked for it)."""
    try:
        parts = urlsplit(text)
        return parts, parts.port
    except ValueError:
        return None


def _origin(text: str, name: str) -> str:
    """`scheme://host[:port]` in lower case and without a port that goes without saying."""
    split = _split_url(text)
    if split is None or split[0].scheme not in _DEFAULT_PORTS or not _is_host(split[0].hostname or ""):
        raise SettingsError(f"{name}={text}: must be an http:// or https:// URL, such as https://chat.example.org")
    parts, port = split
    if parts.username or parts.password or parts.path not in ("", "/") or parts.query or parts.fragment:
        raise SettingsError(f"{name}: must have nothing but scheme, host and port, such as https://chat.example.org")
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{host}" + ("" if port in (None, _DEFAULT_PORTS[parts.scheme]) else f":{port}")


def _host(text: str, name: str) -> str:
    split = _split_url(f"//{text}")
    if split is None or split[0].netloc != text or "@" in text or not _is_host(split[0].hostname or ""):
        raise SettingsError(f"{name}: {text} must be a host or host:port, such as chat.example.org")
    return text.lower()


def _network(text: str) -> str:
    try:
        if "/" in text:
            return str(ipaddress.ip_network(text))
        return str(ipaddress.ip_address(text))
    except ValueError:
        raise SettingsError(f"TRUSTED_PROXIES: {text} must be an address or a network, such as 10.0.0.0/8") from None


def _instance(text: str) -> Path:
    path = Path(text).expanduser().absolute()
    if path.exists() and not path.is_dir():
        raise SettingsError(f"ROOMFUL_INSTANCE={text}: is not a folder; name one that exists or can be made")
    return path


def _backend(text: str) -> str:
    if text in ("embedded", "twilio"):
        return text
    if "://" not in text:
        raise SettingsError(f"ROOMFUL_BACKEND={text}: must be embedded, twilio, or the URL of another Roomful")
    return _origin(text, "ROOMFUL_BACKEND")


def _database_url(text: str | None) -> str | None:
    """The URL with the scheme `postgresql`; hosted databases often still call it `postgres`."""
    if text is None:
        return None
    scheme, separator, rest = text.partition("://")
    if scheme not in ("postgresql", "postgres") or not separator or _split_url(text) is None:
        raise SettingsError(
            "DATABASE_URL: must be postgresql://USER:PASSWORD@HOST/NAME; leave it out for SQLite in ROOMFUL_INSTANCE"
        )
    return f"postgresql://{rest}"


def _redis_url(values: Mapping[str, str]) -> str | None:
    text = values.get("REDIS_URL")
    if text is None:
        return None
    split = _split_url(text)
    if split is None or split[0].scheme not in ("redis", "rediss") or not split[0].hostname:
        raise SettingsError("REDIS_URL: must be redis://HOST:PORT or rediss://HOST:PORT")
    if "DATABASE_URL" not in values:
        raise SettingsError("REDIS_URL: joins several nodes, which share a database; set DATABASE_URL too")
    return text


def _media_url(text: str | None) -> str | None:
    if text is None or text.startswith("/") or re.match(r"s3://[^/]+|file:///", text):
        return text
    raise SettingsError(f"MEDIA_URL={text}: must be the absolute path of a folder, or s3://BUCKET")


def _twilio(values: Mapping[str, str]) -> TwilioCredentials:
    missing = [name for name in _TWILIO_VARIABLES if name not in values]
    if missing:
        raise SettingsError(f"{', '.join(missing)}: must be set too when ROOMFUL_BACKEND is not embedded")
    for name, prefix in (("TWILIO_ACCOUNT_SID", "AC"), ("TWILIO_API_KEY_SID", "SK")):
        if not re.fullmatch(prefix + "[0-9a-f]{32}", values[name]):
            raise SettingsError(f"{name}={values[name]}: must be {prefix} and 32 hexadecimal digits")
    return TwilioCredentials(*(values[name] for name in _TWILIO_VARIABLES))
