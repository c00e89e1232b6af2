"""Both stores of media: a folder, and a real S3 server that speaks HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
from moto.server import ThreadedMotoServer

from roomful.conversations.media.store import MediaStore, open_media_store
from tests.conversations.core.world import World, open_world

INSTALLATION = "AC" + "1" * 32


@pytest.fixture(scope="session")
def s3_endpoint() -> Iterator[str]:
    """The URL of an S3 server of these tests."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def s3_url(s3_endpoint: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A prefix in an empty bucket; the environment says how to get there."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_endpoint)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key-of-the-tests")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret-of-the-tests")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    urlopen(Request(f"{s3_endpoint}/moto-api/reset", method="POST")).close()
    urlopen(Request(f"{s3_endpoint}/media", method="PUT")).close()
    return "s3://media/chat"


@pytest.fixture
def strict_s3_url(s3_url: str, s3_endpoint: str) -> Iterator[str]:
    """The same while the server refuses all keys, for it knows none."""

    def checked_after(requests: bytes) -> None:
        url, headers = f"{s3_endpoint}/moto-api/reset-auth", {"Content-Type": "text/plain"}
        urlopen(Request(url, requests, headers)).close()

    checked_after(b"0")
    yield s3_url
    checked_after(b"inf")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the folder store of a test is; it is not there yet."""
    return tmp_path / "media"


@pytest.fixture(params=["folder", "s3"])
def store(request: pytest.FixtureRequest) -> MediaStore:
    """An empty store of media: the test runs once with a folder and once with an object store."""
    if request.param == "folder":
        return open_media_store(str(request.getfixturevalue("folder")), INSTALLATION)
    return open_media_store(request.getfixturevalue("s3_url"), INSTALLATION)


@pytest.fixture
async def world(database_url: str) -> AsyncIterator[World]:
    """A fresh installation, once on SQLite and once on PostgreSQL."""
    async with open_world(database_url) as opened:
        yield opened
