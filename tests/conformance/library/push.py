"""What push notifications need and would say: credentials, bindings, which clients of the SDK make, and texts."""

from __future__ import annotations

from typing import Any

from tests.webhooks.person import Person

from .stage import Stage, reads_back, refusal, removes, shown, shows

APN = {"certificate": "-----BEGIN CERTIFICATE-----", "private_key": "-----BEGIN PRIVATE KEY-----"}
"""What nobody reads back: secrets are in no answer."""


def credentials(stage: Stage) -> None:
    kept = stage.v1.credentials
    kept.create(type="fcm", secret="hush", friendly_name="another")
    made = kept.create(type="apn", friendly_name="iPhones 👋", sandbox=True, **APN)
    reads_back(kept, made, type="apn", friendly_name="iPhones 👋", sandbox="True")
    changed = kept(made.sid).update(type="apn", friendly_name="ours", sandbox=False, **APN)
    reads_back(kept, changed, type="apn", friendly_name="ours", sandbox="False")
    reads_back(kept, kept(made.sid).update(friendly_name=""), friendly_name=None)
    old = kept.create(type="gcm", api_key="hush")
    reads_back(kept, kept(old.sid).update(type="fcm", api_key="other", secret="other"), type="fcm", sandbox="False")
    for each in kept.list():
        assert not {"hush", "other", *APN.values()} & set(shown(each).values())
        removes(kept, each.sid)


def bindings(stage: Stage) -> None:
    devices = {("ann", "fcm"): "", ("ann", "apn"): "", ("ben", "fcm"): ""}
    for identity, kind in devices:
        person = Person(stage.server, identity, stage.service_sid)
        devices[identity, kind] = person.register(kind, f"{identity}'s {kind}")
        person.close()
    bound = stage.service.bindings
    for (identity, kind), sid in devices.items():
        given = {"identity": identity, "binding_type": kind, "endpoint": f"{identity}'s {kind}"}
        reads_back(bound, bound(sid).fetch(), chat_service_sid=stage.service_sid, **given)

    def sids(**narrowed: list[str]) -> set[str]:
        return {each.sid for each in bound.list(page_size=1, **narrowed)}

    assert sids(identity=["ben"]) == {devices["ben", "fcm"]}
    assert sids(binding_type=["fcm"]) == {devices["ann", "fcm"], devices["ben", "fcm"]}
    assert sids(binding_type=["apn", "fcm"], identity=["ann"]) == {devices["ann", "apn"], devices["ann", "fcm"]}
    removes(bound, devices["ann", "apn"])


def notifications(stage: Stage) -> None:
    configured = stage.service.configuration.notifications()
    before = configured.fetch()
    shows(before, log_enabled=False, chat_service_sid=stage.service_sid)
    names = ("new_message", "added_to_conversation", "removed_from_conversation")
    assert [getattr(before, name)["enabled"] for name in names] == [False] * 3
    given: dict[str, dict[str, Any]] = {
        "new_message": {"enabled": True, "template": "${PARTICIPANT} 👋", "sound": "ring", "badge_count_enabled": True},
        "added_to_conversation": {"enabled": True, "template": "in", "sound": "bell"},
        "removed_from_conversation": {"enabled": True, "template": "out", "sound": "gong"},
    }
    with_media = {"enabled": True, "template": "${MEDIA_COUNT} files"}
    sent = {f"{name}_{key}": value for name, of in given.items() for key, value in of.items()}
    sent |= {f"new_message_with_media_{key}": value for key, value in with_media.items()}
    changed = configured.update(log_enabled=True, **sent)
    given["new_message"]["with_media"] = with_media
    shows(changed, log_enabled=True, **given)
    assert shown(configured.fetch()) == shown(changed)
    partly = configured.update(new_message_enabled=False)
    given["new_message"]["enabled"] = False
    shows(partly, log_enabled=True, **given)
    for name in names:
        assert refusal(configured.update, **{f"{name}_template": "x" * 5000})[0] == 400
    assert shown(configured.fetch()) == shown(partly)


ONCE = (credentials, bindings, notifications)
