"""Accounts, sessions, their tokens, and the rooms offered to people."""

import sqlalchemy as sa
from alembic import context, op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    schema = context.config.attributes["schema"]
    prefix = f"{schema}." if schema else ""
    op.create_table(
        "accounts",
        sa.Column("identity", sa.String(64), primary_key=True),
        sa.Column("friendly_name", sa.String(64), nullable=False),
        sa.Column("password_hash", sa.String(256)),
        sa.Column("admin", sa.Boolean, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("ready_at", sa.BigInteger),
        sa.Column("rooms_since", sa.BigInteger),
        sa.Column("disabled_at", sa.BigInteger),
        schema=schema,
    )
    op.create_table(
        "sessions",
        sa.Column("cookie_sha256", sa.String(64), primary_key=True),
        sa.Column(
            "identity", sa.String(64), sa.ForeignKey(f"{prefix}accounts.identity", ondelete="CASCADE"), nullable=False
        ),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        schema=schema,
    )
    op.create_index("sessions_identity_idx", "sessions", ["identity"], schema=schema)
    op.create_index("sessions_expires_at_idx", "sessions", ["expires_at"], schema=schema)
    op.create_table(
        "session_tokens",
        sa.Column("token_sha256", sa.String(64), primary_key=True),
        sa.Column(
            "cookie_sha256",
            sa.String(64),
            sa.ForeignKey(f"{prefix}sessions.cookie_sha256", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        schema=schema,
    )
    op.create_index("session_tokens_cookie_sha256_idx", "session_tokens", ["cookie_sha256"], schema=schema)
    op.create_table(
        "offered_rooms",
        sa.Column(
            "identity", sa.String(64), sa.ForeignKey(f"{prefix}accounts.identity", ondelete="CASCADE"), primary_key=True
        ),
        sa.Column("room_sid", sa.String(34), primary_key=True),
        sa.Column("joined", sa.Boolean, nullable=False),
        sa.Column("offered_at", sa.BigInteger, nullable=False),
        schema=schema,
    )
    op.create_index("offered_rooms_room_sid_idx", "offered_rooms", ["room_sid"], schema=schema)
