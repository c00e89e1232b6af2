"""The conversation roles of the service: what each allows, and which one moderators and plain members have."""

from dataclasses import dataclass
from threading import Lock
from time import monotonic

from roomful.chatapp.backend import Connection, talking

KEPT = 60.0  # seconds; roles change about never


@dataclass(frozen=True, slots=True)
class Known:
    """Permissions by the role's SID, and the SIDs that the service's configuration names."""

    permissions: dict[str, frozenset[str]]
    moderator: str
    member: str


class Roles:
    """Read all at once, and kept for a minute."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._known: tuple[float, Known] | None = None
        self._lock = Lock()

    def permissions(self, role_sid: str) -> frozenset[str]:
        """What the role allows; nothing if there is no such role. Raises BackendUnavailable."""
        known = self._read()
        if role_sid not in known.permissions:  # made since
            known = self._read(anew=True)
        return known.permissions.get(role_sid, frozenset())

    @property
    def moderator_sid(self) -> str:
        """The role of who makes a conversation: `channel admin` unless the service was configured otherwise."""
        return self._read().moderator

    @property
    def member_sid(self) -> str:
        """The role of everybody else in it: `channel user` unless the service was configured otherwise."""
        return self._read().member

    def _read(self, *, anew: bool = False) -> Known:
        with self._lock:
            if self._known is None or self._known[0] <= monotonic() or anew:
                self._known = monotonic() + KEPT, self._ask()
            return self._known[1]

    def _ask(self) -> Known:
        with talking("read the roles"):
            roles = self._connection.service.roles.list()
            configuration = self._connection.service.configuration().fetch()
        return Known(
            {str(role.sid): frozenset(role.permissions or ()) for role in roles},
            str(configuration.default_conversation_creator_role_sid),
            str(configuration.default_conversation_role_sid),
        )
