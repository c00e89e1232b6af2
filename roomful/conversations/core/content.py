"""Content templates: prepared messages with variables, in several forms (docs/rest.md, "Content templates")."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from . import errors, limits
from .model import ContentTemplate, Service
from .permissions import require_account
from .ports import Actor, Needs, Tx, key

TYPE_PREFIX: Final = "application/x-vnd.com.twilio.rich."
"""What the content type of a message's data begins with; its form's name follows, with a dot for the slash."""
MAX_TEMPLATES: Final = 1_000
TEMPLATE_BYTES: Final = 32 * 1024
RENDERED_CHARS: Final = 256 * 1024
"""What variables may add to a template: each may be there thousands of times, and be long."""
NAME_CHARS: Final = 512
_TYPE: Final = re.compile(r"[a-z0-9]{1,32}/[a-z0-9-]{1,64}")
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}([_-][A-Za-z]{2,4})?")
_VARIABLE: Final = re.compile(r"\{\{\s*([A-Za-z0-9_]{1,64})\s*\}\}")
_TEXT, _TEXTS, _OBJECTS = "text", "a list of texts", "a list of objects"
_REQUIRED: Final[Mapping[str, Mapping[str, str]]] = {
    "twilio/text": {"body": _TEXT},
    "twilio/media": {"media": _TEXTS},
    "twilio/location": {},
    "twilio/quick-reply": {"body": _TEXT, "actions": _OBJECTS},
    "twilio/call-to-action": {"body": _TEXT, "actions": _OBJECTS},
    "twilio/list-picker": {"body": _TEXT, "button": _TEXT, "items": _OBJECTS},
    "twilio/card": {"title": _TEXT},
}
"""The forms that clients show, from the plainest to the richest; what of each they read without asking."""
_OPTIONAL: Final[Mapping[str, Mapping[str, str]]] = {"twilio/card": {"media": _TEXTS, "actions": _OBJECTS}}
"""What they read as this if it is there. One template that they cannot read would hide all the others from them."""


def _object(text: str, what: str) -> dict[str, Any]:
    value = limits.attributes(text, TEMPLATE_BYTES)
    if not isinstance(value, dict):
        raise errors.invalid(20001, f"{what} must be a JSON object")
    return value


@dataclass(frozen=True, slots=True)
class CreateContentTemplate:
    """Keep a template for all services of the account. Account credentials only.

    variables: JSON text of an object, each variable's default text by its name. types: JSON text of an object, the
    content's forms by their type; null stands for what is not there, as Twilio's libraries
    send it. Raises 20001, 50303 or 50304 (400).
    """

    exclusive: ClassVar = True

    friendly_name: str | None
    language: str
    variables: str
    types: str

    def needs(self, actor: Actor) -> Needs:
        return Needs(rows=(key(Service, sid=actor.service_sid),))

    def decide(self, actor: Actor, tx: Tx) -> ContentTemplate:
        require_account(actor, "make content templates")
        service = tx.one(Service, sid=actor.service_sid)
        if service is None:
            raise errors.service_not_found()
        types = self._checked_types()
        known = tx.page(ContentTemplate, order="sid", limit=MAX_TEMPLATES, account_sid=service.account_sid)
        if len(known) >= MAX_TEMPLATES:
            raise errors.invalid(20001, f"There are {MAX_TEMPLATES} content templates already")
        template = ContentTemplate(
            sid=tx.sid("HX"),
            account_sid=service.account_sid,
            friendly_name=self.friendly_name or None,
            language=self.language,
            variables=self.variables,
            types=types,
            date_created=tx.now,
            date_updated=tx.now,
        )
        tx.add(template)
        return template

    def _checked_types(self) -> str:
        name = self.friendly_name or ""
        if not limits.is_storable(name) or len(name) > NAME_CHARS:
            raise errors.invalid(20001, f"A template's friendly name is text of {NAME_CHARS} characters at most")
        if not _LANGUAGE.fullmatch(self.language):
            raise errors.invalid(20001, "A template's language must be a code such as en or pt_BR")
        variables, types = _object(self.variables, "variables"), _without_nulls(_object(self.types, "types"))
        if not all(re.fullmatch(r"[A-Za-z0-9_]{1,64}", each) for each in variables):
            raise errors.invalid(20001, "A variable's name has letters, digits and underscores only")
        if not all(isinstance(value, str) for value in variables.values()):
            raise errors.invalid(20001, "A variable's default must be text")
        if not types:
            raise errors.invalid(20001, "A template needs at least one type")
        for kind, data in types.items():
            _check_form(kind, data)
        kept = json.dumps(types, ensure_ascii=False, separators=(",", ":"))
        if not limits.is_storable(kept):
            raise errors.invalid(20001, "A template's types hold half a character")
        return kept


def _without_nulls(value: Any) -> Any:
    """The value without the fields that are null; its depth is bounded."""
    if isinstance(value, dict):
        return {name: _without_nulls(item) for name, item in value.items() if item is not None}
    return [_without_nulls(item) for item in value] if isinstance(value, list) else value


def _check_form(kind: str, data: Any) -> None:
    if not _TYPE.fullmatch(kind):
        raise errors.invalid(20001, "A template's types have names such as twilio/text")
    if not isinstance(data, dict):
        raise errors.invalid(20001, f"The type {kind} must be a JSON object")
    required = _REQUIRED.get(kind, {})
    for name, shape in {**required, **_OPTIONAL.get(kind, {})}.items():
        if name not in data and name in required:
            raise errors.invalid(20001, f"The type {kind} needs {name}, which must be {shape}")
        if name in data and not _is(data[name], shape):
            raise errors.invalid(20001, f"{name} of the type {kind} must be {shape}")


def _is(value: Any, shape: str) -> bool:
    if shape == _TEXT:
        return isinstance(value, str)
    inner = str if shape == _TEXTS else dict
    return isinstance(value, list) and all(isinstance(item, inner) for item in value)


@dataclass(frozen=True, slots=True)
class DeleteContentTemplate:
    """Forget a template; messages made from it stay as they are. Account credentials only."""

    exclusive: ClassVar = True

    sid: str

    def needs(self, actor: Actor) -> Needs:
        return Needs(rows=(key(ContentTemplate, sid=self.sid), key(Service, sid=actor.service_sid)))

    def decide(self, actor: Actor, tx: Tx) -> None:
        require_account(actor, "delete content templates")
        service, template = tx.one(Service, sid=actor.service_sid), tx.one(ContentTemplate, sid=self.sid)
        if service is None or template is None or template.account_sid != service.account_sid:
            raise errors.template_not_found()
        tx.remove(template)


@dataclass(frozen=True, slots=True)
class Rendered:
    """A template whose variables have values: the message's text, and the data of its form for clients that show it."""

    body: str | None
    content_type: str
    data: bytes


def rendered(template: ContentTemplate, variables: str | None) -> Rendered:
    """The template's richest form with these variables, the JSON text of an object of texts; its text is the plain one.

    A variable that is not given has its default; one that has none stays as it is written. Raises 50527 (400), also
    when the variables would make more of the template than one may be.
    """
    given: dict[str, str] = json.loads(template.variables)
    if variables:
        try:
            asked = limits.attributes(variables, TEMPLATE_BYTES)
        except errors.ServiceError:
            asked = None
        if not isinstance(asked, dict) or not all(isinstance(value, str) for value in asked.values()):
            raise errors.invalid(50527, "Content variables must be a JSON object of texts")
        given |= asked
    forms: dict[str, dict[str, Any]] = json.loads(template.types)
    if sum(len(given.get(found[1], "")) for found in _VARIABLE.finditer(template.types)) > RENDERED_CHARS:
        raise errors.invalid(50527, "Content variables are too long for this template")
    kind = _richest(forms)
    data = _filled(forms[kind], given)
    text = _text(_filled(forms.get("twilio/text", {}), given)) or _text(data)
    shown = json.dumps({"data": data}, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")
    return Rendered(text, TYPE_PREFIX + kind.replace("/", ".", 1), shown)


def _richest(forms: Mapping[str, Any]) -> str:
    """Of the forms that clients show the richest, as at Twilio, whatever their order; else the first."""
    shown = [kind for kind in _REQUIRED if kind in forms]
    return shown[-1] if shown else next(iter(forms))


def _text(form: Mapping[str, Any]) -> str | None:
    return next((form[name] for name in ("body", "title", "label") if isinstance(form.get(name), str)), None)


def _filled(value: Any, variables: Mapping[str, str]) -> Any:
    """The value with variables in all its texts; its depth was bounded when it came."""
    if isinstance(value, str):
        return _VARIABLE.sub(lambda found: variables.get(found[1], found[0]), value)
    if isinstance(value, list):
        return [_filled(item, variables) for item in value]
    if isinstance(value, dict):
        return {name: _filled(item, variables) for name, item in value.items()}
    return value
