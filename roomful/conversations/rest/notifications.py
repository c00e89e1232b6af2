"""What a service's push notifications would say: fetch, update."""

from __future__ import annotations

from ..core.model import NotificationConfiguration
from ..core.notifications import UpdateNotifications
from ..core.ports import Unset
from . import render_configuration
from .call import Answer, Call

_FLAGS = {
    "LogEnabled": "log_enabled",
    "NewMessage.Enabled": "new_message_enabled",
    "NewMessage.BadgeCountEnabled": "new_message_badge_count_enabled",
    "NewMessage.WithMedia.Enabled": "with_media_enabled",
    "AddedToConversation.Enabled": "added_enabled",
    "RemovedFromConversation.Enabled": "removed_enabled",
}
_TEXTS = {
    "NewMessage.Template": "new_message_template",
    "NewMessage.Sound": "new_message_sound",
    "NewMessage.WithMedia.Template": "with_media_template",
    "AddedToConversation.Template": "added_template",
    "AddedToConversation.Sound": "added_sound",
    "RemovedFromConversation.Template": "removed_template",
    "RemovedFromConversation.Sound": "removed_sound",
}


async def fetch(call: Call) -> Answer:
    found = await call.read(lambda reads: reads.one(NotificationConfiguration, service_sid=call.service.sid))
    return Answer(200, render_configuration.notifications(call, found or NotificationConfiguration(call.service.sid)))


async def update(call: Call) -> Answer:
    flags = {column: call.form.boolean(name) for name, column in _FLAGS.items()}
    texts = {column: call.form.text(name) for name, column in _TEXTS.items()}
    given = {column: value for column, value in {**flags, **texts}.items() if not isinstance(value, Unset)}
    return Answer(200, render_configuration.notifications(call, await call.perform(UpdateNotifications(given))))
