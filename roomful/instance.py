"""The instance folder: who may write in it, where its server answers, and with which credentials.

One process at a time holds `flock(instance/lock)`, for as long as it lives: the kernel lets go of it however the
process ends, so there is no lock to clean up after a crash. Beside it `server.json` says who the holder is. The file is
a hint, not a right: without a held lock it is a leftover and is ignored, and whoever follows its URL first makes the
other side prove that it knows the credentials of this instance (`roomful.doors`).
"""

import fcntl
import json
import os
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast

Kind = Literal["server", "command"]

WAIT_SECONDS = 10.0
"""How long one process waits for another that is starting, stopping, or doing a command."""

POLL_SECONDS = 0.05

_CREDENTIAL_NAMES = ("account_sid", "auth_token", "api_key_sid", "api_key_secret", "service_sid")


class InstanceError(Exception):
    """The instance folder cannot be used; the text is one line for the person who can mend it."""


@dataclass(frozen=True)
class Holder:
    """Who holds the lock of an instance, as `server.json` tells it."""

    kind: Kind
    """A `server` answers at `url`; a `command` uses the database by itself for a moment."""
    url: str | None
    pid: int


@dataclass(frozen=True)
class InstanceCredentials:
    """What `credentials.json` holds: the keys that the first start created (design §8)."""

    account_sid: str
    auth_token: str
    api_key_sid: str
    api_key_secret: str
    service_sid: str


class Instance:
    """The folder of one installation: its database, media, lock and credentials."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock_path = folder / "lock"
        self._server_path = folder / "server.json"
        self._credentials_path = folder / "credentials.json"

    def make(self) -> None:
        """Create the folder (mode 700) unless it is there. Raises `InstanceError` when it cannot be written to."""
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise self._unwritable(error) from error
        if not os.access(self.folder, os.W_OK | os.X_OK):
            raise InstanceError(f"Cannot write in {self.folder}; change its owner or set ROOMFUL_INSTANCE.")

    def try_lock(self, kind: Kind) -> "InstanceLock | None":
        """Take the lock if it is free, or return None. Raises `InstanceError` when the folder cannot be used."""
        self.make()
        try:
            descriptor = os.open(self._lock_path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise self._unwritable(error) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        except OSError as error:
            os.close(descriptor)
            raise InstanceError(f"Cannot lock {self._lock_path}: {error.strerror}.") from error
        return InstanceLock(self._server_path, descriptor, kind)

    def lock_for_server(self, wait: float = WAIT_SECONDS) -> "InstanceLock":
        """Take the lock for a server, waiting up to `wait` seconds for a command or a server that starts or stops.

        Raises `InstanceError`, at once when another server already answers for this instance.
        """
        deadline = time.monotonic() + wait
        while (lock := self.try_lock("server")) is None:
            holder = self.holder()
            if holder is not None and holder.kind == "server":
                raise InstanceError(
                    f"Roomful already runs at {holder.url} (pid {holder.pid}) on {self.folder}; "
                    "stop it, or give this one its own ROOMFUL_INSTANCE and PORT."
                )
            if time.monotonic() >= deadline:
                raise InstanceError(f"{self.describe_holder(holder)} keeps {self.folder} locked; let it end first.")
            time.sleep(POLL_SECONDS)
        return lock

    def is_locked(self) -> bool:
        """Whether some process holds the lock now. Leaves no trace in the folder."""
        try:
            descriptor = os.open(self._lock_path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(descriptor)
        return False

    def holder(self) -> Holder | None:
        """What `server.json` says, or None when there is no such file. Only meaningful while the lock is held."""
        told = _read_object(self._server_path)
        try:
            return Holder(cast(Kind, told["kind"]), cast("str | None", told["url"]), cast(int, told["pid"]))
        except KeyError:
            return None

    def describe_holder(self, holder: Holder | None) -> str:
        """The holder in words that begin a sentence."""
        if holder is None:
            return "Another process"
        return f"A {holder.kind} (pid {holder.pid})"

    def credentials(self) -> InstanceCredentials | None:
        """What `credentials.json` holds, or None before the first start."""
        told = _read_object(self._credentials_path)
        try:
            return InstanceCredentials(*(str(told[name]) for name in _CREDENTIAL_NAMES))
        except KeyError:
            return None

    def export_credentials(self, credentials: InstanceCredentials) -> None:
        """Write `credentials.json` (mode 600) unless it already says so. Raises `InstanceError`."""
        if self.credentials() == credentials:
            return
        try:
            _write_object(
                self._credentials_path, {name: getattr(credentials, name) for name in _CREDENTIAL_NAMES}, durable=True
            )
        except OSError as error:
            raise self._unwritable(error) from error

    def _unwritable(self, error: OSError) -> InstanceError:
        reason = error.strerror or str(error)
        return InstanceError(f"Cannot write in {self.folder} ({reason}); change its owner or set ROOMFUL_INSTANCE.")


class InstanceLock:
    """The held lock of an instance. Made by `Instance`; `release` it, or end the process."""

    def __init__(self, server_path: Path, descriptor: int, kind: Kind) -> None:
        self._server_path = server_path
        self._descriptor = descriptor
        self._kind: Kind = kind
        self.withdraw()  # what a killed holder left behind must not pass for ours
        if kind == "command":
            self._write(None)

    def announce(self, url: str) -> None:
        """Say in `server.json` that this server answers at `url`. Call it when the port does."""
        self._write(url)

    def withdraw(self) -> None:
        """Remove `server.json`. Call it before the port stops answering; may be called more than once."""
        if self._descriptor >= 0:  # afterwards the file is another's
            self._server_path.unlink(missing_ok=True)

    def release(self) -> None:
        """Let go of the lock; may be called more than once."""
        if self._descriptor >= 0:
            self.withdraw()
            os.close(self._descriptor)
            self._descriptor = -1

    def _write(self, url: str | None) -> None:
        _write_object(self._server_path, {"kind": self._kind, "url": url, "pid": os.getpid()})


def _read_object(path: Path) -> dict[str, object]:
    """The JSON object in a file of ours; empty when there is none."""
    try:
        told = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}


def _write_object(path: Path, content: Mapping[str, object], *, durable: bool = False) -> None:
    """Replace a file of ours (mode 600) in one step, so that no reader meets half of it."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    with suppress(FileNotFoundError):
        temporary.unlink()
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(content, file, indent=2)
        file.write("\n")
        if durable:
            file.flush()
            os.fsync(file.fileno())
    temporary.replace(path)
