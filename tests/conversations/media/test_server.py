"""A real server whose media are in an object store, over HTTP from end to end."""

from __future__ import annotations

import os
from urllib.request import urlopen

import requests

from tests.conftest import MakeServer
from tests.media.uploader import account, person
from tests.servers import twilio_client, wait_for


def objects(endpoint: str) -> str:
    """What the S3 server lists in the bucket."""
    with urlopen(f"{endpoint}/media?list-type=2") as answer:
        return str(answer.read().decode())


def test_media_in_an_object_store_live_and_go_with_their_message(
    start_server: MakeServer, s3_url: str, s3_endpoint: str
) -> None:
    keys = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
    server = start_server("--only", "service", MEDIA_URL=s3_url, **keys)
    whole = os.urandom(9_000_000)  # more than one part
    sid = person(server, "ann").upload(whole, "video/mp4", Filename="film.mp4")["sid"]
    assert f"chat/{sid}" in objects(s3_endpoint)
    link = person(server, "ann").link(sid)
    answer = requests.get(link, timeout=30)
    assert answer.content == whole
    assert answer.headers["Content-Disposition"].startswith("inline")
    part = requests.get(link, headers={"Range": "bytes=2000000-4999999"}, timeout=30)
    assert (part.status_code, part.content) == (206, whole[2_000_000:5_000_000])

    rooms = twilio_client(server).conversations.v1.services(server.credentials["service_sid"]).conversations
    room = rooms.create(friendly_name="#films")
    rooms(room.sid).messages.create(author="ann", media_sid=sid)
    assert account(server).record(sid).json()["channel_sid"] == room.sid
    rooms(room.sid).delete()
    wait_for(lambda: sid not in objects(s3_endpoint), what="the sweeper")
    assert requests.get(link, timeout=30).status_code == 404
    assert not (server.instance / "media").exists()
    assert "Files cannot" not in server.log
    assert ".roomful-probe" not in objects(s3_endpoint)
    assert "secret-of-the-tests" not in server.log
    assert "Signature=" not in server.log


def test_an_object_store_that_is_away_is_told_and_comes_back(
    start_server: MakeServer, s3_url: str, s3_endpoint: str
) -> None:
    keys = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
    server = start_server("--only", "service", MEDIA_URL="s3://media-later", **keys)
    wait_for(lambda: "Files cannot be uploaded now: s3://media-later cannot be used" in server.log, what="the warning")
    ann = person(server, "ann")
    refused = ann.post(b"x" * 1_000, "text/plain")
    assert (refused.status_code, refused.json()["code"]) == (503, 20503)
    requests.put(f"{s3_endpoint}/media-later", timeout=30)
    sid = ann.upload(b"hello", "text/plain")["sid"]
    assert requests.get(ann.link(sid), timeout=30).content == b"hello"
    assert "Traceback" not in server.log
