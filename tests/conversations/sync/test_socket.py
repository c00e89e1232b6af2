"""The real socket of a real server, spoken to byte by byte."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.conftest import MakeServer
from tests.servers import Server, access_token, twilio_client

from .world import packet, read_packet

pytestmark = pytest.mark.anyio

OPENING = (
    b"GET /v3/wsconnect HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    running = Server(tmp_path_factory.mktemp("socket") / "server", "--only", "service").start()
    yield running
    running.close()


@asynccontextmanager
async def opened(server: Server, path: str = "/v3/wsconnect", **options: Any) -> AsyncIterator[ClientConnection]:
    async with connect(f"ws://127.0.0.1:{server.port}{path}", **options) as websocket:
        yield websocket


async def hear(websocket: ClientConnection) -> tuple[dict[str, Any], Any]:
    """The next packet's header and payload."""
    data = await asyncio.wait_for(websocket.recv(), 5)
    assert isinstance(data, bytes)
    return read_packet(data)


def init(server: Server, identity: str) -> bytes:
    return packet({"method": "init", "id": "TM1", "token": access_token(server, identity), "continuation_token": None})


def get(path: str, request_id: str = "TM2") -> bytes:
    line = {"host": "h", "path": path, "method": "GET", "params": {}, "headers": {}}
    return packet({"method": "message", "id": request_id, "http_request": line})


async def code_of_close(websocket: ClientConnection) -> int:
    try:
        while True:
            await asyncio.wait_for(websocket.recv(), 5)
    except ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd else 0


async def test_a_dialogue(server: Server) -> None:
    """Any origin, no cookie, no compression: a token opens the conversation."""
    async with opened(server, origin="https://elsewhere.example") as websocket:
        assert websocket.protocol.extensions == []
        await websocket.send(init(server, "ann"))
        header, _ = await hear(websocket)
        assert (header["id"], header["status"]["code"]) == ("TM1", 200)
        await websocket.send(get("/Client/v2/Configuration"))
        header, body = await hear(websocket)
        assert (header["id"], header["http_status"]["code"], body["identity"]) == ("TM2", 200, "ann")

        room = twilio_client(server).conversations.v1.conversations.create(friendly_name="r")
        twilio_client(server).conversations.v1.conversations(room.sid).participants.create(identity="ann")
        sid = "ES" + room.sid[2:]
        requests = [{"object_sid": sid, "object_type": "list", "last_event_id": 2}]
        body = {"action": "establish", "correlation_id": 1, "requests": requests}
        line = {"path": "/v4/Subscriptions", "method": "POST", "params": {}}
        await websocket.send(packet({"method": "message", "id": "TM3", "http_request": line}, body))
        header, answer = await hear(websocket)
        assert (header["id"], answer["max_batch_size"]) == ("TM3", 1000)
        header, event = await hear(websocket)
        assert (header["message_type"], event["event_type"]) == ("twilio.sync.event", "subscription_established")
        await websocket.send(packet({"id": header["id"], "method": "reply", "status": {"code": 200}}))
        twilio_client(server).conversations.v1.conversations(room.sid).messages.create(body="hi", author="ann")
        header, event = await hear(websocket)
        assert (event["event_type"], event["event"]["item_data"]["text"]) == ("list_item_added", "hi")


async def test_other_paths_are_not_found(server: Server) -> None:
    for path in ("/", "/v3/wsconnect/x", "/v3/other"):
        with pytest.raises(InvalidStatus) as refused:
            async with opened(server, path):
                pass
        assert refused.value.response.status_code == 404


async def test_a_query_on_the_path_is_ignored(server: Server) -> None:
    async with opened(server, "/v3/wsconnect?token=x") as websocket:
        await websocket.send(init(server, "ann"))
        assert (await hear(websocket))[0]["status"]["code"] == 200


async def test_long_messages_may_come_in_pieces(server: Server) -> None:
    async with opened(server) as websocket:
        whole = init(server, "ann")
        await websocket.send([whole[at : at + 7] for at in range(0, len(whole), 7)])
        assert (await hear(websocket))[0]["status"]["code"] == 200


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("TWILSOCK V3.0", 1002),
        (b"GET / HTTP/1.1", 1002),
        (b"", 1002),
        (packet({"method": "message", "id": "1", "http_request": {"path": "/", "method": "GET"}}), 1008),
        (b"x" * 300_000, 1009),
        ([b"x" * 200_000, b"x" * 200_000], 1009),
        (["text", "in pieces"], 1002),
    ],
)
async def test_what_ends_the_connection(server: Server, message: Any, code: int) -> None:
    async with opened(server) as websocket:
        await websocket.send(message)
        assert await code_of_close(websocket) == code


async def test_a_handshake_that_is_not_text(server: Server) -> None:
    """It is refused without a trace in the log; found by fuzz/wire.py."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(OPENING.replace(b"Version: 13", b"Version: 1\x8d"))
    assert await asyncio.wait_for(reader.readline(), 5) == b"HTTP/1.1 400 Bad Request\r\n"
    assert "Traceback" not in server.log
    writer.transport.abort()


@pytest.mark.parametrize("reserved", [0x40, 0x20, 0x10])
async def test_extensions_that_nobody_agreed_on(server: Server, reserved: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(OPENING)
    await reader.readuntil(b"\r\n\r\n")
    whole = masked(init(server, "ann"))
    writer.write(bytes((whole[0] | reserved,)) + whole[1:])
    answer = await asyncio.wait_for(reader.readuntil(b"agreed on"), 5)
    assert answer[:1] + answer[2:4] == b"\x88\x03\xea"
    writer.transport.abort()


async def test_pings_are_answered(server: Server) -> None:
    async with opened(server) as websocket:
        await asyncio.wait_for(await websocket.ping(b"hello"), 5)


async def test_a_burst_is_answered_completely(server: Server) -> None:
    async with opened(server) as websocket:
        await websocket.send(init(server, "ann"))
        await hear(websocket)
        for n in range(1500):
            await websocket.send(get("/Client/v2/Configuration", f"TM{n}"))
        answered = {(await hear(websocket))[0]["id"] for _ in range(1500)}
        assert answered == {f"TM{n}" for n in range(1500)}


async def test_who_does_not_read_is_dropped(server: Server) -> None:
    """The answers wait in a bounded queue, then no more requests are read; the server stays well."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port, limit=1024)
    writer.write(OPENING)
    assert b"101" in await reader.readline()
    await reader.readuntil(b"\r\n\r\n")
    writer.write(masked(init(server, "glutton")))
    await reader.readuntil(b'"status":"OK"')
    writer.transport.pause_reading()  # type: ignore[attr-defined]
    request = masked(get("/Client/v2/Configuration")) * 1000

    async def flood() -> None:
        for _ in range(400):
            writer.write(request)
            await writer.drain()

    flooding = asyncio.create_task(flood())
    await asyncio.wait([flooding], timeout=3)
    assert not flooding.done(), "the server read everything"
    assert memory_of(server) < 400
    async with opened(server) as websocket:
        await websocket.send(init(server, "ann"))
        assert (await hear(websocket))[0]["status"]["code"] == 200
    flooding.cancel()
    writer.transport.abort()


def masked(payload: bytes) -> bytes:
    """A client's frame; its mask is zero."""
    assert 126 <= len(payload) < 65536
    return b"\x82\xfe" + len(payload).to_bytes(2, "big") + bytes(4) + payload


def memory_of(server: Server) -> int:
    """Megabytes that the server's process holds."""
    with open(f"/proc/{server.pid}/status") as status:  # noqa: PTH123
        line = next(line for line in status if line.startswith("VmRSS"))
    return int(line.split()[1]) // 1024


async def test_a_stop_says_that_the_server_is_going_away(start_server: MakeServer) -> None:
    server = start_server("--only", "service")
    async with opened(server) as waiting, opened(server) as websocket:
        await websocket.send(init(server, "ann"))
        await hear(websocket)
        os.kill(server.pid, signal.SIGTERM)
        assert await code_of_close(websocket) == 1001
        assert await code_of_close(waiting) == 1001
    assert server.stop() == 0
