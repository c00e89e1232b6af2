"""SIDs."""

from __future__ import annotations

import re

from roomful.conversations.ids import Sids


def test_form() -> None:
    assert re.fullmatch(r"CH[0-9a-f]{32}", Sids()("CH"))


def test_each_is_greater_than_all_before_whatever_the_clock_does() -> None:
    times = iter([1000, 1000, 1000, 900, 1001, 1, 5000, 5000])
    sids = Sids(lambda: next(times))
    made = [sids("IM") for _ in range(8)]
    assert made == sorted(made)
    assert len(set(made)) == 8
    assert int(made[-2][2:14], 16) == 5000
