"""The tutorial's scripts of package.json: start, start-api and chatrooms (`make test` runs build and test themselves).

They run in a folder that has what a checkout has, but no `.env` of a developer.
"""

import os
import signal
import subprocess
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from websockets.sync.client import connect

from tests.conftest import MakeServer
from tests.servers import clean_environment, free_port, wait_for

ROOT = Path(__file__).parent.parent
Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder with the checkout's scripts, packages and `.flaskenv`."""
    folder = tmp_path / "checkout"
    folder.mkdir()
    for name in ("package.json", "scripts", ".flaskenv", ".venv", "node_modules", "web", "roomful", "tests"):
        (folder / name).symlink_to(ROOT / name)
    return folder


@pytest.fixture
def start_script(checkout: Path) -> Iterator[Start]:
    """`start_script("start-api", PORT="0")` starts `npm run start-api` and gives its process."""
    started: list[subprocess.Popen[str]] = []

    def start(script: str, *arguments: str, **env: str) -> subprocess.Popen[str]:
        started.append(
            subprocess.Popen(
                ["npm", "run", "--silent", script, "--", *arguments],
                cwd=checkout,
                env=clean_environment(**env),
                stdin=subprocess.DEVNULL,
                text=True,
                start_new_session=True,  # npm, its shell and the server: all end together
            )
        )
        return started[-1]

    yield start
    for process in started:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=15)


def chatrooms(checkout: Path, instance: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["npm", "run", "--silent", "chatrooms", "--", *arguments],
        cwd=checkout,
        env=clean_environment(ROOMFUL_INSTANCE=str(instance)),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def test_chatrooms_without_a_server(checkout: Path, tmp_path: Path) -> None:
    instance = tmp_path / "instance"
    created = chatrooms(checkout, instance, "create", "#sales")
    assert created.returncode == 0, created.stderr
    listed = chatrooms(checkout, instance, "list")
    assert listed.stdout.startswith("#sales (CH"), listed.stderr
    again = chatrooms(checkout, instance, "create", "#sales")
    assert again.returncode == 1
    assert "Chat room already exists" in again.stdout + again.stderr


def test_start_api_serves_the_socket_too(checkout: Path, start_script: Start, tmp_path: Path) -> None:
    port = free_port()
    start_script("start-api", PORT=str(port), ROOMFUL_INSTANCE=str(tmp_path / "instance"))
    wait_for(lambda: answers(f"http://127.0.0.1:{port}/health"), 30, "npm run start-api to answer")
    with connect(f"ws://127.0.0.1:{port}/v3/wsconnect") as socket:
        assert socket.response is not None
        assert socket.response.status_code == 101
    assert chatrooms(checkout, tmp_path / "instance", "create", "#support").returncode == 0


def test_start_is_vite_in_front_of_the_server(start_script: Start, start_server: MakeServer) -> None:
    server, port = start_server(), free_port()
    start_script("start", "--port", str(port), "--host", "127.0.0.1", ROOMFUL_SERVER=server.url)
    wait_for(lambda: answers(f"http://127.0.0.1:{port}/health"), 60, "npm start to pass a request on")
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=30) as page:
        assert b"/@vite/client" in page.read()
    with connect(f"ws://127.0.0.1:{port}/v3/wsconnect") as socket:
        assert socket.response is not None
        assert socket.response.status_code == 101
