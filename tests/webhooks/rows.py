"""The table of events: what causes each, and all that webhooks are then asked and told, in order (docs/rest.md)."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .stage import At, BySdk, Json, JustNow, Source, Stage, Told

_numbers = itertools.count(1)

Cause = Callable[[Stage], list[Told]]

UNCAUSED = {"onDeliveryUpdated": "only people outside the chat have deliveries, and the service has none"}


@dataclass(frozen=True)
class Row:
    """`events` are those that the row is there for; a conversation's own webhooks hear of it if `scoped`."""

    name: str
    events: tuple[str, ...]
    cause: Cause
    scoped: bool = True
    sources: tuple[Source, ...] = ("SDK", "API")


ROWS: list[Row] = []


def row(*events: str, scoped: bool = True, only: Source | None = None) -> Callable[[Cause], Cause]:
    def add(cause: Cause) -> Cause:
        sources: tuple[Source, ...] = ("SDK", "API") if only is None else (only,)
        ROWS.append(Row(cause.__name__, events, cause, scoped, sources))
        return cause

    return add


def pair(before: str, after: str, known: Json, later: Json) -> list[Told]:
    """Asked with what is `known` beforehand, told with what comes `later`, too."""
    return [Told(before, known), Told(after, known | later)]


# --- conversations ---


def of_room(room: Json) -> Json:
    return {
        "ConversationSid": room["sid"],
        "FriendlyName": room["friendly_name"],
        "UniqueName": room["unique_name"],
        "Attributes": room["attributes"],
        "State": room.get("state", "active"),
        "DateCreated": At(room["date_created"]),
        "DateUpdated": At(room["date_updated"]),
    }


@row("onConversationAdd", "onConversationAdded", scoped=False)
def conversation_added(stage: Stage) -> list[Told]:
    wanted = {
        "friendly_name": "Küche & Flur = 1/2? 厨房",
        "unique_name": f"kitchen {next(_numbers)}",
        "attributes": '{"k": [1, "a+b%20"]}',
    }
    room = stage.by.create(**wanted)
    whole = of_room(room)
    known = {name: whole[name] for name in ("FriendlyName", "UniqueName", "Attributes", "State")}
    assert list(known.values()) == [*wanted.values(), "active"]
    return pair("onConversationAdd", "onConversationAdded", known, whole)


@row(scoped=False)
def conversation_without_anything_added(stage: Stage) -> list[Told]:
    room = stage.by.create()
    known = {"Attributes": "{}", "State": "active"}
    return pair("onConversationAdd", "onConversationAdded", known, of_room(room))


@row("onConversationUpdate", "onConversationUpdated")
def conversation_updated(stage: Stage) -> list[Told]:
    old = stage.room(friendly_name="old", unique_name=f"old {next(_numbers)}")
    new = stage.by.rename(old.sid, friendly_name="new\nname", attributes='{"new":true}')
    known = of_room(new) | {"FriendlyName": "new\nname", "Attributes": '{"new":true}', "UniqueName": old.unique_name}
    return pair("onConversationUpdate", "onConversationUpdated", known | {"DateUpdated": JustNow()}, known)


@row("onConversationRemove", "onConversationRemoved")
def conversation_removed(stage: Stage) -> list[Told]:
    """Alone: neither its messages nor its participants are told of."""
    room = stage.room(friendly_name="gone", attributes="[]")
    stage.quiet.send(room.sid, "goes with it", "{}")
    stage.by.delete(room.sid)
    return pair("onConversationRemove", "onConversationRemoved", of_room(vars(room)), {"DateRemoved": JustNow()})


def of_state(room: str, before: str, after: str, reason: str) -> Told:
    own = {"ConversationSid": room, "StateFrom": before, "StateTo": after}
    return Told("onConversationStateUpdated", own | {"StateUpdated": JustNow(), "Reason": reason})


@row("onConversationStateUpdated", only="API")
def state_updated_by_request(stage: Stage) -> list[Told]:
    room = stage.room(friendly_name="quiet")
    new = stage.by.rename(room.sid, state="inactive")
    known = of_room(new) | {"DateUpdated": JustNow()}
    asked, told = pair("onConversationUpdate", "onConversationUpdated", known, of_room(new))
    return [asked, told, of_state(room.sid, "active", "inactive", "API")]


@row("onConversationStateUpdated")
def state_updated_by_a_message(stage: Stage) -> list[Told]:
    room = stage.room()
    stage.quiet.rename(room.sid, state="inactive")
    return [*_sent(stage, room.sid, "wake up", "{}"), of_state(room.sid, "inactive", "active", "EVENT")]


@row("onConversationStateUpdated")
def state_updated_by_a_participant(stage: Stage) -> list[Told]:
    room = stage.room()
    stage.quiet.rename(room.sid, state="inactive")
    return [*_joined(stage, room.sid), of_state(room.sid, "inactive", "active", "EVENT")]


# --- messages ---


def _sent(stage: Stage, room: str, body: str, attributes: str) -> list[Told]:
    message = stage.by.send(room, body, attributes)
    known = {
        "ConversationSid": room,
        "Body": body or None,
        "Author": "ann",
        "ParticipantSid": stage.participant(room, "ann").sid,
        "Attributes": attributes,
    }
    later = {"MessageSid": message["sid"], "Index": str(message["index"]), "DateCreated": At(message["date_created"])}
    return pair("onMessageAdd", "onMessageAdded", known, later)


@row("onMessageAdd", "onMessageAdded")
def message_added(stage: Stage) -> list[Told]:
    room = stage.room()
    stage.quiet.send(room.sid, "the first", "{}")
    return _sent(stage, room.sid, "Grüße & a=b;c?\r\n\t+%2B 🙂" + "x" * 3000, '{"cid": "c1", "é": "ü"}')


@row()
def message_of_somebody_outside_added(stage: Stage) -> list[Told]:
    """A message whose author is in no conversation, which only account credentials can send, has no ParticipantSid."""
    room = stage.room()
    if isinstance(stage.by, BySdk):
        return _sent(stage, room.sid, " ", "[]")
    stage.service.conversations(room.sid).participants("ann").delete()
    message = stage.by.send(room.sid, "from afar", "{}")
    known = {"ConversationSid": room.sid, "Body": "from afar", "Author": "ann", "Attributes": "{}"}
    later = {"MessageSid": message["sid"], "Index": "0", "DateCreated": At(message["date_created"])}
    return pair("onMessageAdd", "onMessageAdded", known, later)


def of_message(message: Json, room: str) -> Json:
    return {
        "ConversationSid": room,
        "MessageSid": message["sid"],
        "Index": str(message["index"]),
        "Body": message["body"],
        "Author": "ann",
        "ParticipantSid": message["participant_sid"],
        "Attributes": message["attributes"],
        "DateCreated": At(message["date_created"]),
        "DateUpdated": At(message["date_updated"]),
    }


@row("onMessageUpdate", "onMessageUpdated")
def message_updated(stage: Stage) -> list[Told]:
    room = stage.room()
    old = stage.quiet.send(room.sid, "old", "{}")
    new = stage.by.edit(room.sid, old["sid"], body="new", attributes='{"edited":1}')
    whole = of_message(new, room.sid) | {"Body": "new", "Attributes": '{"edited":1}'}
    assert whole["ParticipantSid"] == stage.participant(room.sid, "ann").sid
    return pair("onMessageUpdate", "onMessageUpdated", whole | {"DateUpdated": JustNow()}, whole)


@row("onMessageRemove", "onMessageRemoved")
def message_removed(stage: Stage) -> list[Told]:
    room = stage.room()
    message = stage.quiet.send(room.sid, "gone", '{"a":null}')
    stage.by.erase(room.sid, message["sid"])
    return pair("onMessageRemove", "onMessageRemoved", of_message(message, room.sid), {"DateRemoved": JustNow()})


# --- participants ---


def of_participant(participant: Any) -> Json:
    return {
        "ConversationSid": participant.conversation_sid,
        "ParticipantSid": participant.sid,
        "Identity": participant.identity,
        "RoleSid": participant.role_sid,
        "Attributes": participant.attributes,
        "DateCreated": At(participant.date_created),
        "DateUpdated": At(participant.date_updated),
    }


@row("onParticipantAdd", "onParticipantAdded")
def participant_added(stage: Stage) -> list[Told]:
    return _joined(stage, stage.room().sid)


def _joined(stage: Stage, room: str) -> list[Told]:
    stage.by.add(room, "cem", '{"x":1}')
    whole = of_participant(stage.participant(room, "cem"))
    known = {name: whole[name] for name in ("ConversationSid", "Identity", "RoleSid", "Attributes")}
    assert (known["Identity"], known["Attributes"]) == ("cem", '{"x":1}')
    later = {name: whole[name] for name in ("ParticipantSid", "DateCreated")}
    return pair("onParticipantAdd", "onParticipantAdded", known, later)


@row("onParticipantUpdate", "onParticipantUpdated")
def participant_updated(stage: Stage) -> list[Told]:
    room = stage.room()
    stage.by.change(room.sid, stage.participant(room.sid, "ben").sid, '{"seat":4}')
    whole = of_participant(stage.participant(room.sid, "ben")) | {"Attributes": '{"seat":4}'}
    return pair("onParticipantUpdate", "onParticipantUpdated", whole | {"DateUpdated": JustNow()}, whole)


@row(only="SDK")
def read_horizon_moved(stage: Stage) -> list[Told]:
    """Told, and not asked."""
    room = stage.room()
    stage.quiet.send(room.sid, "read me", "{}")
    assert isinstance(stage.by, BySdk)
    stage.by.person.request("POST", f"/Client/v2/MyConversations/{room.sid}", {"last_read_message_index": 0})
    whole = of_participant(stage.participant(room.sid, "ann"))
    return [Told("onParticipantUpdated", whole | {"LastReadMessageIndex": "0"})]


@row("onParticipantRemove", "onParticipantRemoved")
def participant_removed(stage: Stage) -> list[Told]:
    room = stage.room()
    ben = stage.participant(room.sid, "ben")
    stage.by.remove(room.sid, ben.sid)
    return pair("onParticipantRemove", "onParticipantRemoved", of_participant(ben), {"DateRemoved": JustNow()})


@row(only="SDK")
def joined_and_left(stage: Stage) -> list[Told]:
    """One's own coming and going are told like others'."""
    room = stage.room()
    stage.quiet.remove(room.sid, stage.participant(room.sid, "ann").sid)
    stage.by.add(room.sid, "ann", "{}")
    ann = stage.participant(room.sid, "ann")
    stage.by.remove(room.sid, ann.sid)
    whole = of_participant(ann)
    known = {name: whole[name] for name in ("ConversationSid", "Identity", "RoleSid", "Attributes")}
    later = {name: whole[name] for name in ("ParticipantSid", "DateCreated")}
    return [
        *pair("onParticipantAdd", "onParticipantAdded", known, later),
        *pair("onParticipantRemove", "onParticipantRemoved", whole, {"DateRemoved": JustNow()}),
    ]


# --- users ---


def of_user(user: Any) -> Json:
    return {
        "UserSid": user.sid,
        "Identity": user.identity,
        "RoleSid": user.role_sid,
        "Attributes": user.attributes,
        "FriendlyName": user.friendly_name,
    }


@row("onUserAdded", scoped=False)
def user_added(stage: Stage) -> list[Told]:
    """By SDK it is the first connection, and the newcomer's own deed."""
    identity = f"eve {next(_numbers)}"
    stage.by.appear(identity)
    user = stage.service.users(identity).fetch()
    own = of_user(user) | {"DateCreated": At(user.date_created)}
    return [Told("onUserAdded", own | ({"ClientIdentity": identity} if stage.source == "SDK" else {}))]


@row("onUserUpdate", "onUserUpdated", scoped=False)
def user_updated(stage: Stage) -> list[Told]:
    """Two values that change at once are one change."""
    wanted = {"friendly_name": f"Änn {next(_numbers)}", "attributes": f'{{"n":{next(_numbers)}}}'}
    stage.by.introduce("ann", **wanted)
    user = stage.service.users("ann").fetch()
    known = of_user(user) | {"DateUpdated": At(user.date_updated)}
    assert (known["FriendlyName"], known["Attributes"]) == tuple(wanted.values())
    asked = known | {"DateUpdated": JustNow()}
    return pair("onUserUpdate", "onUserUpdated", asked, known | {"DateCreated": At(user.date_created)})
