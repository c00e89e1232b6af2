"""Addresses of people outside the chat (docs/rest.md, "People outside the chat")."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from .errors import invalid
from .limits import is_storable

_PHONE = re.compile(r"\+[1-9][0-9]{5,14}")
_EMAIL = re.compile(
    r"[^\s\x00-\x1f\x7f\ud800-\udfff@<>(),;:\"\[\]\\]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?"
)
_WHATSAPP: Final = "whatsapp:"
LEVELS: Final = ("to", "cc", "bcc")
NAME_CHARS: Final = 256


@dataclass(frozen=True, slots=True)
class Binding:
    """Where somebody is reached: `address` is the person's, `proxy_address` the service's own.

    Both are telephone numbers in E.164, the same behind "whatsapp:", or e-mail addresses. Name and level (to, cc, bcc)
    are of e-mail.
    """

    address: str
    proxy_address: str
    name: str | None = None
    level: str | None = None

    def check(self) -> str:
        """The participant's type. Raises 50407, 50408, 50409, 50411, 50412, 50414 or 20001 (400)."""
        if not self.address:
            raise invalid(50411, "The address of a messaging binding is empty")
        if not self.proxy_address:
            raise invalid(50412, "The proxy address of a messaging binding is empty")
        kind, proxy_kind = kind_of(self.address), kind_of(self.proxy_address)
        if kind is None:
            raise invalid(50407, "The address must be a telephone number, whatsapp: and one, or an e-mail address")
        if proxy_kind is None:
            raise invalid(50408, "The proxy address must be a telephone number, whatsapp: and one, or e-mail")
        if self.address.lower() == self.proxy_address.lower():
            raise invalid(50409, "Address and proxy address of a messaging binding are equal")
        if kind != proxy_kind:
            raise invalid(50414, "Address and proxy address of a messaging binding are of different types")
        self._check_email(kind)
        return kind

    def _check_email(self, kind: str) -> None:
        if kind != "email" and (self.name is not None or self.level is not None):
            raise invalid(20001, "Name and level belong to bindings of type email")
        if self.level is not None and self.level not in LEVELS:
            raise invalid(20001, "The level of an e-mail binding must be to, cc or bcc")
        if self.name is not None and not (is_storable(self.name) and len(self.name) <= NAME_CHARS):
            raise invalid(20001, f"The name of an e-mail binding is text of {NAME_CHARS} characters at most")

    def pair(self, service_sid: str) -> str:
        """What is in one open conversation of the service at a time."""
        return f"{service_sid} {self.address.lower()} {self.proxy_address.lower()}"


def kind_of(address: str) -> str | None:
    """The type of participant that an address belongs to; None if it is none."""
    if _PHONE.fullmatch(address):
        return "sms"
    if address.startswith(_WHATSAPP):
        return "whatsapp" if _PHONE.fullmatch(address.removeprefix(_WHATSAPP)) else None
    return "email" if _EMAIL.fullmatch(address) else None
