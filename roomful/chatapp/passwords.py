"""Password hashes: argon2id, computed on few threads of their own, with a bounded queue."""

import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import BoundedSemaphore
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from roomful.chatapp.errors import ApiError, throttled

T = TypeVar("T")

MIN_LENGTH, MAX_LENGTH = 8, 256  # characters
THREADS = 2
QUEUE = 32  # beyond this many at once people are asked to wait: each costs 19 MiB and some 25 ms


def check_password(password: str) -> str:
    """The password in the form that is hashed: NFKC, so that it is the same on every keyboard (NIST SP 800-63B).

    Raises ApiError `weak_password` when it is too short or too long, `bad_request` when it is no valid text.
    """
    try:
        password.encode()
    except UnicodeEncodeError:
        raise ApiError(400, "bad_request", "The password contains characters that are not text.") from None
    if not MIN_LENGTH <= len(password) <= MAX_LENGTH:
        raise ApiError(400, "weak_password", f"A password has {MIN_LENGTH} to {MAX_LENGTH} characters.")
    return unicodedata.normalize("NFKC", password)


class Passwords:
    """Hashes and verifies. Parameters: the second choice of OWASP's password storage cheat sheet (m=19 MiB, t=2, p=1);
    they are kept in each hash, so they can be raised later and old hashes are renewed at the next log-in."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="argon2")
        self._room = BoundedSemaphore(QUEUE)
        self._dummy: str | None = None

    def hash(self, password: str) -> str:
        """The hash to store. Raises ApiError `throttled` when too many are waiting."""
        return self._run(lambda: self._hasher.hash(password))

    def verify(self, password_hash: str | None, password: str) -> bool:
        """True when the password belongs to the hash. Without a hash the answer is False and takes as long, so that
        nobody learns from the time which accounts exist."""
        return self._run(lambda: self._verify(password_hash, password))

    def outdated(self, password_hash: str) -> bool:
        """True when the hash was made with other parameters than today's."""
        return self._hasher.check_needs_rehash(password_hash)

    def _verify(self, password_hash: str | None, password: str) -> bool:
        if self._dummy is None:
            self._dummy = self._hasher.hash("nobody's password")
        try:
            matches = self._hasher.verify(password_hash or self._dummy, password)
        except (VerificationError, InvalidHashError):
            return False
        return matches and password_hash is not None

    def _run(self, work: Callable[[], T]) -> T:
        if not self._room.acquire(blocking=False):
            raise throttled(1)
        try:
            return self._pool.submit(work).result()
        finally:
            self._room.release()
