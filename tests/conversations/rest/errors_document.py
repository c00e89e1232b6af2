"""docs/errors.md, made from the table of errors: `.venv/bin/python -m tests.conversations.rest.errors_document`."""

from __future__ import annotations

from pathlib import Path

from roomful.conversations.core.errors import TABLE

DOCUMENT = Path(__file__).parents[3] / "docs/errors.md"
REFRESH = "python -m tests.conversations.rest.errors_document"
_HEAD = """# Errors

Made from the table in `roomful/conversations/core/errors.py`; do not edit.

Errors of REST v1, of the extensions and of media are JSON, `{"code", "message", "more_info", "status"}`; clients of
the SDK are told status and code in the answer to a request. Codes are Twilio's, and so are their meanings; where
Twilio does not say which HTTP status a code has, we follow the rule *missing 404, taken 409, not allowed 403, too
much 429, else 400*. What a path of REST names and is not there is always 20404, whatever it is; codes marked (SDK)
are for clients of the SDK only, and those marked (commands) are seen by nobody outside. What passes by itself says
`Retry-After`.

| code | status | meaning |
|---|---|---|
"""


def document() -> str:
    """The whole document."""
    rows = [(code, status, meaning) for code, of in sorted(TABLE.items()) for status, meaning in sorted(of.items())]
    return _HEAD + "".join(f"| {code} | {status} | {meaning} |\n" for code, status, meaning in rows)


if __name__ == "__main__":
    DOCUMENT.write_text(document())
