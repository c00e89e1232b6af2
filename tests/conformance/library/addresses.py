"""What would become of messages to the account's addresses."""

from __future__ import annotations

from typing import Any

from .stage import Stage, reads_back, removes

URL = "https://example.com/hook"
FLOW = f"FW{'a' * 32}"


def configured(stage: Stage) -> None:
    addresses = stage.v1.address_configurations
    plain = addresses.create(type="chat", address="front desk")
    given = {"type": "sms", "address": "+15550100", "friendly_name": "Ünïcode 👋", "address_country": "US"}
    webhook: dict[str, Any] = {"enabled": True, "type": "webhook", "conversation_service_sid": stage.service_sid}
    webhook |= {"webhook_url": URL, "webhook_method": "POST", "webhook_filters": ["onMessageAdded"]}
    made = addresses.create(**given, **auto(webhook))
    reads_back(addresses, made, also=["address"], auto_creation=webhook, **given)

    webhook |= {"enabled": False, "webhook_url": f"{URL}/2", "webhook_method": "GET"}
    webhook["webhook_filters"] = ["onMessageAdded", "onParticipantAdded"]
    changed = addresses(made.sid).update(friendly_name="after", **auto(webhook))
    given["friendly_name"] = "after"
    reads_back(addresses, changed, also=["address"], auto_creation=webhook, **given)

    studio = {"enabled": True, "type": "studio", "conversation_service_sid": stage.service_sid}
    studio |= {"studio_flow_sid": FLOW, "studio_retry_count": 3}
    reads_back(addresses, addresses(made.sid).update(**auto(studio)), auto_creation=studio, **given)
    reads_back(addresses, addresses(made.sid).update(friendly_name=""), friendly_name=None, auto_creation=studio)

    other = addresses.create(type="whatsapp", address="whatsapp:+15550100", **auto(studio))
    reads_back(addresses, other, type="whatsapp", auto_creation=studio)
    assert [each.sid for each in addresses.list(type="chat")] == [plain.sid]
    for sid in (made.sid, other.sid, plain.sid):
        removes(addresses, sid)


def auto(creation: dict[str, Any]) -> dict[str, Any]:
    """As the library's parameters."""
    return {f"auto_creation_{name}": value for name, value in creation.items()}


ONCE = (configured,)
