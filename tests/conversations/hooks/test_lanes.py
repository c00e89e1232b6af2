"""Whose turn it is: any order of news, successes, failures and time."""

from __future__ import annotations

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from roomful.conversations.hooks.lanes import LONGEST_SLEEP, Lane, Lanes

AT_ONCE = 2
keys = st.tuples(st.sampled_from("abc"), st.sampled_from("12345"))
chosen = st.integers(0, 100)


class Machine(RuleBasedStateMachine):
    """Lanes beside what they must hold: `left` counts what nobody has looked at yet."""

    def __init__(self) -> None:
        super().__init__()
        self.lanes = Lanes(AT_ONCE)
        self.now = 0
        self.left: dict[tuple[str, str], int] = {}
        self.working: dict[tuple[str, str], tuple[Lane, int]] = {}
        self.failing: set[str] = set()

    @rule(told=st.lists(keys, max_size=4), again=st.booleans())
    def told(self, told: list[tuple[str, str]], again: bool) -> None:
        self.lanes.told(told, again=again)
        for key in told:
            self.left[key] = self.left.get(key, 0) + 1

    @rule()
    def take(self) -> None:
        lane = self.lanes.take()
        if lane is None:
            return
        key = (lane.target, lane.stream)
        assert key not in self.working, "a lane is never at work twice"
        busy = sum(target == lane.target for target, _ in self.working)
        assert busy < (1 if lane.target in self.failing else AT_ONCE)
        self.working[key] = (lane, self.left[key])

    @rule(n=chosen, answered=st.integers(0, 3), failed=st.booleans(), sleep=st.integers(0, 2 * LONGEST_SLEEP))
    @precondition(lambda self: self.working)
    def end(self, n: int, answered: int, failed: bool, sleep: int) -> None:
        key = list(self.working)[n % len(self.working)]
        lane, seen = self.working.pop(key)
        for _ in range(answered):
            assert self.lanes.answered(lane) == (lane.target in self.failing)
            self.failing.discard(lane.target)
        if failed:
            assert self.lanes.failed(lane) == (lane.target not in self.failing)
            self.failing.add(lane.target)
            self.lanes.sleep(lane, self.now + sleep, self.now + sleep // 2)
        elif answered == 3:
            self.lanes.more(lane)
        else:
            self.lanes.done(lane)
            self.left[key] -= seen
            if not self.left[key]:
                del self.left[key]
        if not any(target == lane.target for target, _ in self.left):
            self.failing.discard(lane.target)

    @rule(milliseconds=st.integers(-LONGEST_SLEEP, 2 * LONGEST_SLEEP))
    def pass_time(self, milliseconds: int) -> None:
        self.now += milliseconds
        self.lanes.wake(self.now)
        due = self.lanes.next_due()
        assert due is None or self.now < due <= self.now + LONGEST_SLEEP

    @rule()
    def forget(self) -> None:
        self.lanes.forget()
        self.left = {key: self.left[key] for key in self.working}
        self.failing &= {target for target, _ in self.working}

    @invariant()
    def nothing_is_lost(self) -> None:
        assert len(self.lanes) == len(self.left)

    def teardown(self) -> None:
        """Whatever was, in the end each lane gets its turn."""
        self.now += 10 * LONGEST_SLEEP
        self.lanes.wake(self.now)
        rounds = 0
        while self.left:
            while self.working:
                self.end(0, 1, False, 0)
            self.take()
            rounds += 1
            assert rounds < 1_000


TestLanes = Machine.TestCase


def test_targets_take_turns() -> None:
    lanes = Lanes(at_once=8)
    lanes.told([("many", str(n)) for n in range(20)])
    lanes.told([("few", "1"), ("few", "2")])
    first = [lanes.take() for _ in range(5)]
    assert [lane and lane.target for lane in first] == ["many", "few", "many", "few", "many"]


def test_a_lane_that_has_more_goes_behind_the_others() -> None:
    lanes = Lanes(at_once=1)
    lanes.told([("t", "1"), ("t", "2"), ("t", "3")])
    seen = []
    for _ in range(6):
        lane = lanes.take()
        assert lane is not None
        seen.append(lane.stream)
        lanes.more(lane)
    assert seen == ["1", "2", "3"] * 2


def asleep(lanes: Lanes, stream: str, due: int, soonest: int) -> Lane:
    lanes.told([("t", stream)])
    lane = lanes.take()
    assert lane is not None
    lanes.failed(lane)
    lanes.sleep(lane, due, soonest)
    return lane


@pytest.mark.parametrize(("now", "awake"), [(999, False), (1_000, True)])
def test_success_wakes_others_but_not_before_they_rested(now: int, awake: bool) -> None:
    lanes = Lanes(at_once=8)
    tired = asleep(lanes, "tired", 600_000, 1_000)
    lanes.told([("t", "fresh")])
    fresh = lanes.take()
    assert fresh is not None
    lanes.answered(fresh)
    lanes.done(fresh)
    lanes.wake(now)
    assert lanes.take() is (tired if awake else None)
    assert tired.early == awake


def test_success_wakes_the_same_lane_not_twice_in_a_row() -> None:
    lanes = Lanes(at_once=8)
    lane = asleep(lanes, "refused", 10_000, 0)
    lanes.told([("t", "fresh")])
    fresh = lanes.take()
    assert fresh is not None
    lanes.answered(fresh)
    lanes.wake(0)
    assert lanes.take() is lane
    lanes.failed(lane)
    lanes.sleep(lane, 20_000, 1_000)
    lanes.answered(fresh)
    lanes.wake(19_999)
    assert lanes.take() is None
    lanes.wake(20_000)
    assert lanes.take() is lane
    assert not lane.early
