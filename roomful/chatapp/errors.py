"""Answers that refuse: one sentence for a person and one short code for the front end."""

from dataclasses import dataclass


@dataclass
class ApiError(Exception):
    """A refusal, sent as `{"error": message, "code": code}` with the HTTP status.

    retry_after: seconds to wait, for `throttled`; also sent as the Retry-After header.
    """

    status: int
    code: str
    message: str
    retry_after: int | None = None

    def body(self) -> dict[str, object]:
        """The JSON object of the answer."""
        body: dict[str, object] = {"error": self.message, "code": self.code}
        if self.retry_after is not None:
            body["retry_after"] = self.retry_after
        return body


def bad_request(message: str) -> ApiError:
    return ApiError(400, "bad_request", message)


def signed_out() -> ApiError:
    return ApiError(401, "signed_out", "You are signed out. Sign in again.")


def account_disabled() -> ApiError:
    return ApiError(403, "account_disabled", "This account has been switched off.")


def backend_unavailable() -> ApiError:
    return ApiError(503, "backend_unavailable", "The chat service does not answer right now. Try again in a moment.")


def throttled(seconds: int) -> ApiError:
    unit = "second" if seconds == 1 else "seconds"
    return ApiError(429, "throttled", f"Too many attempts. Try again in {seconds} {unit}.", retry_after=seconds)
