"""What the chat app writes into a message's attributes: bounded, whole, and of what others wrote nothing lost. Who is
mentioned, and what is an emoji."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roomful.chatapp.attributes import (
    BUDGET,
    DEMO,
    SHOWN,
    read_attributes,
    shown_in_demo,
    with_reactions,
    with_text,
    write_attributes,
)
from roomful.chatapp.emoji import MAX_BYTES, to_emoji
from roomful.chatapp.mentioning import mentioned
from roomful.chatapp.reacting import MAX_EMOJI

FOX = "🦊"
PICKER = Path(__file__).parents[2] / "node_modules/emojibase-data/en/data.json"


def people(count: int, length: int = 4) -> list[str]:
    return [f"p{number:03}".ljust(length, "x") for number in range(count)]


def size(attributes: dict[str, Any]) -> int:
    return len(write_attributes(attributes).encode())


def test_twenty_names_are_written_out_and_of_more_the_number() -> None:
    assert with_reactions({}, {FOX: people(SHOWN)}) == {"rx": {FOX: people(SHOWN)}}
    assert with_reactions({}, {FOX: people(57)}) == {"rx": {FOX: {"n": 57, "u": people(20)}}}


def test_names_are_left_out_before_reactions_are() -> None:
    crowds = {chr(0x1F400 + number): people(1000, 64) for number in range(MAX_EMOJI)}
    shown = with_reactions({"cid": "c1"}, crowds)
    assert size(shown) <= BUDGET
    assert {emoji: said["n"] for emoji, said in shown["rx"].items()} == dict.fromkeys(crowds, 1000)
    full = {"t": "x" * (BUDGET - 200)}
    shown = with_reactions(full, crowds)
    assert size(shown) <= BUDGET
    assert 0 < len(shown["rx"]) < MAX_EMOJI
    assert list(shown["rx"]) == list(crowds)[: len(shown["rx"])]
    assert with_reactions({"t": "x" * BUDGET}, crowds) == {"t": "x" * BUDGET}


emoji = st.sampled_from([*DEMO.values(), *(chr(0x1F400 + number) for number in range(MAX_EMOJI)), "👩🏽‍❤️‍💋‍👨🏾"])
names = st.lists(st.text("abc-😀", min_size=1, max_size=64), min_size=1, max_size=120, unique=True)
values = st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=80), st.lists, max_leaves=4)


@settings(max_examples=200)
@given(
    st.dictionaries(st.text(max_size=20), values, max_size=6),
    st.dictionaries(emoji, names, max_size=MAX_EMOJI),
    st.lists(st.text(max_size=64), max_size=60, unique=True),
)
def test_whatever_there_is(others: dict[str, Any], reactions: dict[str, list[str]], mentions: list[str]) -> None:
    edited = with_text(others, 1, mentions)
    shown = with_reactions(edited, reactions)
    kept = {key: value for key, value in others.items() if key not in ("rx", "reactions", "m", "ed")}
    assert kept.items() <= shown.items()
    assert shown["ed"] == 1
    assert shown.get("m", []) == mentions[: len(shown.get("m", []))]
    assert size(shown) <= max(BUDGET, size(with_reactions(edited, {})))
    for each, said in shown.get("rx", {}).items():
        listed, number = (said, len(said)) if isinstance(said, list) else (said["u"], said["n"])
        assert number == len(reactions[each])
        assert listed == reactions[each][: len(listed)]
    for each, listed in (shown_in_demo(shown) or {}).items():
        assert listed == reactions.get(each, [])[: len(listed)]
    assert with_reactions(shown, reactions) == shown
    assert read_attributes(write_attributes(shown)) == shown


@pytest.mark.parametrize(
    "text", [None, "", "[]", "7", "null", "{", '{"a": NaN', "\x00", "[" * 100_000, '{"a":' * 5000, '"x"']
)
def test_what_is_no_object_is_empty(text: str | None) -> None:
    assert read_attributes(text) == {}


def test_what_json_can_hold_is_kept() -> None:
    text = '{"a": "\\ud800", "b": 1e400, "c": -1e999, "d": 123456789012345678901234567890, "e": "ü\\u0000"}'
    written = write_attributes(read_attributes(text))
    assert json.loads(written)["a"] == "\ud800"
    assert "Infinity" not in written
    assert written.encode()
    assert json.loads(written)["d"] == 123456789012345678901234567890


# --- mentions --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("@ana", ["ana"]),
        ("Hi @ANA, @bo. And @ana!", ["ana", "bo"]),
        ("@ana-maria @ana.b", ["ana.b"]),
        ("@bo...", ["bo"]),
        ("(@bo)", ["bo"]),
        ("x@ana @@ana /@ana -@ana .@ana é@ana", []),
        ("`@ana` ```\n@bo\n``` @bo", ["bo"]),
        ("```@ana", []),
        ("`@ana\n`", ["ana"]),
        ("@room. @rooms", ["@room"]),
        ("", []),
    ],
)
def test_how_somebody_is_mentioned(text: str, found: list[str]) -> None:
    """As in web/src/chat/mentions.ts."""
    assert mentioned(text, ["ana", "bo", "ana.b", "@room"]) == found


# --- emoji ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "emoji"),
    [
        ("👍", "👍"),
        ("👍🏽", "👍🏽"),
        ("❤", "❤️"),
        ("❤️", "❤️"),
        ("⌚️", "⌚"),
        ("1⃣", "1️⃣"),
        ("*️⃣", "*️⃣"),
        ("🇩🇪", "🇩🇪"),
        ("🏳‍🌈", "🏳️‍🌈"),
        ("🏴󠁧󠁢󠁥󠁮󠁧󠁿", "🏴󠁧󠁢󠁥󠁮󠁧󠁿"),
        ("☝🏽", "☝🏽"),
        ("🕵🏽‍♂", "🕵🏽‍♂️"),
        ("👩‍❤‍💋‍👨", "👩‍❤️‍💋‍👨"),
        ("👨‍👩‍👧‍👦", "👨‍👩‍👧‍👦"),
        ("\U0001faf8", "\U0001faf8"),
        ("🏻", "🏻"),
    ],
)
def test_emoji(typed: str, emoji: str) -> None:
    assert to_emoji(typed) == emoji == to_emoji(emoji)


def test_all_that_our_picker_offers() -> None:
    """Letters of flags are in its list, too; alone they are none."""
    rows = json.loads(PICKER.read_text())
    every = {row["emoji"] for row in rows} | {skin["emoji"] for row in rows for skin in row.get("skins", [])}
    assert len(every) > 3500
    refused = {each for each in every if to_emoji(each) is None}
    assert refused == {chr(letter) for letter in range(0x1F1E6, 0x1F200)}
    spelled = {to_emoji(each) for each in every - refused}
    assert len(spelled) == len(every - refused)


@given(st.text(max_size=12) | st.text("👍❤️\u200d\ufe0f🏽🇩0#\u20e3\U000e0067\U000e007f", max_size=24))
def test_only_emoji_are_emoji(typed: str) -> None:
    found = to_emoji(typed)
    if found is not None:
        assert len(found.encode()) <= MAX_BYTES
        assert found.replace("\ufe0f", "") == typed.replace("\ufe0f", "")
        assert any(ord(character) > 0x2000 or character in "©®" for character in found)
        assert to_emoji(found) == found
