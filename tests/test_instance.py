"""The instance folder: one holder at a time, and what is told about it."""

import os
import signal
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from roomful.instance import Holder, Instance, InstanceCredentials, InstanceError

CREDENTIALS = InstanceCredentials("AC1", "token", "SK1", "secret", "IS1")

_HOLD_UNTIL_KILLED = """
import sys
from pathlib import Path
from roomful.instance import Instance
lock = Instance(Path(sys.argv[1])).try_lock("server")
lock.announce("http://127.0.0.1:1")
print("held", flush=True)
sys.stdin.read()
"""


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_folder_and_all_in_it_are_for_its_owner_only(tmp_path: Path) -> None:
    instance = Instance(tmp_path / "deep" / "instance")
    lock = instance.try_lock("server")
    assert lock is not None
    lock.announce("http://127.0.0.1:5000")
    instance.export_credentials(CREDENTIALS)
    assert mode(instance.folder) == 0o700
    assert {path.name: mode(path) for path in instance.folder.iterdir()} == {
        "lock": 0o600,
        "server.json": 0o600,
        "credentials.json": 0o600,
    }
    lock.release()


def test_one_holder_at_a_time(tmp_path: Path) -> None:
    first, second = Instance(tmp_path), Instance(tmp_path)
    lock = first.try_lock("command")
    assert lock is not None
    assert second.try_lock("command") is None
    assert second.is_locked()
    assert second.holder() == Holder("command", None, os.getpid())
    lock.release()
    lock.release()  # twice does no harm
    assert not second.is_locked()
    assert second.holder() is None
    again = second.try_lock("server")
    assert again is not None
    again.release()


def test_a_killed_holder_leaves_a_file_that_counts_for_nothing(tmp_path: Path) -> None:
    instance = Instance(tmp_path)
    with subprocess.Popen(
        [sys.executable, "-c", _HOLD_UNTIL_KILLED, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        assert instance.try_lock("server") is None
        holder.send_signal(signal.SIGKILL)
    assert instance.holder() == Holder("server", "http://127.0.0.1:1", holder.pid)
    assert not instance.is_locked()
    lock = instance.lock_for_server(wait=0)
    assert instance.holder() is None  # nobody can take the leftover for this holder's
    lock.release()


def test_a_second_server_names_the_first(tmp_path: Path) -> None:
    lock = Instance(tmp_path).lock_for_server()
    lock.announce("http://127.0.0.1:5000")
    with pytest.raises(
        InstanceError, match=rf"already runs at http://127\.0\.0\.1:5000 \(pid {os.getpid()}\)"
    ) as raised:
        Instance(tmp_path).lock_for_server()
    assert "\n" not in str(raised.value)
    lock.release()


def test_a_server_waits_for_a_command(tmp_path: Path) -> None:
    command = Instance(tmp_path).try_lock("command")
    assert command is not None
    locks = []
    server = threading.Thread(target=lambda: locks.append(Instance(tmp_path).lock_for_server()))
    server.start()
    assert not locks
    command.release()
    server.join(timeout=10)
    assert len(locks) == 1
    locks[0].release()


def test_a_server_does_not_wait_for_ever(tmp_path: Path) -> None:
    command = Instance(tmp_path).try_lock("command")
    assert command is not None
    with pytest.raises(InstanceError, match=rf"A command \(pid {os.getpid()}\) keeps .* locked"):
        Instance(tmp_path).lock_for_server(wait=0.1)
    command.release()


def test_a_server_that_stops_is_waited_for(tmp_path: Path) -> None:
    """It has removed its file, and still finishes its last requests."""
    first = Instance(tmp_path).lock_for_server()
    first.announce("http://127.0.0.1:5000")
    first.withdraw()
    locks = []
    second = threading.Thread(target=lambda: locks.append(Instance(tmp_path).lock_for_server()))
    second.start()
    first.release()
    second.join(timeout=10)
    assert len(locks) == 1
    locks[0].release()


def test_credentials_come_back_and_are_written_once(tmp_path: Path) -> None:
    instance = Instance(tmp_path)
    assert instance.credentials() is None
    instance.export_credentials(CREDENTIALS)
    assert instance.credentials() == CREDENTIALS
    written = (tmp_path / "credentials.json").stat().st_ino
    instance.export_credentials(CREDENTIALS)
    assert (tmp_path / "credentials.json").stat().st_ino == written
    assert sorted(path.name for path in tmp_path.iterdir()) == ["credentials.json"]  # no temporary file stays


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"account_sid": "AC1"}'])
def test_a_broken_file_is_none(tmp_path: Path, content: str) -> None:
    for name in ("credentials.json", "server.json"):
        (tmp_path / name).write_text(content)
    assert Instance(tmp_path).credentials() is None
    assert Instance(tmp_path).holder() is None


@pytest.mark.parametrize("place", ["file", "proc"])
def test_a_folder_that_cannot_be_used_is_one_line(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("not a folder")
    folder = tmp_path / "file" / "instance" if place == "file" else Path("/proc/roomful")
    with pytest.raises(InstanceError, match=r"Cannot write in .*; change its owner or set ROOMFUL_INSTANCE") as raised:
        Instance(folder).try_lock("server")
    assert "\n" not in str(raised.value)


def test_looking_leaves_no_trace(tmp_path: Path) -> None:
    assert not Instance(tmp_path / "instance").is_locked()
    assert not (tmp_path / "instance").exists()
