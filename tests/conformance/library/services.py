"""Services, and the configuration of the account and of a service."""

from __future__ import annotations

from .stage import GONE, Stage, refusal, removes, shown, shows

REFUSED = {
    "default_messaging_service_sid": f"MG{'0' * 32}",
    "default_inactive_timer": "PT1M",
    "default_closed_timer": "PT10M",
}


def made(stage: Stage) -> None:
    services = stage.v1.services
    new = services.create(friendly_name="Ünïcode 👋")
    shows(new, friendly_name="Ünïcode 👋")
    assert shown(services(new.sid).fetch()) == shown(new)
    listed = services.list(page_size=10)
    assert [shown(each) for each in listed if each.sid == new.sid] == [shown(new)]


def deleted(stage: Stage) -> None:
    services = stage.v1.services
    old = services.create(friendly_name="old").sid
    room = services(old).conversations.create()
    services(old).conversations(room.sid).participants.create(identity="ann")
    removes(services, old)
    assert refusal(services(old).conversations(room.sid).fetch) == GONE
    assert refusal(services(stage.service_sid).delete) == (409, 20409)


def account(stage: Stage) -> None:
    configuration = stage.v1.configuration()
    before = configuration.fetch().default_chat_service_sid
    other = stage.v1.services.create(friendly_name="another").sid
    answer = configuration.update(default_chat_service_sid=other)
    shows(answer, default_chat_service_sid=other)
    assert shown(configuration.fetch()) == shown(answer)
    assert stage.v1.conversations.create().chat_service_sid == other
    for name, value in REFUSED.items():
        assert refusal(configuration.update, **{name: value}) == (400, 20001)
    configuration.update(default_chat_service_sid=before)


def defaults(stage: Stage) -> None:
    configuration, roles = stage.service.configuration(), stage.service.roles
    ours = {
        f"default_{of}_role_sid": roles.create(friendly_name=of, type=kind, permission=[permission]).sid
        for of, kind, permission in (
            ("conversation_creator", "conversation", "sendMessage"),
            ("conversation", "conversation", "sendMediaMessage"),
            ("chat_service", "service", "joinConversation"),
        )
    }
    answer = configuration.update(reachability_enabled=True, **ours)
    shows(answer, reachability_enabled=True, chat_service_sid=stage.service_sid, **ours)
    assert shown(configuration.fetch()) == shown(answer)
    assert stage.service.users.create(identity="ann").role_sid == ours["default_chat_service_role_sid"]
    assert configuration.update(reachability_enabled=False).reachability_enabled is False


ONCE = (made, deleted, account, defaults)
