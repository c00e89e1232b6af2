"""System messages: what happened to a room, said in it; and what the terminal has to say.

The body is English, for clients that know no better; ours makes the sentence from the attributes, in its reader's
language (docs/chat-api.md, "System messages").
"""

import json
import logging
from typing import Any

from roomful.chatapp.backend import BackendUnavailable, Connection, talking

log = logging.getLogger(__name__)

AUTHOR = "system"  # nobody's identity: it is reserved
MAX_BODY = 32_768  # bytes of a message; Twilio's limit


def say_in(connection: Connection, sid: str, author: str, body: str) -> dict[str, Any]:
    """Write a message that is no system message, which webhooks are told of; its SID and index.

    Raises BackendUnavailable.
    """
    with talking("write the message"):
        messages = connection.service.conversations(sid).messages
        said = messages.create(author=author, body=body, x_twilio_webhook_enabled="true")
    return {"sid": str(said.sid), "index": int(said.index)}


def announce(connection: Connection, sid: str, body: str, kind: str, by: str | None, **more: Any) -> None:
    """Say in the room what was done there just now. It is done whether or not that works, so a failure is logged.

    kind: of the list in docs/chat-api.md. by: the identity of who did it, None for the terminal.
    """
    attributes = json.dumps({"v": 1, "sys": {"type": kind, "by": by, **more}}, ensure_ascii=False)
    try:
        with talking("write a system message"):
            connection.service.conversations(sid).messages.create(author=AUTHOR, body=body, attributes=attributes)
    except BackendUnavailable as exc:
        log.warning("%s", exc)
