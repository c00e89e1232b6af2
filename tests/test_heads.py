"""Heads of HTTP requests that never end, on a real server."""

from __future__ import annotations

import http.client
import socket

import pytest
import requests

from tests.conftest import MakeServer


@pytest.mark.parametrize("begun", [b"GET /", b"GET / HTTP/1.1\r\nHost: localhost\r\nX-", b"GET / HTTP/1.1\r\nX-A: "])
def test_a_head_that_never_ends_is_refused(start_server: MakeServer, begun: bytes) -> None:
    """Before it fills the memory."""
    server = start_server("--only", "service")
    with socket.create_connection(("127.0.0.1", server.port)) as line:
        line.settimeout(30)
        line.sendall(begun + b"a" * 65_536)
        told = b"".join(iter(lambda: line.recv(65_536), b""))
    assert told.startswith(b"HTTP/1.1 431 ")
    assert told.endswith(b"The request's head is too large.\n")
    assert requests.get(f"{server.url}/health", headers={"X-Long": "a" * 32_768}, timeout=30).status_code == 200
    kept = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    for _ in range(2):  # on one connection: a body is no head
        kept.request("POST", "/roomful/v1/challenge", b" " * 200_000)
        answer = kept.getresponse()
        assert (answer.status, len(answer.read()) > 0) == (400, True)
    kept.close()
