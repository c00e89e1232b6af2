"""Commands on address configurations: for account credentials only.

They say what would happen to a message from outside to one of the account's addresses. This server has no carrier, so
none arrives: they are kept and shown.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Final

from . import errors, limits
from .bindings import kind_of
from .lookup import the_account
from .model import AddressConfiguration, Service
from .permissions import require_account
from .ports import UNSET, Actor, Needs, Tx, Unset, given
from .webhook_configuration import event_filters
from .webhooks import CONVERSATION_EVENTS

TYPES: Final = ("sms", "whatsapp", "messenger", "gbm", "email", "rcs", "apple", "chat")
AUTO_TYPES: Final = ("default", "webhook", "studio")
_SHORT_CODE = re.compile(r"[0-9]{3,8}")
_COUNTRY = re.compile(r"[A-Za-z]{2}")


@dataclass(frozen=True, slots=True)
class AutoCreation:
    """How a conversation would be made for a message to the address.

    What belongs to another `type` (a webhook's URL, method and filters; a Studio flow and its retries) cannot be given.
    """

    enabled: bool | Unset = UNSET
    type: str | Unset = UNSET
    conversation_service_sid: str | Unset = UNSET
    webhook_url: str | Unset = UNSET
    webhook_method: str | Unset = UNSET
    webhook_filters: tuple[str, ...] | Unset = UNSET
    studio_flow_sid: str | Unset = UNSET
    studio_retry_count: int | Unset | None = UNSET

    def over(self, tx: Tx, old: AddressConfiguration) -> dict[str, Any]:
        """The columns of `old` that become others."""
        type_ = old.auto_type if isinstance(self.type, Unset) else self._type(self.type)
        changes: dict[str, Any] = {"auto_type": type_, **given(auto_enabled=self.enabled)}
        if not isinstance(self.conversation_service_sid, Unset):
            changes["auto_service_sid"] = self._service(tx, self.conversation_service_sid)
        return changes | self._of_webhook(old, type_) | self._of_studio(old, type_)

    def _type(self, value: str) -> str:
        lowered = value.lower()
        if lowered not in AUTO_TYPES:
            raise errors.invalid(20001, f"AutoCreation.Type must be one of {', '.join(AUTO_TYPES)}")
        return lowered

    def _service(self, tx: Tx, sid: str) -> str | None:
        if not sid:
            return None
        if not limits.is_sid(sid, "IS") or tx.one(Service, sid=sid) is None:
            raise errors.service_not_found()
        return sid

    def _of_webhook(self, old: AddressConfiguration, type_: str) -> dict[str, Any]:
        if type_ != "webhook":
            self._refuse(type_, self.webhook_url, self.webhook_method, self.webhook_filters)
            return {"webhook_url": None, "webhook_method": None, "webhook_filters": ""}
        url = old.webhook_url if isinstance(self.webhook_url, Unset) else self.webhook_url
        if not url:
            raise errors.invalid(50369, "AutoCreation.Type webhook needs AutoCreation.WebhookUrl")
        method = old.webhook_method or "POST" if isinstance(self.webhook_method, Unset) else self.webhook_method
        filters = old.webhook_filters
        if not isinstance(self.webhook_filters, Unset):
            filters = event_filters(self.webhook_filters, CONVERSATION_EVENTS, code=50365)
        return {
            "webhook_url": limits.webhook_url(url, too_long=50372),
            "webhook_method": limits.webhook_method(method),
            "webhook_filters": filters,
        }

    def _of_studio(self, old: AddressConfiguration, type_: str) -> dict[str, Any]:
        if type_ != "studio":
            self._refuse(type_, self.studio_flow_sid, self.studio_retry_count)
            return {"studio_flow_sid": None, "studio_retry_count": None}
        flow = old.studio_flow_sid if isinstance(self.studio_flow_sid, Unset) else self.studio_flow_sid
        retries = old.studio_retry_count if isinstance(self.studio_retry_count, Unset) else self.studio_retry_count
        if retries is not None and not 0 <= retries <= limits.STUDIO_RETRIES:
            raise errors.invalid(20001, f"AutoCreation.StudioRetryCount must be between 0 and {limits.STUDIO_RETRIES}")
        return {"studio_flow_sid": limits.flow_sid(flow), "studio_retry_count": retries or 0}

    def _refuse(self, type_: str, *values: object) -> None:
        """What clears is no harm."""
        if any(value is not UNSET and value not in (None, "", ()) for value in values):
            raise errors.invalid(20001, f"AutoCreation.Type is {type_}: it has no use for another type's values")


@dataclass(frozen=True, slots=True)
class CreateAddress:
    """Configure an address. Raises 20409 (409) if the account has one of this type and address."""

    exclusive: ClassVar = True

    type: str
    address: str
    friendly_name: str | None = None
    address_country: str | None = None
    auto_creation: AutoCreation = field(default_factory=AutoCreation)

    def needs(self, actor: Actor) -> Needs:
        return Needs()

    def decide(self, actor: Actor, tx: Tx) -> AddressConfiguration:
        require_account(actor, "configure addresses")
        account = the_account(tx)
        type_, address = _checked(self.type, self.address)
        if tx.one(AddressConfiguration, account_sid=account.sid, type=type_, address=address):
            raise errors.address_exists(type_)
        kept = tx.page(AddressConfiguration, order="sid", limit=limits.ADDRESSES_PER_ACCOUNT, account_sid=account.sid)
        if len(kept) >= limits.ADDRESSES_PER_ACCOUNT:
            raise errors.invalid(20001, f"An account has at most {limits.ADDRESSES_PER_ACCOUNT} address configurations")
        blank = AddressConfiguration(
            sid=tx.sid("IG"),
            account_sid=account.sid,
            type=type_,
            address=address,
            friendly_name=limits.friendly_name(self.friendly_name),
            address_country=_country(self.address_country),
            auto_enabled=False,
            auto_type="default",
            auto_service_sid=None,
            webhook_url=None,
            webhook_method=None,
            webhook_filters="",
            studio_flow_sid=None,
            studio_retry_count=None,
            date_created=tx.now,
            date_updated=tx.now,
        )
        configuration = replace(blank, **self.auto_creation.over(tx, blank))
        tx.add(configuration)
        return configuration


@dataclass(frozen=True, slots=True)
class UpdateAddress:
    """Change an address configuration: all but type, address and country."""

    exclusive: ClassVar = True

    sid: str
    friendly_name: str | Unset = UNSET
    auto_creation: AutoCreation = field(default_factory=AutoCreation)

    def needs(self, actor: Actor) -> Needs:
        return Needs()

    def decide(self, actor: Actor, tx: Tx) -> AddressConfiguration:
        require_account(actor, "configure addresses")
        old = _configuration(tx, self.sid)
        changes = self.auto_creation.over(tx, old)
        if not isinstance(self.friendly_name, Unset):
            changes["friendly_name"] = limits.friendly_name(self.friendly_name)
        if all(getattr(old, name) == value for name, value in changes.items()):
            return old
        configuration = replace(old, date_updated=tx.now, **changes)
        tx.change(configuration)
        return configuration


@dataclass(frozen=True, slots=True)
class DeleteAddress:
    """Forget an address configuration."""

    exclusive: ClassVar = True

    sid: str

    def needs(self, actor: Actor) -> Needs:
        return Needs()

    def decide(self, actor: Actor, tx: Tx) -> None:
        require_account(actor, "configure addresses")
        tx.remove(_configuration(tx, self.sid))


def _configuration(tx: Tx, sid: str) -> AddressConfiguration:
    found = tx.one(AddressConfiguration, sid=sid)
    if found is None:
        raise errors.gone("The address configuration")
    return found


def _checked(type_: str, address: str) -> tuple[str, str]:
    """Type and address in the form in which they are kept. Raises 20001 or 50407 (400)."""
    lowered = type_.lower()
    if lowered not in TYPES:
        raise errors.invalid(20001, f"The type of an address must be one of {', '.join(TYPES)}")
    # For sms, whatsapp and email the form is known; a telephone number may stand for a WhatsApp number.
    kinds = {"sms": ("sms",), "rcs": ("sms",), "whatsapp": ("whatsapp", "sms"), "email": ("email",)}
    known = kinds.get(lowered)
    short = lowered == "sms" and _SHORT_CODE.fullmatch(address)
    if known is not None and not short and kind_of(address) not in known:
        raise errors.invalid(50407, f"This is not an address of type {lowered}")
    if not (limits.is_storable(address) and 0 < len(address) <= limits.ADDRESS_CHARS):
        raise errors.invalid(50407, f"An address has 1 to {limits.ADDRESS_CHARS} characters")
    if limits.is_sid(address, "IG"):
        raise errors.invalid(50407, "An address must not look like the SID of its configuration")
    return lowered, address


def _country(value: str | None) -> str | None:
    if not value:
        return None
    if not _COUNTRY.fullmatch(value):
        raise errors.invalid(20001, "AddressCountry is a country's two letters, as in ISO 3166-1 alpha-2")
    return value.upper()
