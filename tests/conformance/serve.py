"""The server that the conformance tests drive: the real service, with a clock that can be moved and a handler broken.

    serve.py             serve; settings come from the environment, as for `roomful serve --only service`
    serve.py --handlers  print the names of all handlers: of tunnelled requests, SDK 1.x's commands and media

Commands come in on standard input, a JSON object a line, and each is answered by the same line on standard output:
`{"advance_ms": n}` moves the clock n milliseconds forward; `{"break": "POST /Client/v2/Conversations"}` makes that one
handler answer 500, `{"break": "init"}` the `init` of an identity that nobody knew, and `{"break": null}` mends it;
`{"pings": [a, w]}` has connections that are made from now on pinged after a seconds of silence, and dropped without an
answer after w more. The server ends with its standard input, so none is left behind by tests that were killed.
"""

import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any, ParamSpec, TypeVar

from roomful import serve
from roomful.conversations.core import errors
from roomful.conversations.ids import now
from roomful.conversations.media.http import MediaHttp
from roomful.conversations.sync import session, session_commands, socket, subscriptions, upstream
from roomful.settings import Settings

P = ParamSpec("P")
R = TypeVar("R")

SUBSCRIBE = "POST /" + "/".join(upstream.SUBSCRIPTIONS)
COMMAND = "POST /v3/Lists/*/Items"
"""SDK 1.x's commands all come by this request; one of them is broken as `POST /v3/Lists/*/Items sendMessage`."""
INIT = "init"
MEDIA = {
    "POST /v1/Services/*/Media": "upload",
    "POST /v1/Services/*/MediaSet": "media_set",
    "GET /v1/Services/*/Media/*": "fetch",
    "GET /media/*": "download",
}
"""What the SDK, and who follows its links, ask over plain HTTP; and the methods that answer."""


class MovingClock:
    """Milliseconds since 1970-01-01 UTC, and as many more as the tests have moved it forward."""

    def __init__(self) -> None:
        self._ahead = 0

    def __call__(self) -> int:
        return now() + self._ahead

    def advance(self, milliseconds: int) -> None:
        self._ahead += milliseconds


class Breaker:
    """Wraps every handler, so that the one named `broken` answers 500 (docs/protocol.md, "Upstream")."""

    def __init__(self) -> None:
        self.broken: str | None = None
        self.names: list[str] = []

    def install(self) -> None:
        self._wrap(upstream.QUERIES)
        self._wrap(upstream.ACTIONS)
        for action, carry in session_commands._COMMANDS.items():
            session_commands._COMMANDS[action] = self._breakable(f"{COMMAND} {action}", carry)
        subscriptions.parse = self._breakable(SUBSCRIBE, subscriptions.parse)
        for name, method in MEDIA.items():
            setattr(MediaHttp, method, self._breakable(name, getattr(MediaHttp, method)))
        # No tunnelled request: `init` makes a user of an identity that nobody knew, which is where it may fail.
        session.EnsureUser = self._breakable(INIT, session.EnsureUser)  # type: ignore[assignment, attr-defined]

    def _wrap(self, table: upstream.Routes[Callable[P, R]]) -> None:
        for (method, _), routes in table._by_shape.items():
            routes[:] = [(parts, self._breakable(f"{method} /{'/'.join(parts)}", handler)) for parts, handler in routes]

    def _breakable(self, name: str, handler: Callable[P, R]) -> Callable[P, R]:
        self.names.append(name)

        def handle(*args: P.args, **kwargs: P.kwargs) -> R:
            # An action that raises here, before its first await, raises where the session makes its coroutine:
            # inside the same `try` as one that raises later.
            if self.broken == name:
                raise errors.internal()
            return handler(*args, **kwargs)

        return handle

    def break_(self, name: str | None) -> None:
        if name is not None and name not in self.names:
            raise ValueError(f"there is no handler {name!r}")
        self.broken = name


def commands() -> Iterator[dict[str, Any]]:
    for line in sys.stdin:
        yield json.loads(line)
        print(line, end="", flush=True)


def obey(clock: MovingClock, breaker: Breaker) -> None:
    """Carry out what standard input says, then end the server."""
    for command in commands():
        if "advance_ms" in command:
            clock.advance(command["advance_ms"])
        if "break" in command:
            breaker.break_(command["break"])
        if "pings" in command:
            socket.PING_AFTER_SECONDS, socket.PONG_WITHIN_SECONDS = command["pings"]
    os.kill(os.getpid(), signal.SIGTERM)


def main() -> None:
    breaker = Breaker()
    breaker.install()
    if "--handlers" in sys.argv:
        print("\n".join(sorted(name for name in breaker.names if name != INIT)))
        return
    clock = MovingClock()
    threading.Thread(target=obey, args=(clock, breaker), daemon=True).start()
    serve.serve(Settings.load(os.environ), only="service", clock=clock)


if __name__ == "__main__":
    main()
