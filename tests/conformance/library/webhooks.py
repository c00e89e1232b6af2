"""Webhooks of a conversation, and the configurations of the account's and a service's."""

from __future__ import annotations

from typing import Any

from .stage import Stage, reads_back, removes, shown, shows

FIRST, SECOND = "https://example.com/first", "https://example.com/second"
FLOWS = [f"FW{digit * 32}" for digit in "ab"]


def of_a_conversation(stage: Stage) -> None:
    room = stage.conversation()
    room.messages.create(body="before")
    hooks = room.webhooks
    events = hooks.create(
        **{"target": "webhook", "configuration_url": FIRST, "configuration_method": "GET"},
        **{"configuration_filters": ["onMessageAdded", "onMessageUpdated"], "configuration_replay_after": 0},
    )
    shown_as: dict[str, Any] = {"method": "get", "url": FIRST, "filters": ["onMessageAdded", "onMessageUpdated"]}
    hooks.create(target="studio", configuration_flow_sid=FLOWS[1])
    reads_back(hooks, events, target="webhook", configuration=shown_as)
    changed = hooks(events.sid).update(
        configuration_url=SECOND, configuration_method="POST", configuration_filters=["onMessageRemoved"]
    )
    shown_as = {"method": "post", "url": SECOND, "filters": ["onMessageRemoved"]}
    reads_back(hooks, changed, target="webhook", configuration=shown_as)

    trigger = hooks.create(target="trigger", configuration_url=FIRST, configuration_triggers=["help", "me"])
    shown_as = {"method": "post", "url": FIRST, "filters": ["help", "me"]}
    reads_back(hooks, trigger, target="trigger", configuration=shown_as)
    changed = hooks(trigger.sid).update(configuration_triggers=["stop"])
    reads_back(hooks, changed, target="trigger", configuration=shown_as | {"filters": ["stop"]})

    studio = hooks.create(target="studio", configuration_flow_sid=FLOWS[0])
    reads_back(hooks, studio, target="studio", configuration={"flow_sid": FLOWS[0]})
    changed = hooks(studio.sid).update(configuration_flow_sid=FLOWS[1])
    reads_back(hooks, changed, target="studio", configuration={"flow_sid": FLOWS[1]})
    removes(hooks, events.sid)


def of_the_account(stage: Stage) -> None:
    hooks = stage.v1.configuration.webhooks()
    given = {"method": "GET", "pre_webhook_url": FIRST, "post_webhook_url": SECOND, "target": "flex"}
    configured(hooks, filters=["onMessageAdd", "onMessageAdded"], **given)
    configured(hooks, method="POST", target="webhook", pre_webhook_url=SECOND, filters=["onUserUpdated"])
    cleared(hooks)


def of_a_service(stage: Stage) -> None:
    hooks = stage.service.configuration.webhooks()
    given = {"method": "GET", "pre_webhook_url": FIRST, "post_webhook_url": SECOND}
    shows(hooks.fetch(), method=None, filters=None, pre_webhook_url=None, post_webhook_url=None)
    configured(hooks, filters=["onMessageAdd", "onMessageAdded"], **given)
    configured(hooks, method="POST", post_webhook_url=FIRST, filters=["onUserUpdated"])
    cleared(hooks)


def configured(hooks: Any, **given: Any) -> None:
    answer = hooks.update(**given)
    shows(answer, **given)
    assert shown(hooks.fetch()) == shown(answer)


def cleared(hooks: Any) -> None:
    hooks.update(pre_webhook_url="", post_webhook_url="", filters=[""])
    shows(hooks.fetch(), pre_webhook_url=None, post_webhook_url=None, filters=[])


SCENARIOS = (of_a_conversation,)
ONCE = (of_the_account, of_a_service)
