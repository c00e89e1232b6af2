"""Uploads over HTTP to a real server: raw, as forms, large, too large and broken off."""

from __future__ import annotations

import hashlib
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from roomful.conversations.core import limits
from tests.servers import Server, wait_for

from .uploader import CHUNK, Caller, account, half_sent, kept, person


def test_an_upload_says_what_it_is_and_is_given_out_as_it_was(server: Server) -> None:
    ann = person(server, "ann")
    record = ann.upload(b"hello", "text/plain; charset=utf-8", Category="media", Filename="grüße.txt")
    assert record["sid"].startswith("ME")
    assert (record["author"], record["size"], record["category"]) == ("ann", 5, "media")
    assert (record["content_type"], record["filename"]) == ("text/plain; charset=utf-8", "grüße.txt")
    assert (record["channel_sid"], record["message_sid"]) == (None, None)
    assert ann.record(record["sid"]).json()["sid"] == record["sid"]
    answer = requests.get(ann.link(record["sid"]), timeout=10)
    assert (answer.content, answer.headers["Content-Type"]) == (b"hello", "text/plain; charset=utf-8")
    assert answer.headers["Content-Disposition"] == "attachment; filename*=UTF-8''gr%C3%BC%C3%9Fe.txt"


def test_a_form_names_its_file(server: Server) -> None:
    ann = person(server, "ann")
    form = {"note": (None, "not a file"), "file": ("a,b.csv", b"1;2\r\n", "text/csv")}
    answer = ann.call("POST", ann.base(), files=form)
    assert answer.status_code == 201, answer.text
    record = answer.json()
    assert (record["filename"], record["content_type"], record["size"]) == ("a,b.csv", "text/csv", 5)
    assert requests.get(ann.link(record["sid"]), timeout=10).content == b"1;2\r\n"
    nothing = ann.call("POST", ann.base(), files={"note": (None, "not a file")})
    assert (nothing.status_code, nothing.json()["code"]) == (400, 20001)


def test_an_empty_file_is_a_file(server: Server) -> None:
    ann = person(server, "ann")
    record = ann.upload(b"", "text/plain")
    assert record["size"] == 0
    assert requests.get(ann.link(record["sid"]), timeout=10).content == b""


@pytest.mark.parametrize(
    ("content_type", "query"),
    [("text/plain", {"Category": "film"}), ("text/plain", {"Filename": "x" * 300}), ("neither fish\tnor fowl", {})],
)
def test_what_is_not_understood_is_refused_and_nothing_is_kept(
    server: Server, content_type: str, query: dict[str, str]
) -> None:
    before = kept(server)
    answer = person(server, "ann").post(b"x", content_type, **query)
    assert (answer.status_code, kept(server)) == (400, before), answer.text


def megabytes(count: int) -> Iterator[bytes]:
    """So many MiB, in pieces."""
    for _ in range(count * 4):
        yield CHUNK


def peak(pid: int) -> int:
    """KiB of memory that a process had at most since `forget_peak`."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0])


def forget_peak(pid: int) -> None:
    Path(f"/proc/{pid}/clear_refs").write_text("5")


def test_150_megabytes_stream_in_and_out_with_bounded_memory(server: Server, tmp_path: Path) -> None:
    ann, large = person(server, "ann"), tmp_path / "large"
    with large.open("wb") as file:
        file.writelines(megabytes(limits.MEDIA_MEGABYTES))
    expected = hashlib.sha256()
    for chunk in megabytes(limits.MEDIA_MEGABYTES):
        expected.update(chunk)
    ann.upload(CHUNK * 8)  # what a first upload imports is no matter of its size
    forget_peak(server.pid)
    before = peak(server.pid)
    with large.open("rb") as file:
        record = ann.upload(file)
    assert record["size"] == limits.MEDIA_BYTES
    came = hashlib.sha256()
    with requests.get(ann.link(record["sid"]), stream=True, timeout=60) as answer:
        for chunk in answer.iter_content(len(CHUNK)):
            came.update(chunk)
    assert came.digest() == expected.digest()
    assert peak(server.pid) - before < 24 * 1024


@pytest.mark.parametrize("told", [True, False], ids=["told", "in chunks"])
def test_more_is_refused_clearly_and_nothing_is_left(server: Server, tmp_path: Path, told: bool) -> None:
    ann, before = person(server, "ben"), kept(server)
    if told:
        large = tmp_path / "large"
        with large.open("wb") as file:
            file.truncate(limits.MEDIA_BYTES + 1)
        with large.open("rb") as file:
            answer = ann.post(file)
    else:
        answer = ann.post(megabytes(limits.MEDIA_MEGABYTES + 1))
    assert (answer.status_code, answer.json()["code"]) == (413, 50512)
    assert "150 MB" in answer.json()["message"]
    wait_for(lambda: kept(server) == before, what="nothing to be left")


def test_nothing_is_left_of_an_upload_that_breaks_off(server: Server) -> None:
    cat, before = person(server, "cat"), kept(server)
    lines = [half_sent(server, cat) for _ in range(3)]
    wait_for(lambda: len(kept(server)) == len(before) + 3, what="the uploads to begin")
    for line in lines:
        line.close()
    wait_for(lambda: kept(server) == before, what="nothing to be left")
    assert cat.upload(b"another")["size"] == 7


def refusal(caller: Caller) -> tuple[int, int, str | None]:
    """Status, code and Retry-After of the answer to an upload that is refused."""
    answer = caller.post(b"one too many")
    return answer.status_code, answer.json()["code"], answer.headers.get("Retry-After")


def test_one_person_has_few_uploads_under_way_at_once(server: Server) -> None:
    eve, before = person(server, "eve"), kept(server)
    lines = [half_sent(server, eve) for _ in range(10)]
    wait_for(lambda: len(kept(server)) == len(before) + 10, what="all of them to begin")
    assert refusal(eve) == (429, 20429, "5")
    assert account(server).post(b"another's").status_code == 201
    for line in lines:
        line.close()
    wait_for(lambda: eve.post(b"again").status_code == 201, what="an upload to be taken in again")
    wait_for(lambda: len(kept(server)) == len(before) + 2, what="nothing to be left of the others")


def test_sixty_four_upload_at_once_and_one_more_may_try_again(server: Server) -> None:
    before = len(kept(server))
    people = [person(server, f"many{number}") for number in range(7)]
    lines = [half_sent(server, people[number % 7]) for number in range(64)]
    wait_for(lambda: len(kept(server)) == before + 64, what="all of them to begin")
    assert refusal(people[6]) == (503, 20503, "5")
    for line in lines:
        line.sendall(CHUNK)
    for line in lines:
        with line:
            line.settimeout(30)
            assert line.recv(65_536).startswith(b"HTTP/1.1 201 ")
    assert people[6].post(CHUNK * 8).status_code == 201
    assert len(kept(server)) == before + 65


def send_for_ever(line: socket.socket) -> None:
    while True:
        line.sendall(CHUNK)


def test_strangers_do_not_hold_a_connection(server: Server) -> None:
    """Who waits after the first bytes reads why; who goes on for ever is cut off."""
    with half_sent(server, Caller(server)) as line:
        line.settimeout(30)
        told = b"".join(iter(lambda: line.recv(65_536), b""))
    assert told.startswith(b"HTTP/1.1 401 ")
    assert b"connection: close" in told.lower()
    with half_sent(server, Caller(server), size=1 << 40) as line:
        line.settimeout(30)
        with pytest.raises(ConnectionError):
            send_for_ever(line)


def test_who_sends_a_little_too_much_reads_why_and_the_connection_lives(server: Server) -> None:
    ann = person(server, "ann")
    with requests.Session() as session:
        session.headers.update(ann.headers)
        for _ in range(2):
            refused = session.post(ann.base(), data=CHUNK * 4, params={"Category": "film"}, timeout=60)
            assert (refused.status_code, refused.headers.get("Connection")) == (400, None)


BOUNDARY = "b" * 40
END = f"--{BOUNDARY}--\r\n".encode()


def form_part(*headers: str, data: bytes = b"x") -> bytes:
    return "\r\n".join([f"--{BOUNDARY}", *headers, "", ""]).encode() + data + b"\r\n"


A_FILE = form_part('Content-Disposition: form-data; name="f"; filename="a.txt"', "Content-Type: text/plain")
LONG = "x" * 9_000


@pytest.mark.parametrize(
    "body",
    [
        form_part(f'Content-Disposition: form-data; name="f"; filename="{LONG}"') + END,
        form_part(f"X-{LONG}: y") + A_FILE + END,
        form_part(*[f"X-Number-{number}: y" for number in range(1_000)]) + A_FILE + END,
        b"".join(form_part(f'Content-Disposition: form-data; name="n{number}"') for number in range(1_000)) + END,
        form_part('Content-Disposition: form-data; name="note"', data=CHUNK) + END,
        form_part(data=b"") * 2_000 + END,
        form_part('Content-Disposition: form-data; name="f"; filename="' + "n" * 300 + '"') + END,
        form_part('Content-Disposition: form-data; name="f"; filename="a"', f"Content-Type: {'t' * 300}/x") + END,
        form_part("Content Disposition: form-data") + END,
        form_part("Content-Disposition: form-data; name=f; filename*=nonsense''%ff") + END,
        A_FILE,
        A_FILE[:30],
        END,
        b"",
    ],
    ids=[
        *("a long file name", "a long header", "many headers", "many fields", "a large field", "many empty parts"),
        *("a file name that is too long", "a type that is too long", "no header", "no file name", "no end"),
        *("half a header", "no parts", "nothing"),
    ],
)
def test_forms_that_are_no_good_are_refused_and_leave_nothing(server: Server, body: bytes) -> None:
    before = kept(server)
    answer = person(server, "ann").post(body, f"multipart/form-data; boundary={BOUNDARY}")
    assert answer.status_code == 400, answer.text
    assert answer.json()["code"] in (20001, 50511)  # the latter if it is the file's type that is wrong
    wait_for(lambda: kept(server) == before, what="nothing to be left")


@pytest.mark.parametrize("boundary", ["", "; boundary=", f"; boundary={'b' * 71}"])
def test_forms_without_a_boundary_are_refused(server: Server, boundary: str) -> None:
    answer = person(server, "ann").post(A_FILE + END, f"multipart/form-data{boundary}")
    assert (answer.status_code, answer.json()["code"]) == (400, 20001), answer.text
