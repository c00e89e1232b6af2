"""Real servers for the tests: Roomful's own in a process of its own, and a private PostgreSQL.

Nothing here sleeps for a guessed time: `wait_for` polls a condition up to a limit.
"""

import http.client
import json
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

import jwt
import psycopg
from psycopg import sql
from twilio.rest import Client

T = TypeVar("T")

# What an installation listens to: a developer's own environment must not change a test.
_OUR_VARIABLES = (
    *("PORT", "HOST", "PUBLIC_URL", "ALLOWED_HOSTS", "TRUSTED_PROXIES"),
    *("DATABASE_URL", "REDIS_URL", "MEDIA_URL", "FLASK_APP", "FLASK_RUN_PORT"),
)


def wait_for(condition: Callable[[], T | None], timeout: float = 10.0, what: str = "the condition") -> T:
    """Call `condition` until it answers something true, and return that; fail after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {timeout:g} s for {what}")
        time.sleep(0.02)


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nothing listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def clean_environment(**env: str) -> dict[str, str]:
    """The environment of this process without any setting of Roomful or Twilio, and with `env`."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in _OUR_VARIABLES and not name.startswith(("ROOMFUL_", "TWILIO_"))
    }
    return kept | {"PYTHONUNBUFFERED": "1"} | env


class Server:
    """`roomful serve` in a process of its own, on 127.0.0.1 and a port of its own.

    It runs in a folder without `.env`, so that only `env` sets it. `restart()` keeps port and instance.
    """

    def __init__(self, folder: Path, *arguments: str, **env: str) -> None:
        self.folder = folder
        self.arguments = arguments
        self.env = {"PORT": "0", "HOST": "127.0.0.1", "ROOMFUL_INSTANCE": str(folder / "instance")} | env
        self.instance = Path(self.env["ROOMFUL_INSTANCE"])
        self.log_path = folder / "server.log"
        self.url = ""
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        return self._running().pid

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    @property
    def credentials(self) -> dict[str, str]:
        """What `credentials.json` of the instance holds: account_sid, auth_token, api_key_sid, …"""
        loaded = json.loads((self.instance / "credentials.json").read_text())
        return {str(name): str(value) for name, value in loaded.items()}

    @property
    def log(self) -> str:
        """All that the server has written to its standard output and error."""
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def launch(self) -> subprocess.Popen[bytes]:
        """Start the process and do not wait for it to answer: for tests of what happens at the start."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with self.log_path.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "roomful.cli", "serve", *self.arguments],
                cwd=self.folder,
                env=clean_environment(**self.env),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        return self._process

    def start(self, timeout: float = 30.0) -> "Server":
        """Start the process and wait until its port answers."""
        process = self.launch()
        try:
            self.url = wait_for(lambda: self._answering(process), timeout, "the server to answer")
        except AssertionError as failure:
            raise AssertionError(f"{failure}; its log:\n{self.log}") from None
        self.env["PORT"] = str(self.port)
        return self

    def kill(self) -> None:
        """End it at once (SIGKILL), as a power cut would."""
        process = self._running()
        process.kill()
        process.wait(timeout=10)

    def stop(self, timeout: float = 15.0) -> int:
        """Ask it to end (SIGTERM) and return its exit status."""
        process = self._running()
        process.send_signal(signal.SIGTERM)
        return process.wait(timeout=timeout)

    def restart(self) -> "Server":
        """Start it again on the same port and instance, after ending it if it still runs."""
        if self._running().poll() is None:
            self.stop()
        return self.start()

    def close(self) -> None:
        """End it however it is: the last thing a fixture does."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout=10)
        if self._process is not None and self._process.poll() is None:
            self.kill()

    def _running(self) -> subprocess.Popen[bytes]:
        assert self._process is not None, "the server was not started"
        return self._process

    def _answering(self, process: subprocess.Popen[bytes]) -> str | None:
        """The URL in `server.json` once it is this process's and answers."""
        if process.poll() is not None:
            raise AssertionError(f"the server ended with status {process.returncode}")
        try:
            told = json.loads((self.instance / "server.json").read_text())
        except (FileNotFoundError, json.JSONDecodeError):
            return None
        if told.get("kind") != "server" or told.get("pid") != process.pid:
            return None
        url = str(told["url"])
        try:
            with urllib.request.urlopen(f"{url}/health", timeout=5) as answer:
                return url if answer.status == 200 else None
        except (http.client.HTTPException, OSError):
            return None


def twilio_client(server: Server) -> Client:
    """The unmodified `twilio` library, speaking to `server` as its administrator."""
    credentials = server.credentials
    client = Client(credentials["account_sid"], credentials["auth_token"])
    client.conversations.base_url = server.url
    return client


def access_token(server: Server, identity: str, service_sid: str | None = None) -> str:
    """What lets a client of the SDK in for an hour, into the account's default service or another."""
    keys, now = server.credentials, int(time.time())
    claims = {
        "jti": f"{keys['api_key_sid']}-{now}",
        "iss": keys["api_key_sid"],
        "sub": keys["account_sid"],
        "nbf": now,
        "exp": now + 3600,
        "grants": {"identity": identity, "chat": {"service_sid": service_sid or keys["service_sid"]}},
    }
    return jwt.encode(claims, keys["api_key_secret"], headers={"cty": "twilio-fpa;v=1"})


class Postgres:
    """A PostgreSQL server of our own in a temporary folder: never the machine's own cluster."""

    def __init__(self, bin_folder: Path, folder: Path) -> None:
        self.bin_folder = bin_folder
        self.folder = folder
        self.password = secrets.token_hex(8)
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._databases = 0

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://postgres:{self.password}@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        self.folder.chmod(0o700)
        password_file = self.folder / "password"
        password_file.write_text(self.password)
        if os.geteuid() == 0:  # initdb and postgres refuse to run as root
            shutil.chown(self.folder, "postgres", "postgres")
            shutil.chown(password_file, "postgres", "postgres")
        created = self._popen(
            *("initdb", "-D", str(self.folder / "data"), "-U", "postgres", "-A", "scram-sha-256"),
            *("--pwfile", str(password_file), "-E", "UTF8", "--no-locale", "--no-sync"),
        )
        assert created.wait(timeout=60) == 0, self._log()
        self._process = self._popen(
            *("postgres", "-D", str(self.folder / "data"), "-p", str(self.port), "-c", "fsync=on"),
            *("-c", "listen_addresses=127.0.0.1", "-c", f"unix_socket_directories={self.folder}"),
        )
        wait_for(self._answers, 30, "PostgreSQL to answer")

    def stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)  # "fast": rolls back what is open, then ends
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout=20)
            if self._process.poll() is None:
                self._process.send_signal(signal.SIGQUIT)
                self._process.wait(timeout=10)

    @contextmanager
    def database(self, template: str = "template1") -> Iterator[str]:
        """The URL of a new database, dropped at the end whoever is still connected.

        It is a copy of the database `template`, to which nobody may be connected, and otherwise empty.
        """
        self._databases += 1
        name = f"roomful_{self._databases}"
        made = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
        self._execute(made)
        try:
            yield self.url(name)
        finally:
            self._execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    def _execute(self, statement: sql.Composed) -> None:
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(statement)

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self._log()
        try:
            psycopg.connect(self.url(), connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True

    def _popen(self, program: str, *arguments: str) -> subprocess.Popen[bytes]:
        user = "postgres" if os.geteuid() == 0 else None
        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen(
                [str(self.bin_folder / program), *arguments],
                cwd="/",
                user=user,
                group=user,
                extra_groups=[] if user else None,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def _log(self) -> str:
        return (self.folder / "log").read_text(errors="replace")


def find_postgres() -> Path | None:
    """The folder with `initdb` and `postgres`, version 15 or newer, or None."""
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_version, reverse=True)
    on_path = shutil.which("initdb")
    folders = ([Path(on_path).resolve().parent] if on_path else []) + versions
    return next(
        (f for f in folders if (f / "initdb").exists() and (f / "postgres").exists() and _version(f) >= 15), None
    )


def _version(bin_folder: Path) -> int:
    """The major version of the server in `bin_folder`; 0 when it cannot be told."""
    try:
        told = subprocess.run([bin_folder / "postgres", "--version"], capture_output=True, text=True, check=True).stdout
        return int(re.findall(r"[0-9]+", told)[0])
    except (OSError, subprocess.CalledProcessError, IndexError, ValueError):
        return 0
