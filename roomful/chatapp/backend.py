"""The Conversations service that the chat application works with, and how it is reached."""

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock
from typing import Any, Literal

from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.http import HttpClient
from twilio.rest import Client

from roomful.chatapp.wire import BackendUnavailable, GuardedHttpClient

__all__ = ["PARTICIPANT_ROLE", "Backend", "BackendUnavailable", "Connection", "Credentials", "talking"]

log = logging.getLogger(__name__)

PARTICIPANT_ROLE = "participant"  # the service role of people, as in the tutorial


@dataclass(frozen=True)
class Credentials:
    """What the chat application signs in with at the backend.

    service_sid: the Conversations service to use; None on Twilio, where the account's default service is asked for.
    """

    account_sid: str
    auth_token: str
    api_key_sid: str
    api_key_secret: str
    service_sid: str | None

    def __repr__(self) -> str:
        return f"Credentials({self.account_sid}, …)"  # never a secret in a log


@dataclass(frozen=True)
class Backend:
    """Where the Conversations service is.

    kind: our service in this process, another Roomful, or Twilio's cloud.
    base_url: of REST, for the first two; None on Twilio's cloud.
    credentials: asked when first needed (a command may have to find the service first); may raise BackendUnavailable.
    http_client: used instead of the library's own, for a service in this process.
    sdk: options for the browser's `new Client(token, options)`, answered by /login.
    """

    kind: Literal["embedded", "roomful", "twilio"]
    base_url: str | None
    credentials: Callable[[], Credentials]
    http_client: HttpClient | None
    sdk: Mapping[str, object]


class Connection:
    """The `twilio` library, pointed at the backend at its first use."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self._lock = Lock()
        self._credentials: Credentials | None = None
        self._client: Client | None = None
        self._service_sid: str | None = None
        self._role_sid: str | None = None

    @property
    def credentials(self) -> Credentials:
        with self._lock:
            return self._get_credentials()

    @property
    def client(self) -> Client:
        """The library's client. Off the cloud TWILIO_REGION and TWILIO_EDGE, which would rewrite host names, are
        ignored."""
        with self._lock:
            if self._client is None:
                self._client = self._make_client(self._get_credentials())
            return self._client

    @property
    def service_sid(self) -> str:
        """The SID of the service in use. Raises BackendUnavailable when the account has none."""
        if self._service_sid is None:
            self._service_sid = self.credentials.service_sid or self._default_service_sid()
        return self._service_sid

    @property
    def service(self) -> Any:
        """The library's context of the service: `.conversations`, `.users`, `.roles`."""
        return self.client.conversations.v1.services(self.service_sid)

    def participant_role_sid(self) -> str | None:
        """The SID of the service role `participant`; None if the backend has none, then its default role applies.

        Kept once found; `forget_role` drops it.
        """
        if self._role_sid is None:
            with talking("read the roles"):
                for role in self.service.roles.list():
                    if role.friendly_name == PARTICIPANT_ROLE and role.type == "service":
                        self._role_sid = role.sid
        return self._role_sid

    def forget_role(self) -> None:
        """The role was refused: somebody may have deleted and made it again."""
        self._role_sid = None

    def _get_credentials(self) -> Credentials:
        if self._credentials is None:
            self._credentials = self.backend.credentials()
        return self._credentials

    def _make_client(self, credentials: Credentials) -> Client:
        account, token = credentials.account_sid, credentials.auth_token
        http_client = GuardedHttpClient(self.backend.http_client, self.backend.base_url)
        if self.backend.base_url is None:
            return Client(account, token, http_client=http_client)
        # An empty environment would make the library read the real one.
        client = Client(account, token, http_client=http_client, environment={"TWILIO_ACCOUNT_SID": account})
        client.conversations.base_url = self.backend.base_url.rstrip("/")
        return client

    def _default_service_sid(self) -> str:
        with talking("read the account's configuration"):
            sid = self.client.conversations.v1.configuration().fetch().default_chat_service_sid
        if not sid:
            raise BackendUnavailable("The account has no default Conversations service: run `flask chat setup`")
        return str(sid)


@contextmanager
def talking(doing: str, ignore: frozenset[int] = frozenset()) -> Iterator[None]:
    """Turn the library's errors into BackendUnavailable, except answers whose HTTP status is in `ignore`: those end
    the block quietly.

    doing: what was tried, as in "could not <doing>".
    """
    try:
        yield
    except TwilioRestException as exc:
        if exc.status in ignore:
            return
        raise BackendUnavailable(f"The Conversations service refused to {doing} ({exc.status}: {exc.msg})") from exc
    except TwilioException as exc:
        # Lists lose the status on the way (rest.md, section 0, 6); the response is an argument of the exception.
        status = getattr(exc.args[1], "status_code", None) if len(exc.args) > 1 else None
        if status in ignore:
            return
        raise BackendUnavailable(f"The Conversations service refused to {doing} ({status or exc})") from exc
