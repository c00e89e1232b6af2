"""The rows that the rules read and write.

Every row is an immutable value; a change is `dataclasses.replace(row, …)` handed to the unit of work. Times are whole
milliseconds since 1970-01-01 UTC. `attributes` is always JSON text. `KEYS` names the unique keys of a row, the primary
key first; the store makes tables and indexes from them.

Positions (docs/protocol.md, "Positions"): a conversation and a user are each a *stream* with a counter, `position`,
that grows by one with every change. A row keeps the positions of its creation and of its last change, so that what
changed after a position is a query and no event log is needed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

Key = tuple[str, ...]

APPLICATION = "application"
"""The target of calls that an application in the server's own process hears."""

SYSTEM = "system"
"""The author and creator when account credentials act for nobody in particular."""

PLACES = 4096
"""How many calls of one lane can share a position of their stream."""


@dataclass(frozen=True, slots=True)
class Row:
    """Base of all rows."""

    KEYS: ClassVar[tuple[Key, ...]] = ()


@dataclass(frozen=True, slots=True)
class Account(Row):
    """The installation's account: its SID and token are the name and password of REST's Basic authentication."""

    KEYS: ClassVar = (("sid",), ("number",))

    sid: str
    number: int
    """Always 1: an installation has one account, and this unique key makes two nodes that start at once agree on it."""
    auth_token: str
    default_service_sid: str
    date_created: int
    date_updated: int


@dataclass(frozen=True, slots=True)
class ApiKey(Row):
    """A key that signs access tokens and may authenticate REST requests."""

    KEYS: ClassVar = (("sid",),)

    sid: str
    account_sid: str
    secret: str
    friendly_name: str
    date_created: int


@dataclass(frozen=True, slots=True)
class Service(Row):
    """A Conversations service: the space in which identities and unique names are unique, and its defaults."""

    KEYS: ClassVar = (("sid",),)

    sid: str
    account_sid: str
    friendly_name: str
    default_conversation_creator_role_sid: str
    default_conversation_role_sid: str
    default_chat_service_role_sid: str
    reachability_enabled: bool
    date_created: int
    date_updated: int


@dataclass(frozen=True, slots=True)
class Role(Row):
    """A named set of permissions; `type` is "service" (held by users) or "conversation" (held by participants)."""

    KEYS: ClassVar = (("sid",),)

    sid: str
    service_sid: str
    friendly_name: str
    type: str
    permissions: str
    """Permission names in the order they were given, separated by single spaces."""
    date_created: int
    date_updated: int

    def allows(self, permission: str) -> bool:
        """Whether the role holds `permission` (docs/rest.md, "Roles")."""
        return permission in self.permissions.split(" ")


@dataclass(frozen=True, slots=True)
class User(Row):
    """A person of a service, and the stream of what concerns that person: the map of memberships and the profile."""

    KEYS: ClassVar = (("sid",), ("service_sid", "identity"))

    sid: str
    service_sid: str
    identity: str
    friendly_name: str | None
    attributes: str
    role_sid: str
    position: int
    friendly_name_position: int
    attributes_position: int
    pruned_to: int
    conversations_count: int
    date_created: int
    date_updated: int
    online: bool = False
    """Whether some client of the user is connected, as far as other users have been told."""
    notifiable: bool = False
    """Whether the user has a push binding."""
    reachability_position: int = 1
    """Position of the last change of `online` or `notifiable`."""
    reachability_date: int | None = None
    """When `online` last changed; None: it never did."""


@dataclass(frozen=True, slots=True)
class Conversation(Row):
    """A conversation, and the stream of its document, its messages and its roster."""

    KEYS: ClassVar = (("sid",), ("service_sid", "unique_name"))

    sid: str
    service_sid: str
    friendly_name: str | None
    unique_name: str | None
    attributes: str
    state: str
    """"active", "inactive" or "closed"."""
    created_by: str
    position: int
    document_position: int
    """Position of the last change of the conversation's document, a new last message included."""
    pruned_to: int
    next_index: int
    last_message_index: int | None
    last_message_date: int | None
    messages_count: int
    participants_count: int
    date_created: int
    date_updated: int
    state_date: int
    """When `state` last changed."""
    timer_inactive: int | None = None
    """Milliseconds without activity after which the conversation becomes inactive; None: it does not."""
    timer_closed: int | None = None
    """Milliseconds without activity after which it is closed; None: it is not."""
    date_inactive: int | None = None
    date_closed: int | None = None
    """When the clock will change the state; None: it will not."""
    date_due: int | None = None
    """The earlier of the two."""
    webhooks_count: int = 0
    """How many webhooks of its own the conversation has: mostly none, and then nobody need look for them."""


@dataclass(frozen=True, slots=True)
class Participant(Row):
    """A membership: an item of the conversation's roster and of the user's map of conversations.

    It lives in two streams, hence four positions: created and changed in the conversation's stream (`conv_…`) and in
    the user's (`user_…`). Somebody outside the chat, who has an address instead of an identity, lives in the
    conversation's alone: no user, and positions 0 in the user's.
    """

    KEYS: ClassVar = (("sid",), ("conversation_sid", "identity"), ("pair",))

    sid: str
    conversation_sid: str
    user_sid: str | None
    identity: str | None
    attributes: str
    role_sid: str
    last_read_message_index: int | None
    last_read_date: int | None
    notification_level: str
    """"default" or "muted"."""
    conv_created: int
    conv_changed: int
    user_created: int
    user_changed: int
    date_created: int
    date_updated: int
    type: str = "chat"
    """"chat", "sms", "whatsapp" or "email"."""
    address: str | None = None
    """Where somebody outside the chat is reached."""
    proxy_address: str | None = None
    """The service's own address that this person writes to and hears from."""
    projected_address: str | None = None
    name: str | None = None
    """The display name of an e-mail address."""
    level: str | None = None
    """Of an e-mail address: "to", "cc" or "bcc"."""
    pair: str | None = None
    """The service and both addresses, while the conversation is not closed: a pair is in one conversation at a time."""


@dataclass(frozen=True, slots=True)
class Message(Row):
    """A message; `index` counts from 0 in its conversation and is never used twice."""

    KEYS: ClassVar = (("sid",), ("conversation_sid", "index"), ("conversation_sid", "cid_author", "cid"))

    sid: str
    conversation_sid: str
    index: int
    author: str
    participant_sid: str | None
    body: str | None
    subject: str | None
    attributes: str
    cid: str | None
    """The client's own id of this send (`attributes.cid`), by which a repeated send is recognised."""
    last_updated_by: str | None
    created_position: int
    changed_position: int
    date_created: int
    date_updated: int
    cid_author: str | None = None
    """Whose `cid` it is: the author at the send, whoever became the author by a webhook's or a later word."""
    medias: str | None = None
    """What is attached, in order, as `core.media.Attached` in a JSON array; None: nothing is."""
    content_sid: str | None = None
    """The content template that it was made from."""
    delivery: str | None = None
    """A JSON object that sums up its delivery receipts; None: there are none."""
    channel_metadata: str | None = None
    """What its channel says about it: a JSON object of `type` and `data`; None: nothing."""


@dataclass(frozen=True, slots=True)
class Tombstone(Row):
    """What a stream once held: kept so that a client that was away learns of the removal."""

    KEYS: ClassVar = (("stream_sid", "position"),)

    stream_sid: str
    position: int
    object: str
    """"messages", "roster" (streams of conversations) or "my_channels" (streams of users)."""
    key: str
    """The item's key: a message's index as text, a participant's SID, a conversation's SID."""
    date_created: int


@dataclass(frozen=True, slots=True)
class Revocation(Row):
    """A refusal of access tokens: `subject` is `sha256:<hex of the token>` or `identity:<service SID>:<identity>`.

    For an identity, tokens issued up to and including second `not_after` are refused.
    """

    KEYS: ClassVar = (("subject",),)

    subject: str
    not_after: int
    """Seconds since 1970; 0 for a single token."""
    date_expires: int


@dataclass(frozen=True, slots=True)
class Node(Row):
    """A running server: what it holds is valid until `date_expires`, unless it renews that lease."""

    KEYS: ClassVar = (("sid",),)

    sid: str
    date_expires: int


@dataclass(frozen=True, slots=True)
class Presence(Row):
    """A user with a connection to a node; it counts as long as the node's lease does."""

    KEYS: ClassVar = (("user_sid", "node_sid"),)

    user_sid: str
    node_sid: str


@dataclass(frozen=True, slots=True)
class PushBinding(Row):
    """A device's address for push notifications, registered by a user's client."""

    KEYS: ClassVar = (("sid",), ("user_sid", "channel_type", "address"))

    sid: str
    user_sid: str
    channel_type: str
    """"fcm" or "apn"."""
    address: str
    date_created: int
    date_updated: int
    service_sid: str
    identity: str
    """The user's."""


@dataclass(frozen=True, slots=True)
class WebhookConfiguration(Row):
    """Where an account or a service tells of what happens (docs/rest.md, "Webhooks")."""

    KEYS: ClassVar = (("owner_sid",),)

    owner_sid: str
    """The account's or the service's SID."""
    pre_webhook_url: str | None
    """Is asked before something happens."""
    post_webhook_url: str | None
    """Is told after it happened."""
    method: str
    """"GET" or "POST"."""
    filters: str
    """The names of the events that are told, as they were given, separated by single spaces."""
    target: str
    """"webhook" or "flex"; only the former is called."""
    date_created: int
    date_updated: int


@dataclass(frozen=True, slots=True)
class Webhook(Row):
    """A conversation's own webhook; it is changed under the conversation's lock."""

    KEYS: ClassVar = (("sid",),)

    sid: str
    conversation_sid: str
    target: str
    """"webhook" (told of the events in `filters`), "trigger" (of messages with one of `triggers`), or "studio"
    (kept, never called)."""
    url: str | None
    method: str
    """"GET" or "POST"."""
    filters: str
    """As in `WebhookConfiguration`."""
    triggers: str
    """A JSON array of keywords."""
    flow_sid: str | None
    date_created: int
    date_updated: int


@dataclass(frozen=True, slots=True)
class WebhookCall(Row):
    """The outbox: a call of a webhook that is still to be made, or that was given up (docs/design/0012-webhooks.md).

    Calls with the same target and stream are a *lane*: they are made one after the other, in the order of `place`.
    """

    KEYS: ClassVar = (("sid",), ("target_sid", "stream_sid", "place"))

    sid: str
    target_sid: str
    """Whose webhook it is: an account's, a service's or a `Webhook`'s SID, or `APPLICATION`."""
    stream_sid: str
    """The conversation or user that the event belongs to."""
    place: int
    """The stream's position after the event, times `PLACES`, plus a number that tells apart what shares a position."""
    event: str
    """Its name, such as "onMessageAdded"."""
    url: str | None
    """The webhook's URL when the event happened; None for `APPLICATION`."""
    method: str
    parameters: str
    """A JSON object of texts."""
    state: str
    """"waiting" or "failed"."""
    attempts: int
    date_created: int
    date_due: int
    """Before then the next attempt is not made; waiting calls behind it in the lane wait for it, too. Of a failed call:
    when it was given up."""
    error: str | None
    """What went wrong at the last attempt, in words."""


@dataclass(frozen=True, slots=True)
class Lease(Row):
    """Work that one node of several does: `holder` until `date_expires`, unless it renews the lease."""

    KEYS: ClassVar = (("name",),)

    name: str
    holder: str
    date_expires: int


@dataclass(frozen=True, slots=True)
class Media(Row):
    """An uploaded file: its bytes are in the media store, under its SID.

    The row is there before its bytes and outlives them: so what a crash leaves behind is found and swept.
    """

    KEYS: ClassVar = (("sid",),)

    sid: str
    service_sid: str
    author: str
    """The identity of who uploaded it; `SYSTEM` for account credentials."""
    owner: str | None
    """Who answers for it while it is attached to no message: a user's SID, or the service's for account credentials."""
    category: str
    """"media" (a file), "body" or "history" (an e-mail's text, a content template's data)."""
    filename: str | None
    content_type: str
    size: int
    """Bytes; while it is being uploaded as many as it may become."""
    state: str
    """"uploading", "ready", or "removed": nobody sees it any more, and its bytes are going."""
    inline: bool
    """Whether a browser may show it in a page of its own: pictures that were decoded, sound and films."""
    conversation_sid: str | None
    message_sid: str | None
    date_created: int
    date_updated: int
    date_expires: int | None
    """When it is swept unless it is attached to a message; None: it is attached."""


@dataclass(frozen=True, slots=True)
class Receipt(Row):
    """How the delivery of a message to somebody outside the chat goes; changed under the conversation's lock."""

    KEYS: ClassVar = (("sid",), ("message_sid", "participant_sid"))

    sid: str
    conversation_sid: str
    message_sid: str
    participant_sid: str
    channel_message_sid: str | None
    """What the carrier calls the message."""
    status: str
    """"sent", "delivered", "read", "undelivered" or "failed": the latest."""
    error_code: int
    """The carrier's, 0 if there is none."""
    date_created: int
    date_updated: int


@dataclass(frozen=True, slots=True)
class ContentTemplate(Row):
    """A prepared message with variables."""

    KEYS: ClassVar = (("sid",),)

    sid: str
    account_sid: str
    friendly_name: str | None
    language: str
    variables: str
    """A JSON object: each variable's default, by its name."""
    types: str
    """A JSON object: the content's forms by their type, such as "twilio/text"."""
    date_created: int
    date_updated: int


@dataclass(frozen=True, slots=True)
class PushCredential(Row):
    """What a push service wants to be shown before it delivers. Kept and never shown; nothing is sent with it."""

    KEYS: ClassVar = (("sid",),)

    sid: str
    account_sid: str
    friendly_name: str | None
    type: str
    """"apn", "gcm" or "fcm"."""
    sandbox: bool
    certificate: str | None
    private_key: str | None
    api_key: str | None
    secret: str | None
    date_created: int
    date_updated: int


@dataclass(frozen=True, slots=True)
class NotificationConfiguration(Row):
    """What a service's push notifications would say. Kept and shown; none are sent.

    A template or sound that is None is the usual one.
    """

    KEYS: ClassVar = (("service_sid",),)

    service_sid: str
    log_enabled: bool = False
    new_message_enabled: bool = False
    new_message_template: str | None = None
    new_message_sound: str | None = None
    new_message_badge_count_enabled: bool = False
    with_media_enabled: bool = False
    with_media_template: str | None = None
    added_enabled: bool = False
    added_template: str | None = None
    added_sound: str | None = None
    removed_enabled: bool = False
    removed_template: str | None = None
    removed_sound: str | None = None


@dataclass(frozen=True, slots=True)
class AddressConfiguration(Row):
    """What would happen to a message from outside to one of the account's addresses. Kept and shown; none arrive."""

    KEYS: ClassVar = (("sid",), ("account_sid", "type", "address"))

    sid: str
    account_sid: str
    type: str
    """"sms", "whatsapp", "messenger", "gbm", "email", "rcs", "apple" or "chat"."""
    address: str
    friendly_name: str | None
    address_country: str | None
    """Two letters of ISO 3166."""
    auto_enabled: bool
    auto_type: str
    """"default", "webhook" or "studio": what a conversation made for such a message is given."""
    auto_service_sid: str | None
    """Where such a conversation is made; None: in the default service."""
    webhook_url: str | None
    webhook_method: str | None
    webhook_filters: str
    """As in `WebhookConfiguration`."""
    studio_flow_sid: str | None
    studio_retry_count: int | None
    date_created: int
    date_updated: int
