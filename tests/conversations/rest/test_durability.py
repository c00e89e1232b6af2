"""What was acknowledged is there after a power cut, once and in order."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from tests.conftest import MakeServer
from tests.servers import Server, twilio_client, wait_for

WRITERS = 4
SENDS_A_ROUND = 40


class Senders:
    """Threads that send without pause; a send that was cut off is repeated with the same `cid` until it is answered."""

    def __init__(self, server: Server, room: str) -> None:
        self.server = server
        self.room = room
        self.up = threading.Event()
        self.stop = threading.Event()
        self.acknowledged: dict[str, int] = {}
        """The index that was answered, by the message's text."""
        self.repeated = 0

    def run(self, writer: int) -> None:
        rooms = twilio_client(self.server).conversations.v1.conversations
        number = 0
        while not self.stop.is_set():
            text = f"{writer}:{number}"
            if self._send(rooms(self.room), text, writer):
                number += 1

    def wait_for_more(self, sends: int) -> None:
        """Wait until so many more sends were acknowledged."""
        goal = len(self.acknowledged) + sends
        wait_for(lambda: len(self.acknowledged) >= goal, 60, "sends to be acknowledged")

    def _send(self, room: Any, text: str, writer: int) -> bool:
        self.up.wait()
        try:
            message = room.messages.create(body=text, author=f"writer{writer}", attributes=json.dumps({"cid": text}))
        except requests.RequestException:  # refused, or cut before or amid the answer
            self.repeated += 1
            return False
        self.acknowledged[text] = message.index
        return True


def kill_while_sending(server: Server, rounds: int) -> None:
    client = twilio_client(server)
    room = client.conversations.v1.conversations.create()
    senders = Senders(server, room.sid)
    with ThreadPoolExecutor(WRITERS) as threads:
        try:
            running = [threads.submit(senders.run, writer) for writer in range(WRITERS)]
            for _ in range(rounds):
                senders.up.set()
                senders.wait_for_more(SENDS_A_ROUND)
                server.kill()
                senders.up.clear()
                server.start()
        finally:
            senders.stop.set()
            senders.up.set()
        for thread in running:
            thread.result()
    check(senders, client.conversations.v1.conversations(room.sid).messages.list())


def check(senders: Senders, stored: list[Any]) -> None:
    assert senders.repeated, "no send was cut off, so this proves nothing"
    texts = [message.body for message in stored]
    assert len(texts) == len(set(texts))
    assert [message.index for message in stored] == list(range(len(stored)))
    assert {message.body: message.index for message in stored}.items() >= senders.acknowledged.items()
    assert len(stored) == len(senders.acknowledged)
    for writer in range(WRITERS):
        numbers = [int(text.partition(":")[2]) for text in texts if text.startswith(f"{writer}:")]
        assert numbers == list(range(len(numbers)))


def test_acknowledged_sends_outlive_kill_9(make_server: MakeServer) -> None:
    server = make_server("--only", "service").start()
    kill_while_sending(server, rounds=3)


@pytest.mark.long
@pytest.mark.timeout(600)
def test_acknowledged_sends_outlive_kill_9_on_postgresql(make_server: MakeServer, postgres_database: str) -> None:
    kill_while_sending(make_server("--only", "service", DATABASE_URL=postgres_database).start(), rounds=10)


@pytest.mark.long
@pytest.mark.timeout(600)
def test_acknowledged_sends_outlive_many_kills(make_server: MakeServer) -> None:
    kill_while_sending(make_server("--only", "service").start(), rounds=25)
