"""The tables. Times are milliseconds since 1970 UTC. On PostgreSQL all of this lives in the schema `chat`."""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, LargeBinary, MetaData, String, Table

REVISION = "0005"  # the newest migration; a test compares it with the scripts

metadata = MetaData(
    naming_convention={
        "pk": "%(table_name)s_pkey",
        "fk": "%(table_name)s_%(column_0_name)s_fkey",
        "ix": "%(column_0_label)s_idx",
    }
)

accounts = Table(
    "accounts",
    metadata,
    Column("identity", String(64), primary_key=True),
    Column("friendly_name", String(64), nullable=False),
    Column("password_hash", String(256)),  # NULL: made by the name-only log-in
    Column("admin", Boolean, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("ready_at", BigInteger),  # NULL until the backend is known to have the user
    Column("rooms_since", BigInteger),  # default rooms made at or after this are offered; NULL: all of them
    Column("disabled_at", BigInteger),
    Column("user_updated", BigInteger),  # the backend's date of the user that friendly_name is from; NULL: not known
    Column("avatar", String(64)),  # the hash of the picture
    Column("deleted_at", BigInteger),  # the row stays, so that nobody gets the identity again
    Column("tokens_from", BigInteger),  # seconds: tokens of before are refused; NULL: none were, other than one by one
)

sessions = Table(
    "sessions",
    metadata,
    Column("cookie_sha256", String(64), primary_key=True),  # the cookie itself is nowhere but in the browser
    Column("identity", ForeignKey("accounts.identity", ondelete="CASCADE"), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("seen_at", BigInteger),  # about when it last asked for a token
    Column("browser", String(200)),  # what it called itself
)
Index("sessions_identity_idx", sessions.c.identity)
Index("sessions_expires_at_idx", sessions.c.expires_at)

session_tokens = Table(
    "session_tokens",
    metadata,
    Column("token_sha256", String(64), primary_key=True),  # of the JWT's text; told to the backend at log-out
    Column("cookie_sha256", ForeignKey("sessions.cookie_sha256", ondelete="CASCADE"), nullable=False),
    Column("expires_at", BigInteger, nullable=False),
)
Index("session_tokens_cookie_sha256_idx", session_tokens.c.cookie_sha256)

offered_rooms = Table(
    "offered_rooms",
    metadata,
    Column("identity", ForeignKey("accounts.identity", ondelete="CASCADE"), primary_key=True),
    Column("room_sid", String(34), primary_key=True),
    Column("joined", Boolean, nullable=False),  # False: the room was full; it is tried again at the next log-in
    Column("offered_at", BigInteger, nullable=False),
)
Index("offered_rooms_room_sid_idx", offered_rooms.c.room_sid)

chores = Table(
    "chores",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("due_at", BigInteger, nullable=False),  # whoever moves it on does the chore: one of several nodes
)

avatars = Table(
    "avatars",
    metadata,
    Column("hash", String(64), primary_key=True),  # SHA-256 of the picture
    Column("picture", LargeBinary, nullable=False),  # WebP, 256 by 256
    Column("created_at", BigInteger, nullable=False),
)

invites = Table(
    "invites",
    metadata,
    Column("id", String(22), primary_key=True),
    Column("code_sha256", String(64), nullable=False, unique=True),  # the code itself is only in the link
    Column("room_sid", String(34)),  # NULL: an invitation to the server
    Column("created_by", ForeignKey("accounts.identity", ondelete="CASCADE")),  # NULL: made at the terminal
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("uses_left", Integer, nullable=False),
)
Index("invites_created_by_idx", invites.c.created_by)
Index("invites_room_sid_idx", invites.c.room_sid)

bans = Table(
    "bans",
    metadata,
    Column("room_sid", String(34), primary_key=True),
    Column("identity", String(64), primary_key=True),
    Column("by", String(64), nullable=False),
    Column("at", BigInteger, nullable=False),
)

farewells = Table(
    "farewells",
    metadata,
    Column("room_sid", String(34), primary_key=True),
    Column("identity", String(64), primary_key=True),
    Column("reason", String(16), nullable=False),  # removed, deleted
    Column("name", String(256), nullable=False),  # of the room
    Column("by", String(64)),
    Column("at", BigInteger, nullable=False),
)
Index("farewells_at_idx", farewells.c.at)

acts = Table(
    "acts",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("at", BigInteger, nullable=False),
    Column("actor", String(64), nullable=False),  # an identity; empty: the terminal
    Column("act", String(32), nullable=False),
    Column("room_sid", String(34)),
    Column("subject", String(256)),  # a person, or the new name
)
Index("acts_at_idx", acts.c.at)

reactions = Table(
    "reactions",
    metadata,
    Column("message_sid", String(34), primary_key=True),
    Column("emoji", String(64), primary_key=True),
    Column("identity", String(256), primary_key=True),  # also of other software's users
    Column("room_sid", String(34), nullable=False),
    Column("given", Boolean, nullable=False),  # False: taken back; kept, so that an old webhook call does not undo that
    Column("at", BigInteger, nullable=False),  # when it was given, or taken back
)
Index("reactions_room_sid_idx", reactions.c.room_sid)

pins = Table(
    "pins",
    metadata,
    Column("room_sid", String(34), primary_key=True),
    Column("message_sid", String(34), primary_key=True),
    Column("index", Integer, nullable=False),  # of the message in its room
    Column("by", String(64), nullable=False),
    Column("at", BigInteger, nullable=False),
)
Index("pins_message_sid_idx", pins.c.message_sid)

mentions = Table(
    "mentions",
    metadata,
    Column("identity", String(64), primary_key=True),  # or `@room`: everybody in it
    Column("room_sid", String(34), primary_key=True),
    Column("index", Integer, primary_key=True),  # of the message in its room
    Column("message_sid", String(34), nullable=False),
    Column("author", String(256), nullable=False),
)
Index("mentions_message_sid_idx", mentions.c.message_sid)
Index("mentions_room_sid_idx", mentions.c.room_sid)

levels = Table(
    "levels",
    metadata,
    Column("identity", ForeignKey("accounts.identity", ondelete="CASCADE"), primary_key=True),
    Column("room_sid", String(34), primary_key=True),
    Column("level", String(16), nullable=False),  # mentions; `all` is what holds without a row
)
Index("levels_room_sid_idx", levels.c.room_sid)
