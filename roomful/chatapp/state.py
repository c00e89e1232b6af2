"""The parts of one running chat application, put together once."""

from flask import current_app

from roomful.chatapp.access import Access
from roomful.chatapp.accounts import Accounts
from roomful.chatapp.auth import Sessions
from roomful.chatapp.avatars import Avatars
from roomful.chatapp.backend import Backend, Connection
from roomful.chatapp.config import ChatConfig
from roomful.chatapp.invites import Invites
from roomful.chatapp.locks import Locks
from roomful.chatapp.member_counts import MemberCounts
from roomful.chatapp.messages import Messages
from roomful.chatapp.origin import Exposure, Proxies
from roomful.chatapp.passwords import Passwords
from roomful.chatapp.people import People
from roomful.chatapp.roles import Roles
from roomful.chatapp.rooms import Rooms
from roomful.chatapp.store.database import Database
from roomful.chatapp.throttle import Throttles

EXTENSION = "roomful"


class ChatState:
    """Kept in `app.extensions["roomful"]`. Nothing here touches disk or network before its first use, so that
    `flask --help` works without either."""

    def __init__(self, config: ChatConfig, backend: Backend) -> None:
        self.config = config
        self.backend = backend
        self.database = Database(config.database_url)
        self.locks = Locks(self.database)
        self.connection = Connection(backend)
        self.accounts = Accounts(self.database)
        self.people = People(self.connection, self.accounts)
        self.roles = Roles(self.connection)
        self.messages = Messages(self.connection)
        self.access = Access(self.connection, self.roles, self.messages)
        self.rooms = Rooms(self.connection, self.database, self.accounts)
        self.member_counts = MemberCounts(self.rooms)
        self.sessions = Sessions(self.database)
        self.passwords = Passwords()
        self.throttles = Throttles()
        self.avatars = Avatars(self.database)
        self.invites = Invites(self.database)
        self.proxies = Proxies(config.trusted_proxies)
        self.exposure = Exposure(config, self.proxies)

    def room_changed(self, sid: str) -> None:
        """Who is in the room, or what it is, is another: forget what was read of it."""
        self.access.forget(sid)
        self.member_counts.forget(sid)


def chat() -> ChatState:
    """The parts of the application that serves the current request or command."""
    state: ChatState = current_app.extensions[EXTENSION]
    return state
