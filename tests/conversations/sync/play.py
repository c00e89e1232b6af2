"""Several people with their devices on one service, and everything that can happen to them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

from roomful.conversations.core.conversations import CreateConversation, DeleteConversation, UpdateConversation
from roomful.conversations.core.errors import ServiceError
from roomful.conversations.core.messages import DeleteMessage, SendMessage, UpdateMessage
from roomful.conversations.core.model import Conversation, Participant, Role
from roomful.conversations.core.participants import AddParticipant, RemoveParticipant, UpdateParticipant
from roomful.conversations.core.ports import Reads
from roomful.conversations.core.users import CreateUser, UpdateUser
from roomful.conversations.store.upkeep import DAY, prune

from .agreement import agree, ready
from .line import Disconnected
from .mirror import C, Mirror
from .world import World

PEOPLE = ("ann", "ben", "cat")
MAX_ROOMS = 4
ANSWERS = {200, 201, 204, 400, 403, 404, 409}
"""What a client's request may be answered with; 503 too while the service stops."""

ATTRIBUTES = ("{}", "[]", "null", "true", "0", '"é\\u0000"', '{"cid":"c"}', '{"a":{"b":[1.5]}}')


class Play:
    """`start` it, then let things happen; `compare` checks what every device shows and was told.

    Attributes:
        rooms: conversations that exist, or were deleted a moment ago.
        sent: SIDs of the messages that were sent, by conversation.
        acknowledged: those whose senders were told so, and that nobody tried to remove.
    """

    def __init__(self, database_url: str) -> None:
        self.world = World(database_url)
        self.devices = [
            Mirror(self.world, "ann"),
            Mirror(self.world, "ann", page=10, order="desc"),
            Mirror(self.world, "ben", hesitant=True),
            Mirror(self.world, "cat", page=30),
        ]
        self.rooms: list[str] = []
        self.sent: dict[str, list[str]] = {}
        self.acknowledged: dict[str, set[str]] = {}
        self._erased: set[str] = set()
        self._privy: dict[Mirror, set[str]] = {device: set() for device in self.devices}
        self._pending: set[asyncio.Task[None]] = set()
        self._silent: set[str] = set()
        self._nudges = 0

    async def start(self) -> None:
        await self.world.start()
        for person in PEOPLE:
            await self.world.run(CreateUser(person))
        for n, members in enumerate((("ann", "ben"), ("cat",), ())):
            await self.by_admin("make", 0, n, n)
            for person in members:
                await self.world.run(AddParticipant(self.rooms[n], person))
        for device in self.devices:
            device.people = set(PEOPLE)
            await ready(device)
        await self._note_who_may_hear()

    async def end(self) -> None:
        for device in self.devices:
            await device.leave()
        for task in self._pending:
            task.cancel()
        await self.world.stop()

    # --- what clients do -------------------------------------------------------------------------------------------

    async def by_client(self, device: int, verb: str, room: int, person: int, n: int, wait: bool) -> None:
        """Ask for something through the socket; do not wait for the answer unless told."""
        mirror = self.devices[device]
        if not mirror.connected or (verb == "create" and len(self.rooms) >= MAX_ROOMS):
            return
        sid = self.rooms[room % len(self.rooms)] if self.rooms else "CH" + "0" * 32
        request = _request(verb, mirror, sid, PEOPLE[person], n, self._message(sid, n))
        self._before(verb, mirror.identity, sid, PEOPLE[person], n)
        task = asyncio.get_running_loop().create_task(self._ask(mirror, verb, sid, *request))
        self._pending.add(task)
        if wait and mirror.line is not None and mirror.line.backlog is None:
            await asyncio.wait([task])

    async def _ask(self, mirror: Mirror, verb: str, sid: str, method: str, path: str, body: Any) -> None:
        try:
            status, answer = await mirror.request(method, path, body)
        except Disconnected:
            return
        assert status in ANSWERS or (status == 503 and self.world.closing), (verb, status, answer)
        if status == 201 and verb == "create":
            self.rooms.append(answer["sid"])
            self._privy[mirror].add(answer["sid"])
            mirror.open(answer["sid"])
        elif status == 201 and verb == "send":
            self._noted(sid, answer["sid"])
        elif status == 204 and verb == "delete" and sid in self.rooms:
            self.rooms.remove(sid)

    def _noted(self, room: str, message: str) -> None:
        self.sent.setdefault(room, []).append(message)
        if message not in self._erased:  # a repeated send is answered with the first message
            self.acknowledged.setdefault(room, set()).add(message)

    def _message(self, room: str, n: int) -> str:
        sent = self.sent.get(room)
        return sent[n % len(sent)] if sent else "IM" + "0" * 32

    def _before(self, verb: str, actor: str, room: str, person: str, n: int) -> None:
        """What an attempt may bring about, whether or not its answer comes."""
        if verb in ("join", "add"):
            for device, privy in self._privy.items():
                if device.identity == (actor if verb == "join" else person):
                    privy.add(room)
        elif verb == "erase":
            self._erased.add(self._message(room, n))
            self.acknowledged.get(room, set()).discard(self._message(room, n))

    # --- what happens to their lines -------------------------------------------------------------------------------

    async def stall(self, device: int) -> None:
        if line := self.devices[device].line:
            line.stall()

    async def flow(self, device: int) -> None:
        if line := self.devices[device].line:
            line.flow()

    async def cut(self, device: int, read: int) -> None:
        if line := self.devices[device].line:
            line.cut(read)

    async def connect(self, device: int) -> None:
        await self.devices[device].connect()

    async def cancel(self, device: int, room: int) -> None:
        """A client ends its subscriptions to a conversation for a while."""
        if self.rooms and self.devices[device].reading:
            await self.devices[device].pause(self.rooms[room % len(self.rooms)])

    async def subscribe(self, device: int) -> None:
        if self.devices[device].reading:
            await self.devices[device].subscribe()

    # --- what the administrator does -------------------------------------------------------------------------------

    async def by_admin(self, verb: str, room: int, person: int, n: int, *, alone: bool = True) -> None:
        """Carry out a command of the account's. `alone`: no other is carried out meanwhile."""
        if verb == "make":
            if len(self.rooms) < MAX_ROOMS:
                made = await self.world.run(CreateConversation(friendly_name=f"room {n}"))
                self.rooms.append(made.sid)
        elif self.rooms:
            sid = self.rooms[room % len(self.rooms)]
            self._before(verb, "", sid, PEOPLE[person], n)
            with suppress(ServiceError):  # already there, already gone, closed
                await self._command(verb, sid, PEOPLE[person], n)()
                if verb == "remove" and alone:
                    self._gone(sid, PEOPLE[person])

    def _gone(self, room: str, person: str) -> None:
        """Whoever was removed hears no more from this moment on, unless something is still under way."""
        if self._pending or self.world.bus.lost is not None or self._silent:
            return
        for device, privy in self._privy.items():
            if device.identity == person and device.reading and device.hearing.quiet and room not in device.opened:
                assert device.hearing.rooms <= privy
                device.hearing.rooms.discard(room)
                privy.discard(room)

    def _command(self, verb: str, sid: str, person: str, n: int) -> Callable[[], Coroutine[Any, Any, Any]]:
        run, message = self.world.run, self._message(sid, n)
        names = {"friendly_name": f"{person} {n}"} if n % 3 else {"attributes": f'{{"n":{n}}}'}
        commands: dict[str, Callable[[], Coroutine[Any, Any, Any]]] = {
            "add": lambda: run(AddParticipant(sid, person)),
            "remove": lambda: run(RemoveParticipant(sid, person)),
            "send": lambda: self.say(sid, person, f"message {n}"),
            "edit": lambda: run(UpdateMessage(sid, message, body=f"edited {n}", author=person)),
            "erase": lambda: run(DeleteMessage(sid, message)),
            "rename": lambda: run(UpdateConversation(sid, friendly_name=f"name {n}", attributes=f"[{n}]")),
            "state": lambda: run(UpdateConversation(sid, state=("active", "inactive", "closed")[n % 7 // 3])),
            "role": lambda: self._give_role(sid, person, n),
            "read": lambda: run(UpdateParticipant(sid, person, last_read_message_index=n, attributes=f"{n}")),
            "profile": lambda: run(UpdateUser(person, **names) if n % 2 else UpdateUser(person, "both", f"[{n}]")),
            "delete": lambda: self._delete(sid),
        }
        return commands[verb]

    async def say(self, room: str, author: str, body: str) -> None:
        self._noted(room, (await self.world.run(SendMessage(room, body=body, author=author))).sid)

    async def _delete(self, sid: str) -> None:
        await self.world.run(DeleteConversation(sid))
        if sid in self.rooms:  # a client may have been told first
            self.rooms.remove(sid)

    async def _give_role(self, sid: str, person: str, n: int) -> None:
        def query(reads: Reads) -> list[Role]:
            return reads.page(Role, order="sid", limit=10, service_sid=self.world.service_sid, type="conversation")

        roles = await self.world.store.reads.read(query)
        await self.world.run(UpdateParticipant(sid, person, role_sid=roles[n % len(roles)].sid))

    async def meanwhile(self, device: int, commands: list[tuple[str, int, int, int]]) -> None:
        """A client comes back, and what it reads is old already: changes go on all the time."""
        await self.cut(device, read=0)
        before, self.world.lag = self.world.lag, 0.003
        coming = asyncio.ensure_future(self.connect(device))
        for command in commands:
            await self.by_admin(*command)
        await coming
        self.world.lag = before

    async def at_once(self, commands: list[tuple[str, int, int, int]]) -> None:
        """Commands that share a commit."""
        await asyncio.gather(*(self.by_admin(*command, alone=False) for command in commands))

    async def flood(self, room: int, count: int) -> None:
        """Many changes at once."""
        if self.rooms:
            sid = self.rooms[room % len(self.rooms)]
            with suppress(ServiceError):
                await asyncio.gather(*(self.say(sid, PEOPLE[n % 3], f"flood {n}") for n in range(count)))

    # --- what happens to the service -------------------------------------------------------------------------------

    async def restart(self, crash: bool) -> None:
        if crash:
            await self.world.crash([device.line for device in self.devices if device.line])
        else:
            await self.world.stop()
        self._silent.clear()
        await self.world.start()

    def lose(self) -> None:
        """From now on the bus carries nothing. Who asks for something meanwhile reads what others are not told yet."""
        if self.world.bus.lost is None:
            self.world.bus.lost = []
            for device in self.devices:
                device.orderly = False

    async def find(self, how: str) -> None:
        """The bus carries again; what it kept is lost or comes late, in another order, or twice."""
        lost, self.world.bus.lost = self.world.bus.lost or [], None
        if how == "never":
            self._silent.update(commit.stream for commit in lost)
            lost = [commit for commit in lost if not await self._changeable(commit.stream)]
        self.world.bus.publish({"backwards": lost[::-1], "twice": lost * 2}.get(how, lost))

    async def _changeable(self, stream: str) -> bool:
        """Whether the stream can have another commit, by which a lost one is noticed."""
        row = await self.world.store.reads.read(lambda reads: reads.one(Conversation, sid=stream))
        return stream.startswith("US") if row is None else row.state != "closed"

    async def forget(self) -> None:
        """A month goes by, and with it what is kept of removals."""
        self.world.time.shift += 31 * DAY * 1000
        for device in self.devices:
            device.may_be_denied = device.line
        await prune(self.world.store.writer, self.world.time(), 30)

    # --- what must hold --------------------------------------------------------------------------------------------

    async def compare(self, everybody: bool) -> None:
        """All that are connected, or all, show what they would show had they just started."""
        self.world.lag = 0
        for device in self.devices if everybody else ():
            if device.line is not None:
                device.line.flow()
        if self._pending:
            await self._answers()
        if self.world.bus.lost is not None:
            await self.find("late")
        await self._break_the_silence()
        checked = [device for device in self.devices if everybody or device.reading]
        for device in checked:
            await self._check(device)
        assert not self.world.trouble, self.world.trouble
        if len(checked) == len(self.devices):
            await self._note_who_may_hear()

    async def _answers(self) -> None:
        stalled = not all(device.reading for device in self.devices)
        done, self._pending = await asyncio.wait(self._pending, timeout=0.05 if stalled else 5)
        assert stalled or not self._pending, "requests were not answered"
        for task in done:
            task.result()

    async def _break_the_silence(self) -> None:
        """A lost commit is noticed by the next one of its stream."""
        silent, self._silent = self._silent, set()
        people = {device.mine.ref.stream: device.identity for device in self.devices if device.mine}
        for stream in silent:
            self._nudges += 1
            with suppress(ServiceError):
                if stream in people:
                    await self.world.run(UpdateUser(people[stream], friendly_name=f"nudge {self._nudges}"))
                elif stream.startswith("CH"):
                    await self.world.run(UpdateConversation(stream, friendly_name=f"nudge {self._nudges}"))

    async def _check(self, device: Mirror) -> None:
        other = await agree(device)
        if device.line is not device.may_be_denied:
            device.may_be_denied = None
        for room in device.mine.items if device.mine else ():
            _, mine = await other.request("GET", f"{C}/MyConversations/{room}")
            assert mine["unread_messages_count"] == device.unread(room), (device.identity, room)
            _, shown = await other.request("GET", f"{C}/Conversations/{room}")
            assert shown["messages_count"] == len(device.messages(room)), (device.identity, room)
            missing = self.acknowledged.get(room, set()) - set(device.messages(room))
            assert not missing, f"acknowledged and not there: {missing}"
        await other.leave()
        told = device.hearing.rooms | {typing["channel_sid"] for typing in device.typing}
        assert told <= self._privy[device], f"{device.identity} heard of {told - self._privy[device]}"
        assert all(typing["identity"] != device.identity for typing in device.typing)
        device.hearing.rooms.clear()
        device.typing.clear()

    async def _note_who_may_hear(self) -> None:
        """Nothing is under way, so whoever is in no conversation now hears nothing of it until added again."""

        def query(reads: Reads) -> dict[str, set[str]]:
            may: dict[str, set[str]] = {}
            for room in self.rooms:
                row = reads.one(Conversation, sid=room)
                members = reads.page(Participant, order="sid", limit=100, conversation_sid=room)
                may[room] = {member.identity or "" for member in members} | {row.created_by if row else ""}
            return may

        may = await self.world.store.reads.read(query)
        for device in self.devices:
            device.orderly = True
            self._privy[device] = {room for room, people in may.items() if device.identity in people}


def _request(verb: str, mirror: Mirror, room: str, person: str, n: int, message: str) -> tuple[str, str, Any]:
    """Method, path and body of a client's request."""
    here, own, attributes = f"{C}/Conversations/{room}", mirror.identity, ATTRIBUTES[n % len(ATTRIBUTES)]
    profile = {"attributes": attributes} if n % 2 else {"friendly_name": f"{own} {n}"}
    named = {"friendly_name": f"new {n}", "unique_name": f"u{n}" if n % 3 == 0 else None, "attributes": attributes}
    requests: dict[str, tuple[str, str, Any]] = {
        "create": ("POST", f"{C}/Conversations", named),
        "join": ("POST", f"{here}/Participants", {"identity": own}),
        "leave": ("DELETE", f"{here}/Participants/{own}", {}),
        "add": ("POST", f"{here}/Participants", {"identity": person, "attributes": attributes}),
        "remove": ("DELETE", f"{here}/Participants/{person}", {}),
        "send": ("POST", f"{here}/Messages", {"body": f"says {n}", "attributes": attributes}),
        "edit": ("POST", f"{here}/Messages/{message}", {"body": f"edits {n}"}),
        "decorate": ("POST", f"{here}/Messages/{message}", {"attributes": attributes}),
        "erase": ("DELETE", f"{here}/Messages/{message}", {}),
        "rename": ("POST", here, {"friendly_name": f"name {n}"}),
        "name": ("POST", here, {"unique_name": f"u{n}" if n % 2 else ""}),
        "describe": ("POST", here, {"attributes": attributes}),
        "adorn": ("POST", f"{here}/Participants/{own}", {"attributes": attributes}),
        "read": ("POST", f"{C}/MyConversations/{room}", {"last_read_message_index": n - 1 if n else None}),
        "level": ("POST", f"{C}/MyConversations/{room}", {"notification_level": ("default", "muted")[n % 2]}),
        "type": ("POST", "/v1/typing", f"ChannelSid={room}".encode()),
        "delete": ("DELETE", here, {}),
        "profile": ("POST", f"{C}/Users/{own}", profile),
    }
    return requests[verb]


CLIENT_VERBS = (
    *("create", "join", "leave", "add", "remove", "send", "send", "send", "edit", "decorate", "erase", "rename"),
    *("name", "describe", "adorn", "read", "level", "type", "delete", "profile"),
)
ADMIN_VERBS = (
    *("make", "add", "add", "remove", "send", "send", "edit", "erase", "rename", "state", "role", "read"),
    *("profile", "delete"),
)
