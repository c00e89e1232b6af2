"""Rooms with members on a running server, and the plans by which `load.c` becomes these members."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from . import packets
from .client import Client, Packet
from .packets import next_id
from .processes import Server


@dataclass(frozen=True)
class Room:
    """A conversation and the identities of its members."""

    sid: str
    members: tuple[str, ...]


def make_rooms(server: Server, owner: str, rest: Sequence[Sequence[str]]) -> list[Room]:
    """For each group of identities a conversation that `owner` makes, joins, and adds them to."""
    with Client(server.port) as client:
        client.enter(packets.token(server.credentials, owner))
        made = client.ask_all(
            _post("/Client/v2/Conversations", {"friendly_name": f"room {i}", "attributes": "{}"})
            for i in range(len(rest))
        )
        rooms = [Room(answer["sid"], (owner, *others)) for answer, others in zip(made, rest, strict=True)]
        client.ask_all(
            _post(f"/Client/v2/Conversations/{room.sid}/Participants", {"identity": member})
            for room in rooms
            for member in room.members
        )
    return rooms


def say(server: Server, rooms: Sequence[Room], author: str, body: str = "hello", times: int = 1) -> None:
    """So many messages of `author`, who is in all of them, in each room."""
    with Client(server.port) as client:
        client.enter(packets.token(server.credentials, author))
        client.ask_all(
            _post(f"/Client/v2/Conversations/{room.sid}/Messages", {"body": body, "attributes": "{}"})
            for _ in range(times)
            for room in rooms
        )


def _post(path: str, body: dict[str, object]) -> tuple[str, bytes]:
    request_id = next_id()
    return request_id, packets.post(path, body, request_id)


def write_plan(path: Path, server: Server, rooms: Sequence[Room], *, documents: bool, speakers: int) -> None:
    """What `load.c` reads: each member's way in, and what the first `speakers` of each room say.

    documents: the server tells members of a new last message by an event of its own, too.
    """
    members = [(room, n, who) for n, room in enumerate(rooms) for who in room.members]
    out = bytearray(_number(int(documents)) + _number(len(rooms)) + _number(len(members)))
    for at, (room, n, who) in enumerate(members):
        ways = [
            packets.init(packets.token(server.credentials, who), next_id()),
            packets.subscriptions(packets.room_objects(room.sid), 1_000_000 + at, next_id()),
        ]
        out += _number(n) + _number(len(ways))
        for packet in ways:
            out += _bytes(packet)
        speaks = room.members.index(who) < speakers
        out += _bytes(packets.send(room.sid, at) if speaks else b"")
    path.write_bytes(out)


def _number(value: int) -> bytes:
    return value.to_bytes(4, "big")


def _bytes(data: bytes) -> bytes:
    return _number(len(data)) + data


def record_frames(path: Path, server: Server, room: Room) -> None:
    """What the floor sends: the frames that our server sends a member of `room` who comes in and says something."""
    access_token = packets.token(server.credentials, room.members[0])
    with Client(server.port) as client:
        (entered,) = _answered(client, packets.init(access_token, next_id()), 1)
        accepted, established = _answered(
            client, packets.subscriptions(packets.room_objects(room.sid), 1, next_id()), 2
        )
        answer, event = _answered(client, packets.send(room.sid, 0), 2)
    frames = (entered, accepted, answer, established, event)
    path.write_bytes(b"".join(_bytes(_recorded(frame)) for frame in frames))


def _answered(client: Client, packet: bytes, count: int) -> list[Packet]:
    """The reply to a packet and the notifications that belong to it, `count` in all."""
    client.post(packet)
    found: list[Packet] = []
    while len(found) < count:
        found += client.receive()
    found.sort(key=lambda packet: packet.header["method"] != "reply")
    found[0].checked()
    return found


def _recorded(packet: Packet) -> bytes:
    """The packet's WebSocket frame, with a mark for the id of the request that it answers."""
    raw = packet.raw
    if packet.header["method"] == "reply":
        request_id = packet.header["id"].encode()
        raw = raw.replace(request_id, b"@" * len(request_id))
    return b"\x82" + (bytes((len(raw),)) if len(raw) < 126 else b"\x7e" + len(raw).to_bytes(2, "big")) + raw
