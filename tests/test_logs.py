"""What is logged, and where."""

import subprocess
import sys

PROGRAM = """
import logging, structlog
from roomful.logs import configure_logging
configure_logging(logging.INFO)
ours, other = structlog.get_logger("roomful.writer"), logging.getLogger("uvicorn.error")
def fail(auth_token):
    try:
        raise ValueError("broken")
    except ValueError:
        ours.exception("writer.failed", commands=2)
fail("a secret in a variable")
ours.info("writer.ready")
ours.debug("too quiet")
other.info("too quiet")
other.warning("heard %s", "too")
"""


def test_logs_go_to_standard_error_without_local_variables() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert done.stdout == ""
    for told in ("writer.failed", "commands=2", "ValueError: broken", "writer.ready", "heard too"):
        assert told in done.stderr
    assert "a secret in a variable" not in done.stderr
    assert "too quiet" not in done.stderr
