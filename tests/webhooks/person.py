"""A client of the SDK's protocol on a real socket, of which the tests only want that it changes something."""

from __future__ import annotations

import itertools
from collections import deque
from contextlib import ExitStack, suppress
from typing import Any

from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

from tests.conversations.sync.line import packet, read_packet
from tests.servers import Server, access_token

CLIENT = "/Client/v2"


class Person:
    """`identity`, connected to a service: the account's default one, or `service_sid`."""

    def __init__(self, server: Server, identity: str, service_sid: str | None = None) -> None:
        self.identity = identity
        self._ids = itertools.count(1)
        self._events: deque[tuple[dict[str, Any], Any]] = deque()
        self._open = ExitStack()
        self._socket = self._open.enter_context(connect(f"ws://127.0.0.1:{server.port}/v3/wsconnect"))
        token = access_token(server, identity, service_sid)
        header, _ = self._exchange({"method": "init", "token": token, "continuation_token": None})
        assert header["status"]["code"] == 200, header

    def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """HTTP status and body of the answer to a request."""
        line = {"host": "aim.us1.twilio.com", "path": path, "method": method, "params": {}, "headers": {}}
        header, answer = self._exchange({"method": "message", "http_request": line}, body)
        assert header["status"]["code"] == 200, header
        return header["http_status"]["code"], answer

    def request(self, method: str, path: str, body: Any = None) -> Any:
        """The answer to a request that must succeed."""
        status, answer = self.ask(method, path, body)
        assert 200 <= status < 300, (method, path, status, answer)
        return answer

    def say(self, conversation_sid: str, body: str, attributes: str = "{}") -> Any:
        """Send a message; what the server answers of it."""
        return self.request(
            "POST", f"{CLIENT}/Conversations/{conversation_sid}/Messages", {"body": body, "attributes": attributes}
        )

    def register(self, channel_type: str, address: str) -> str:
        """Have a device notified; the SID of its push binding."""
        types = ["twilio.conversations.new_message"]
        device = {"channel_type": channel_type, "message_types": types, "data": {"registration_id": address}}
        answer = self.request("POST", "/v1/registrations", {"endpoint_platform": "web", "version": "3", **device})
        return str(answer["id"])

    def close(self) -> None:
        with suppress(WebSocketException, OSError):
            self._open.close()

    def _exchange(self, header: dict[str, Any], body: Any = None) -> tuple[dict[str, Any], Any]:
        request_id = f"TM{next(self._ids)}"
        self._socket.send(packet({"id": request_id} | header, body))
        while True:
            answer = self._receive()
            if answer[0]["method"] == "reply" and answer[0]["id"] == request_id:
                return answer
            self._events.append(answer)

    def hear(self) -> Any:
        """The next event that the server tells, of what was subscribed to."""
        header, event = self._events.popleft() if self._events else self._receive()
        self._socket.send(packet({"id": header["id"], "method": "reply", "status": {"code": 200, "status": "OK"}}))
        return event

    def _receive(self) -> tuple[dict[str, Any], Any]:
        data = self._socket.recv(timeout=30)
        assert isinstance(data, bytes)
        return read_packet(data)
