"""Signatures of webhooks, by which a receiver knows that it was this service that called (docs/rest.md, "Webhooks")."""

from __future__ import annotations

import hmac
from base64 import b64encode
from collections.abc import Mapping
from urllib.parse import urlparse, urlunparse


def sign(auth_token: str, url: str, parameters: Mapping[str, str]) -> str:
    """The header `X-Twilio-Signature` of a call: what Twilio's `RequestValidator` expects.

    `parameters` are those of the form; of a GET there are none, since its URL has them. A user name and a password in
    the URL are not signed: they are sent in a header, and the receiver does not find them in its URL.
    """
    parts = urlparse(url)
    plain = urlunparse(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    text = plain + "".join(f"{name}{parameters[name]}" for name in sorted(parameters))
    return b64encode(hmac.digest(auth_token.encode(), text.encode(), "sha1")).decode()
