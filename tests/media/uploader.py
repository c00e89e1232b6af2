"""People and programs that upload and fetch media over HTTP, and what the server keeps of it on disk."""

from __future__ import annotations

import socket
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any

import requests

from tests.servers import Server, access_token

CHUNK = bytes(range(256)) * 1024
"""256 KiB."""

Body = bytes | Iterable[bytes] | IO[bytes]


class Caller:
    """Who calls the media service: `headers` or `auth` say who."""

    def __init__(
        self, server: Server, headers: dict[str, str] | None = None, auth: tuple[str, str] | None = None
    ) -> None:
        self._server = server
        self.headers = headers or {}
        self._auth = auth

    def base(self, service_sid: str | None = None) -> str:
        return f"{self._server.url}/v1/Services/{service_sid or self._server.credentials['service_sid']}/Media"

    def call(self, method: str, url: str, **options: Any) -> requests.Response:
        """A request in this caller's name; redirects are not followed."""
        headers = self.headers | options.pop("headers", {})
        return requests.request(
            method, url, headers=headers, auth=self._auth, timeout=60, allow_redirects=False, **options
        )

    def post(self, data: Body, content_type: str = "application/octet-stream", **query: str) -> requests.Response:
        """Upload these bytes as they are."""
        return self.call("POST", self.base(), data=data, headers={"Content-Type": content_type}, params=query)

    def upload(self, data: Body, content_type: str = "application/octet-stream", **query: str) -> dict[str, Any]:
        """The record of an upload that was taken in."""
        answer = self.post(data, content_type, **query)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    def record(self, sid: str) -> requests.Response:
        return self.call("GET", f"{self.base()}/{sid}")

    def link(self, sid: str) -> str:
        """A new link to the bytes."""
        answer = self.record(sid)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["links"]["content_direct_temporary"])


def person(server: Server, identity: str) -> Caller:
    """A client of the SDK."""
    return Caller(server, {"X-Twilio-Token": access_token(server, identity)})


def account(server: Server) -> Caller:
    """The application with the account's credentials."""
    keys = server.credentials
    return Caller(server, auth=(keys["account_sid"], keys["auth_token"]))


def kept(server: Server) -> list[str]:
    """The names of the files of media, whole or in the making."""
    files = (server.instance / "media").rglob("*")
    return sorted(file.name for file in files if _is_medium(file))


def _is_medium(file: Path) -> bool:
    return not file.name.startswith(".roomful") and file.is_file()


def half_sent(server: Server, caller: Caller, size: int = 2 * len(CHUNK)) -> socket.socket:
    """A connection on which an upload of so many bytes is under way, of which the first `CHUNK` came."""
    path = caller.base().removeprefix(server.url)
    lines = [f"POST {path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {size}"]
    lines += [f"{name}: {value}" for name, value in caller.headers.items()]
    connection = socket.create_connection(("127.0.0.1", server.port))
    connection.sendall("\r\n".join([*lines, "", ""]).encode() + CHUNK)
    return connection
