"""A real server whose clock a test moves."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

from tests.servers import Server, clean_environment

SERVE = Path(__file__).parent / "conformance/serve.py"


class ClockServer(Server):
    """A real server with a clock that can be moved (tests/conformance/serve.py); moved, it stays so over restarts."""

    ahead = timedelta()

    def launch(self) -> subprocess.Popen[bytes]:
        """See `Server.launch`."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with self.log_path.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, str(SERVE)],
                cwd=self.folder,
                env=clean_environment(**self.env),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
            )
        return self._process

    def start(self, timeout: float = 30.0) -> ClockServer:
        """See `Server.start`."""
        super().start(timeout)
        self._move(self.ahead)
        return self

    def advance(self, **time: float) -> None:
        """Move the server's clock: `advance(minutes=5)`."""
        self.ahead += timedelta(**time)
        self._move(timedelta(**time))

    def _move(self, time: timedelta) -> None:
        process = self._running()
        assert process.stdin is not None
        assert process.stdout is not None
        line = json.dumps({"advance_ms": time // timedelta(milliseconds=1)}).encode() + b"\n"
        process.stdin.write(line)
        process.stdin.flush()
        while process.stdout.readline() != line:  # the log goes there, too
            assert process.poll() is None
