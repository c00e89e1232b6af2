"""Callers at once, and callers who send anything at all."""

from __future__ import annotations

import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from roomful.conversations.rest.routes import PATHS

from .conftest import Wire

AT_ONCE = 8
NAMES = (
    *("FriendlyName", "UniqueName", "Attributes", "State", "DateCreated", "DateUpdated", "Identity", "RoleSid"),
    *("LastReadMessageIndex", "LastReadTimestamp", "Author", "Body", "Subject", "NotificationLevel", "Type"),
    *("Permission", "DefaultChatServiceSid", "ReachabilityEnabled", "DefaultConversationRoleSid", "Order"),
    *("PageSize", "Page", "PageToken", "StartDate", "EndDate", "Timers.Inactive", "Timers.Closed", "Unknown"),
)
VALUES = st.one_of(
    st.text(max_size=40),
    st.integers().map(str),
    st.datetimes().map(str),
    st.sampled_from(
        ["{}", "[]", '{"cid":"x"}', "true", "active", "closed", "service", "asc", "", "\x00", "CH" + "0" * 32, "PT1H"]
    ),
)


def at_once(wire: Wire, path: str, form: dict[str, str]) -> Counter[int]:
    """The statuses of the same request, sent by several callers."""
    with ThreadPoolExecutor(AT_ONCE) as threads:
        return Counter(threads.map(lambda _: wire.post(path, form).status, range(AT_ONCE)))


def test_of_many_at_once_one_wins(wire: Wire) -> None:
    once = {201: 1, 409: AT_ONCE - 1}
    assert at_once(wire, "/v1/Users", {"Identity": "jo"}) == once
    assert at_once(wire, "/v1/Conversations", {"UniqueName": "one"}) == once
    assert at_once(wire, "/v1/Conversations/one/Participants", {"Identity": "new"}) == once
    assert at_once(wire, "/v1/Conversations/one/Messages", {"Body": "x"}) == {201: AT_ONCE}
    indexes = [message["index"] for message in wire.get("/v1/Conversations/one/Messages").json["messages"]]
    assert indexes == list(range(AT_ONCE))


def test_a_repeated_send_at_once_is_one_message(wire: Wire) -> None:
    wire.post("/v1/Conversations", {"UniqueName": "one"})
    form = {"Body": "x", "Author": "jo", "Attributes": '{"cid":"4f1c"}'}
    assert at_once(wire, "/v1/Conversations/one/Messages", form) == {201: AT_ONCE}
    assert len(wire.get("/v1/Conversations/one/Messages").json["messages"]) == 1


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,  # a failure must be the change's fault
)
@given(
    path=st.sampled_from(sorted(PATHS)),
    names=st.lists(st.one_of(st.just("one"), st.just("jo"), VALUES), min_size=4, max_size=4),
    method=st.sampled_from(["GET", "POST", "DELETE"]),
    form=st.lists(st.tuples(st.sampled_from(NAMES), VALUES), max_size=4),
)
def test_whatever_is_sent_the_answer_is_json_and_no_failure(
    wire: Wire, path: str, names: list[str], method: str, form: list[tuple[str, str]]
) -> None:
    wire.post("/v1/Conversations", {"UniqueName": "one"})
    wire.post("/v1/Conversations/one/Participants", {"Identity": "jo"})
    service = wire.get("/v1/Configuration").json["default_chat_service_sid"]
    path = path.replace("{service}", service if names[0] in ("one", "jo") else quote(names[0], safe=""))
    given_names = iter(names[1:])
    path = re.sub(r"\{\w+\}", lambda _: quote(next(given_names), safe="") or "x", path)
    encoded = "&".join(f"{quote(name)}={quote(value)}" for name, value in form)
    reply = wire.send(method, path + (f"?{encoded}" if method == "GET" else ""), encoded.encode() or None)
    assert reply.status in (200, 201, 204, 400, 404, 405, 409), reply.text
    if reply.status >= 400:
        assert reply.code
    elif reply.status != 204:
        assert reply.json
