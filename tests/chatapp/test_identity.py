"""Names: what may be an identity, and that nothing typed gets around it."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomful.chatapp.errors import ApiError
from roomful.chatapp.identity import RESERVED, BadName, to_friendly_name, to_identity, to_open_identity

IDENTITY = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
identities = st.from_regex(IDENTITY, fullmatch=True)


def identity_or_none(typed: str) -> str | None:
    try:
        return to_identity(typed)
    except BadName:
        return None


@given(st.text() | identities | st.text(alphabet="aAbBıİſKＡ._- ②@/#?%0"))
def test_an_identity_keeps_all_rules_whatever_was_typed(typed: str) -> None:
    identity = identity_or_none(typed)
    if identity is None:
        return
    assert IDENTITY.fullmatch(identity)
    assert identity not in RESERVED
    assert not re.fullmatch(r"[A-Za-z]{2}[0-9a-fA-F]{32}", identity)
    assert to_identity(identity) == identity, "an identity stands for itself"


@given(st.text())
def test_letter_case_and_compatibility_forms_make_no_second_person(typed: str) -> None:
    identity = identity_or_none(typed)
    if identity is not None:
        assert identity_or_none(typed.upper()) in (identity, None)
        assert identity_or_none(unicodedata.normalize("NFKD", typed)) in (identity, None)


@given(identities, st.data())
def test_full_width_letters_are_the_same_name(name: str, data: st.DataObject) -> None:
    wide = "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" and data.draw(st.booleans()) else c for c in name)
    assert identity_or_none(wide) == identity_or_none(name)


@pytest.mark.parametrize("typed", ["system", "ADMIN", "ａｄｍｉｎ", " Admin ", "CH" + "0a" * 16, "is" + "F" * 32])
def test_reserved_names_and_sid_look_alikes_are_refused(typed: str) -> None:
    with pytest.raises(BadName):
        to_identity(typed)


@pytest.mark.parametrize(
    "typed",
    ["", "  ", ".ana", "-ana", "_ana", "a" * 65, "ana maria", "ána", "../roles", "a/b", "a#b", "a?b", "a\nb", "\ud800"],
)
def test_what_is_no_identity_is_refused_with_a_reason(typed: str) -> None:
    with pytest.raises(BadName) as refusal:
        to_identity(typed)
    assert refusal.value.message.endswith(".")
    assert refusal.value.message.isprintable()


def test_open_mode_turns_spaces_into_hyphens() -> None:
    assert to_open_identity("  Ana  María".replace("í", "i")) == "ana-maria"
    assert to_open_identity("Bo\u00a0Li") == "bo-li"


@given(st.text())
def test_a_friendly_name_is_one_visible_line(typed: str) -> None:
    try:
        name = to_friendly_name(typed)
    except ApiError:
        return
    assert 1 <= len(name) <= 64
    assert name == name.strip()
    assert not any(unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") for c in name)
    assert to_friendly_name(name) == name


def test_a_friendly_name_cannot_turn_the_text_around() -> None:
    with pytest.raises(ApiError):
        to_friendly_name("ana \u202e gpj.exe")
    assert to_friendly_name("👩\u200d🚀 Ana") == "👩\u200d🚀 Ana"
