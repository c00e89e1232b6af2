"""A client's picture of its conversations, kept by the rules by which the SDK keeps its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from roomful.conversations.sync.objects import Kind, ref_of

from .world import Line, World, eventually


@dataclass
class Items:
    """A list or map: items by key, with the position of each, and the position of the whole."""

    position: int
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

    def data(self) -> dict[Any, Any]:
        return {key: data for key, (_, data) in self.items.items()}


class Mirror:
    """What one person's client knows. After `drop_line`, `connect` goes on from its positions."""

    def __init__(self, world: World, identity: str) -> None:
        self.world = world
        self.identity = identity
        self.line: Line | None = None
        self.memberships: Items | None = None
        self.documents: dict[str, tuple[int, Any]] = {}
        self.lists: dict[str, Items] = {}
        self.types: dict[str, str] = {}
        self.read = 0

    async def connect(self) -> None:
        line = self.line = await self.world.connect(self.identity)
        self.read = 0
        self.mine = Kind.MEMBERSHIPS.sid(line.session.caller.user_sid)
        if self.memberships is None:
            descriptor = await line.get(f"/v3/Maps/{self.mine}")
            self.memberships = Items(descriptor["last_event_id"])
            self.types[self.mine] = "map"
            for row in (await line.get("/Client/v2/MyConversations"))["conversations"]:
                await self.open(row["conversation_sid"])
        wanted: list[tuple[str, str, int | None]] = [(self.mine, "map", self.memberships.position)]
        wanted += [(sid, "document", position) for sid, (position, _) in self.documents.items()]
        wanted += [(sid, self.types[sid], items.position) for sid, items in self.lists.items()]
        await line.subscribe(*wanted)

    def drop_line(self) -> None:
        if self.line is not None:
            self.line.session.closed()
        self.line = None

    async def open(self, conversation: str) -> list[tuple[str, str, int | None]]:
        """Open a conversation's objects; what to subscribe to, or nothing if it vanished meanwhile."""
        assert self.line is not None
        status, document = await self.line.request("GET", f"/v3/Documents/{Kind.DOCUMENT.unique_name(conversation)}")
        if status != 200:
            return []
        self.documents[document["sid"]] = (document["last_event_id"], document["data"])
        wanted: list[tuple[str, str, int | None]] = [(document["sid"], "document", document["last_event_id"])]
        for kind in (Kind.MESSAGES, Kind.ROSTER):
            path = f"/v3/{kind.type.capitalize()}s/{kind.unique_name(conversation)}"
            status, descriptor = await self.line.request("GET", path)
            answer, page = await self.line.request("GET", f"{path}/Items", PageSize="100")
            if status != 200 or answer != 200:
                self.close(conversation)
                return []
            items = self.lists[descriptor["sid"]] = Items(descriptor["last_event_id"])
            self.types[descriptor["sid"]] = kind.type
            for item in page["items"]:
                items.put(item.get("index", item.get("key")), item["last_event_id"], item["data"])
            wanted.append((descriptor["sid"], kind.type, items.position))
        return wanted

    def close(self, conversation: str) -> None:
        self.documents.pop(Kind.DOCUMENT.sid(conversation), None)
        for kind in (Kind.MESSAGES, Kind.ROSTER):
            self.lists.pop(kind.sid(conversation), None)

    async def settle(self) -> None:
        """Take in what came."""
        while self.line is not None and self.read < len(self.line.events):
            event = self.line.events[self.read]
            self.read += 1
            await self.take(event["event_type"], event)

    async def take(self, kind: str, envelope: dict[str, Any]) -> None:
        if kind == "subscription_established":
            for entry in envelope["events"]:
                self.advance(entry["object_sid"], entry["last_event_id"])
        elif kind == "subscription_failed":
            for entry in envelope["events"]:
                ref = ref_of(entry["object_sid"])
                assert ref is not None
                assert entry["error"]["status"] == 404
                if ref.kind is Kind.DOCUMENT:
                    self.close(ref.stream)
        elif kind.startswith("document"):
            self.take_document(kind, envelope["event"])
        elif "item" in kind:
            await self.take_item(kind, envelope["event"])
        else:
            self.lists.pop(envelope["event"].get("list_sid") or envelope["event"]["map_sid"], None)

    def advance(self, sid: str, position: int) -> None:
        items = self.memberships if sid == self.mine else self.lists.get(sid)
        if items is not None:
            items.position = max(items.position, position)

    def take_document(self, kind: str, event: dict[str, Any]) -> None:
        sid = event["document_sid"]
        if kind == "document_removed":
            self.documents.pop(sid, None)
        elif sid in self.documents and event["id"] > self.documents[sid][0]:
            self.documents[sid] = (event["id"], event["document_data"])

    async def take_item(self, kind: str, event: dict[str, Any]) -> None:
        sid = event.get("list_sid") or event["map_sid"]
        items = self.memberships if sid == self.mine else self.lists.get(sid)
        if items is None:
            return
        key, position = event.get("item_index", event.get("item_key")), event["id"]
        known = key in items.items
        if kind.endswith("removed"):
            items.drop(key, position)
        else:
            assert kind.endswith("added") or known or sid == self.mine, "an update of what the client cannot know"
            items.put(key, position, event["item_data"])
        items.position = max(items.position, position)
        if sid == self.mine and self.line is not None:
            ref_key = str(key)
            if kind.endswith("removed") and key not in items.items:
                self.close(ref_key)
            elif Kind.DOCUMENT.sid(ref_key) not in self.documents:
                wanted = await self.open(ref_key)
                if wanted:
                    await self.line.subscribe(*wanted)

    def view(self) -> dict[str, Any]:
        """All that is shown, without positions."""
        assert self.memberships is not None
        return {
            sid: {
                "document": document,
                **{kind.suffix: self.lists[kind.sid(document["sid"])].data() for kind in (Kind.MESSAGES, Kind.ROSTER)},
            }
            for sid, (_, document) in self.documents.items()
        }


async def agree(mirror: Mirror, fresh: Callable[[], Any]) -> None:
    """Wait until the mirror shows what a client shows that starts anew."""
    expected, line = await fresh(), mirror.line
    assert line is not None
    for _ in range(200):
        await mirror.settle()
        if mirror.view() == expected:
            return
        differs = f"{expected}\nbut it is\n{mirror.view()}"
        await eventually(lambda: mirror.read < len(line.events), differs, within=2)
