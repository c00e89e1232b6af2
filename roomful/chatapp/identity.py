"""The rules of names: what a person types, the identity it stands for, and the name that others see."""

import re
import unicodedata

from roomful.chatapp.errors import ApiError

MAX_IDENTITY = 64
MAX_FRIENDLY_NAME = 64
RESERVED = frozenset({"system", "admin"})

_IDENTITY = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_SID = re.compile(r"[a-z]{2}[0-9a-f]{32}")  # two letters and 32 hexadecimal digits, as Twilio's SIDs
_INVISIBLE = frozenset({"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"})
_JOINERS = "\u200c\u200d"  # Persian, Indic scripts and emoji need them


class BadName(ApiError):
    """A name that cannot be an identity; the message says why."""

    def __init__(self, why: str) -> None:
        super().__init__(400, "bad_username", why)


def to_identity(typed: str) -> str:
    """The identity for a typed username: NFKC, case folded.

    An identity is 1 to 64 of a-z, 0-9, dot, underscore and hyphen, and begins with a letter or digit. It never looks
    like a SID and is never a reserved name. Raises BadName.
    """
    name = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", typed).casefold()).strip()
    if not name:
        raise BadName("A username cannot be empty.")
    if len(name) > MAX_IDENTITY:
        raise BadName(f"A username has at most {MAX_IDENTITY} characters.")
    if not _IDENTITY.fullmatch(name):
        raise BadName(_why_not(name))
    if _SID.fullmatch(name):
        raise BadName("A username cannot look like an identifier of the service.")
    if name in RESERVED:
        raise BadName(f"The username {name} is reserved.")
    return name


def is_identity(text: str) -> bool:
    """Whether an account could have this identity. Other software's users, at the same backend, are called as they
    like; people on a phone have none."""
    return _IDENTITY.fullmatch(text) is not None


def _why_not(name: str) -> str:
    for character in name:
        if not re.fullmatch(r"[a-z0-9._-]", character):
            shown = (
                f"“{character}”"
                if character.isprintable() and not character.isspace()
                else "spaces or control characters"
            )
            return f"A username uses only the letters a to z, digits, dots, hyphens and underscores, not {shown}."
    return "A username begins with a letter or a digit."


def to_open_identity(typed: str) -> str:
    """As `to_identity`, for the name-only log-in: runs of spaces become one hyphen."""
    return to_identity("-".join(unicodedata.normalize("NFKC", typed).split()))


def to_friendly_name(typed: str) -> str:
    """The name that people see: NFC, spaces collapsed, 1 to 64 characters, nothing invisible.

    Raises ApiError `bad_request`.
    """
    name = " ".join(unicodedata.normalize("NFC", typed).split())
    if not 1 <= len(name) <= MAX_FRIENDLY_NAME:
        raise ApiError(400, "bad_request", f"A name has 1 to {MAX_FRIENDLY_NAME} characters.")
    if any(_invisible(c) for c in name):
        raise ApiError(400, "bad_request", "A name cannot contain control characters.")
    return name


def to_shown_name(told: str | None, identity: str) -> str:
    """The name to show for a user whom the backend calls `told`. There any text is a name, and people set theirs
    through the SDK, so it is made to keep the rules of `to_friendly_name`; if nothing is left, it is the identity."""
    visible = "".join(c for c in told or "" if c.isspace() or not _invisible(c))
    name = " ".join(unicodedata.normalize("NFC", visible).split())[:MAX_FRIENDLY_NAME].rstrip()
    return name if name.strip(_JOINERS + " ") else identity


def _invisible(character: str) -> bool:
    return unicodedata.category(character) in _INVISIBLE and character not in _JOINERS
