"""Names of Sync objects lead to their streams and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomful.conversations.core.dates import iso
from roomful.conversations.sync.objects import Kind, Ref, ref_of

hexes = st.text("0123456789abcdefABCDEF", min_size=32, max_size=32)


@given(st.sampled_from(Kind), hexes)
def test_sid_and_unique_name_lead_back(kind: Kind, digits: str) -> None:
    ref = Ref(kind, kind.stream_prefix + digits)
    assert ref_of(ref.sid) == ref
    assert ref_of(kind.unique_name(ref.stream)) == ref


@given(hexes)
def test_no_two_objects_share_a_name(digits: str) -> None:
    refs = [Ref(kind, kind.stream_prefix + digits) for kind in Kind]
    assert len({ref.sid for ref in refs} | {ref.kind.unique_name(ref.stream) for ref in refs}) == 2 * len(refs)


@pytest.mark.parametrize(
    "name",
    ["", "ET", "ET" + "g" * 32, "CH" + "0" * 32, f"CH{'0' * 32}.info", f"US{'0' * 32}.roster", f"ET{'0' * 32}\n"],
)
def test_other_names_name_nothing(name: str) -> None:
    assert ref_of(name) is None


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (1_795_341_575_677, "2026-11-22T09:59:35.677Z"),
        (-1, "1969-12-31T23:59:59.999Z"),
    ],
)
def test_times(milliseconds: int, text: str) -> None:
    assert iso(milliseconds) == text
