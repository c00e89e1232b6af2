"""A client's picture of its conversations, kept by the rules by which the SDK keeps its own.

Requests are asked while events go on coming in, subscriptions are asked for once what they start from is read, and a
broken line leaves everything where it was: `connect` goes on from the positions that the client had.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from roomful.conversations.sync.objects import Kind, Ref, ref_of

from .hearing import Hearing, Wanted
from .line import Disconnected, Line
from .world import World

C = "/Client/v2"
OF_CONVERSATION = (Kind.DOCUMENT, Kind.MESSAGES, Kind.ROSTER)


class Refused(Exception):
    """A request was answered with 404: what it asks for is gone, or closed to this client."""


@dataclass
class Copy:
    """A Sync object as the client holds it: a document's `data`, or items by key, with the position of each."""

    ref: Ref
    position: int
    data: Any = None
    items: dict[Any, tuple[int, Any]] = field(default_factory=dict)
    gone: dict[Any, int] = field(default_factory=dict)

    def put(self, key: Any, position: int, data: Any) -> None:
        """An older state never replaces a newer one."""
        if position > max(self.items.get(key, (0, None))[0], self.gone.get(key, 0)):
            self.items[key] = (position, data)

    def drop(self, key: Any, position: int) -> None:
        if position > self.items.get(key, (0, None))[0]:
            self.items.pop(key, None)
            self.gone[key] = position

    def shown(self) -> dict[Any, Any]:
        return {key: data for key, (_, data) in self.items.items()}


class Mirror:
    """What one person's client knows.

    Attributes:
        page, order: how it reads lists and maps.
        hesitant: it subscribes only when told (`subscribe`): what happens meanwhile must be replayed.
        opened: conversations that the person opened without being in them.
        may_be_denied: since this line removals were forgotten, so it may be sent away by 403, and start anew.
        people: whose profiles it follows, beside its own.
        orderly: users' streams come before conversations', as they do when the bus loses nothing.
    """

    def __init__(
        self, world: World, identity: str, *, page: int = 100, order: str = "asc", hesitant: bool = False
    ) -> None:
        self.world = world
        self.identity = identity
        self.page, self.order, self.hesitant = page, order, hesitant
        self.may_be_denied: Line | None = None
        self.orderly = True
        self.people: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._forget()
        self.hearing = Hearing()
        self.line: Line | None = None

    def _forget(self) -> None:
        """A new client: it knows nothing."""
        self.continuation: str | None = None
        self.copies: dict[str, Copy] = {}
        self.mine: Copy | None = None
        self.profiles: dict[str, str] = {}
        self.opened: set[str] = set()
        self._asked: set[str] = set()
        self._opening: dict[str, asyncio.Task[None]] = {}

    # --- the line --------------------------------------------------------------------------------------------------

    @property
    def connected(self) -> bool:
        return self.line is not None and not self.line.gone

    @property
    def reading(self) -> bool:
        """Whether it is connected and takes in what comes."""
        return self.line is not None and not self.line.gone and self.line.backlog is None

    @property
    def typing(self) -> list[dict[str, Any]]:
        """Who was said to be typing."""
        return self.line.typing if self.line else []

    async def connect(self, opened: frozenset[str] = frozenset()) -> None:
        """Connect, for the first time or again. `opened`: conversations to open without being in them."""
        if self.connected:
            return
        with suppress(Disconnected):
            await self._enter()
            if self.mine is None:
                await self._start(opened)
            for room in self._known_rooms():  # the SDK gives up what it was opening when the line broke
                self._open_soon(room)
            await self.subscribe()

    async def _enter(self) -> None:
        await self._stop_tasks()
        self._asked.clear()
        for _ in range(2):
            self.hearing = Hearing()
            line = self.line = Line(self.world, listener=self._take)
            answer = await line.init(self.world.token(self.identity), self.continuation)
            if answer["status"]["code"] == 200:
                self.continuation = answer["continuation_token"]
                return
            assert answer["status"]["code"] == 403, answer
            assert self.may_be_denied is not None, "it was sent away although all could be replayed"
            line.cut()
            self._forget()
        raise AssertionError("a new client was denied")

    async def _start(self, opened: frozenset[str]) -> None:
        configuration = await self._get(f"{C}/Configuration")
        objects = configuration["sync_objects"]
        descriptor = await self._get(f"/v3/Maps/{objects['my_conversations']}")
        mine = self._keep(descriptor)
        for row in await self._my_conversations():
            mine.put(row["conversation_sid"], mine.position, _membership(row))
        for person in {self.identity, *self.people}:
            await self._open_profile(person)
        self.mine = mine  # only now: a start that breaks off is made again
        self.opened |= opened
        for room in self._known_rooms():
            self._open_soon(room)
        await self.settle()

    async def _my_conversations(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        token = ""
        while True:
            params = {"PageToken": token} if token else {}
            page = await self._get(f"{C}/MyConversations", **params)
            found += page["conversations"]
            token = page["meta"]["next_token"]
            if not token:
                break
        sids = [row["conversation_sid"] for row in found]
        assert sids == sorted(set(sids))
        return found

    async def _stop_tasks(self) -> None:
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    async def leave(self) -> None:
        """Close the client."""
        if self.line is not None:
            self.line.cut()
        await self._stop_tasks()

    async def settle(self) -> None:
        """Wait until all that is being opened is open."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            self.world.trouble.append(error)

    async def request(self, method: str, path: str, body: Any = None, **params: str) -> tuple[int, Any]:
        """Status and body of the answer. Raises `Disconnected`."""
        if self.line is None:
            raise Disconnected
        return await self.line.request(method, path, body, **params)

    async def _get(self, path: str, **params: str) -> Any:
        status, body = await self.request("GET", path, **params)
        if status == 404:
            raise Refused(path)
        assert status == 200, body
        return body

    # --- opening ---------------------------------------------------------------------------------------------------

    def _known_rooms(self) -> list[str]:
        return [*(self.mine.items if self.mine else ()), *self.opened]

    def _complete(self, room: str) -> bool:
        return all(kind.sid(room) in self.copies for kind in OF_CONVERSATION)

    def _keep(self, descriptor: dict[str, Any]) -> Copy:
        ref = ref_of(descriptor["sid"])
        assert ref is not None
        known, position = self.copies.get(ref.sid), descriptor["last_event_id"]
        if known is not None and known.position >= position:
            return known  # it is open already, and an event has overtaken this answer
        copy = self.copies[ref.sid] = Copy(ref, position, descriptor.get("data"))
        return copy

    async def _open_profile(self, person: str) -> None:
        user = await self._get(f"{C}/Users/{quote(person, safe='')}")
        descriptor = await self._get(f"/v3/Maps/{user['sync_objects']['user_info_map']}", Include="items")
        copy = self._keep(descriptor)
        for item in descriptor["items"]:
            copy.put(item["key"], item["last_event_id"], item["data"])
        self.profiles[person] = copy.ref.sid

    def open(self, room: str) -> None:
        """Open a conversation without being in it, as its creator does."""
        self.opened.add(room)
        self._open_soon(room)

    def _open_soon(self, room: str) -> None:
        if room not in self._opening and not self._complete(room):
            task = self._opening[room] = self._spawn(self._open(room))
            task.add_done_callback(lambda done: self._opened(room, done))

    def _opened(self, room: str, done: asyncio.Task[None]) -> None:
        if self._opening.get(room) is done:
            del self._opening[room]

    async def _open(self, room: str) -> None:
        try:
            document = await self._get(f"/v3/Documents/{Kind.DOCUMENT.unique_name(room)}")
            self._keep(document)
            for kind in (Kind.MESSAGES, Kind.ROSTER):
                path = f"/v3/{kind.type.capitalize()}s/{kind.unique_name(room)}"
                copy = Copy(Ref(kind, room), (await self._get(path))["last_event_id"])
                await self._read_items(copy, path)
                self.copies.setdefault(copy.ref.sid, copy)  # one that is open already goes on as it is
            if not self.hesitant:
                await self.subscribe()
        except Refused:
            if self._opening.get(room) is asyncio.current_task():
                del self._opening[room]
                self._forget_room(room)
        except Disconnected:
            pass

    async def _read_items(self, copy: Copy, path: str) -> None:
        """Page by page as SDK 3 does: it never sends a token, but goes on while there is one."""
        params: dict[str, str] = {}
        while True:
            page = await self._get(f"{path}/Items", PageSize=str(self.page), Order=self.order, **params)
            keys = [item.get("index", item.get("key")) for item in page["items"]]
            assert keys == sorted(keys, reverse=self.order == "desc")
            for item, key in zip(page["items"], keys, strict=True):
                copy.put(key, item["last_event_id"], item["data"])
            if page["meta"]["next_token"] is None:
                return
            assert str(keys[-1]) != params.get("From"), "a page that leads nowhere"
            params = {"From": str(keys[-1])}  # inclusive

    async def subscribe(self) -> None:
        """Ask for all objects that were not asked for yet, each from the position that the client has."""
        wanted: list[Wanted] = [
            (sid, copy.ref.kind.type, copy.position) for sid, copy in self.copies.items() if sid not in self._asked
        ]
        self._asked.update(sid for sid, _, _ in wanted)
        if wanted:
            await self._subscription("establish", wanted)

    async def pause(self, room: str) -> None:
        """Cancel the subscriptions to a conversation's objects, and keep what is known; `subscribe` resumes them."""
        known = [kind.sid(room) for kind in OF_CONVERSATION if kind.sid(room) in self._asked]
        await self._cancel(known)

    async def _cancel(self, sids: list[str]) -> None:
        wanted: list[Wanted] = [(sid, ref.kind.type, None) for sid in sids if (ref := ref_of(sid))]
        self._asked.difference_update(sids)
        if wanted and self.connected:
            await self._subscription("cancel", wanted)

    async def _subscription(self, action: str, wanted: list[Wanted]) -> None:
        if self.line is None:
            return
        with suppress(Disconnected):
            await self.line.subscribe(*wanted, action=action, ask=self.hearing.asks)

    # --- events ----------------------------------------------------------------------------------------------------

    def _take(self, envelope: dict[str, Any]) -> None:
        kind = envelope["event_type"]
        self.hearing.hears(envelope)
        if kind == "subscription_established":
            for entry in envelope["events"]:
                copy = self.copies.get(entry["object_sid"])
                if copy is not None and copy.ref.kind is not Kind.DOCUMENT:
                    copy.position = max(copy.position, entry["last_event_id"])
        elif kind == "subscription_failed":
            for entry in envelope["events"]:
                assert entry["error"]["status"] == 404
                self._object_gone(entry["object_sid"])
        elif kind.startswith("document"):
            self._take_document(kind, envelope["event"])
        elif "item" in kind:
            self._take_item(kind, envelope["event"])
        elif not kind.startswith("subscription"):
            self._object_gone(envelope["event"].get("list_sid") or envelope["event"]["map_sid"])

    def _take_document(self, kind: str, event: dict[str, Any]) -> None:
        copy = self.copies.get(event["document_sid"])
        if kind == "document_removed":
            self._object_gone(event["document_sid"])
        elif copy is not None and event["id"] > copy.position:
            copy.position, copy.data = event["id"], event["document_data"]

    def _object_gone(self, sid: str) -> None:
        ref = ref_of(sid)
        assert ref is not None
        if ref.kind is Kind.DOCUMENT and sid in self.copies:
            left = self.mine is None or ref.stream not in self.mine.items
            assert left or not self.orderly, f"{self.identity} was told of the end of {ref.stream}, and has not left it"
            self._forget_room(ref.stream)
        self.copies.pop(sid, None)
        self._asked.discard(sid)

    def _take_item(self, kind: str, event: dict[str, Any]) -> None:
        copy = self.copies.get(event.get("list_sid") or event["map_sid"])
        if copy is None:
            return
        key, position = event.get("item_index", event.get("item_key")), event["id"]
        if kind.endswith("removed"):
            copy.drop(key, position)
        else:
            unknown = kind.endswith("updated") and key not in copy.items and position > copy.gone.get(key, 0)
            assert not unknown, f"an update of {key}, of which the client was never told"
            copy.put(key, position, event["item_data"])
        copy.position = max(copy.position, position)
        if copy is self.mine:
            self._membership_changed(str(key))

    def _membership_changed(self, room: str) -> None:
        assert self.mine is not None
        if room in self.mine.items:
            self._open_soon(room)
        else:
            self._forget_room(room)

    def _forget_room(self, room: str) -> None:
        if task := self._opening.pop(room, None):
            task.cancel()
        self.opened.discard(room)
        sids = [kind.sid(room) for kind in OF_CONVERSATION]
        for sid in sids:
            self.copies.pop(sid, None)
        asked = [sid for sid in sids if sid in self._asked]
        if asked and self.connected:
            self._asked.difference_update(asked)
            self._spawn(self._cancel(asked))

    # --- what is shown ---------------------------------------------------------------------------------------------

    def messages(self, room: str) -> list[str]:
        """The SIDs of a conversation's messages, as far as they are known."""
        copy = self.copies.get(Kind.MESSAGES.sid(room))
        return [copy.items[index][1]["sid"] for index in sorted(copy.items)] if copy else []

    def view(self) -> dict[str, Any]:
        """All that is shown, without positions."""
        memberships = self.mine.shown() if self.mine else {}
        return {
            "mine": memberships,
            "profiles": {person: self.copies[sid].shown() for person, sid in self.profiles.items()},
            "rooms": {room: self._room(room) for room in {*memberships, *self.opened}},
        }

    def _room(self, room: str) -> dict[str, Any]:
        found = {kind: self.copies.get(kind.sid(room)) for kind in OF_CONVERSATION}
        return {kind.suffix: copy and (copy.data or copy.shown()) for kind, copy in found.items()}

    def unread(self, room: str) -> int | None:
        """Messages beyond the read horizon."""
        assert self.mine is not None
        horizon = self.mine.items[room][1]["lastConsumedMessageIndex"]
        copy = self.copies[Kind.MESSAGES.sid(room)]
        return None if horizon is None else sum(index > horizon for index in copy.items)


def _membership(row: dict[str, Any]) -> dict[str, Any]:
    """A row of the list of conversations as an item of the map."""
    objects = row["sync_objects"]
    return {
        "status": row["status"],
        "channel": objects["conversation"],
        "messages": objects["messages"],
        "roster": objects["participants"],
        "notificationLevel": row["notification_level"],
        "lastConsumedMessageIndex": row["last_read_message_index"],
    }
