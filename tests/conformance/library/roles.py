"""Roles."""

from __future__ import annotations

from .stage import Stage, reads_back, removes


def both_types(stage: Stage) -> None:
    roles = stage.api.roles
    for kind, first, then in (
        ("conversation", ["sendMessage", "leaveConversation"], ["sendMediaMessage"]),
        ("service", ["joinConversation"], ["createConversation", "joinConversation"]),
    ):
        made = roles.create(friendly_name="guest", type=kind, permission=first)
        reads_back(roles, made, friendly_name="guest", type=kind, permissions=first, chat_service_sid=stage.service_sid)
        changed = roles(made.sid).update(permission=then)
        reads_back(roles, changed, friendly_name="guest", type=kind, permissions=then)
        removes(roles, made.sid)


SCENARIOS = (both_types,)
