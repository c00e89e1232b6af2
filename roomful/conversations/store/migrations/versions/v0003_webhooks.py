"""Webhooks of accounts, services and conversations, and the outbox of their calls.

Revision 0003.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    _conversations()
    _messages()
    _webhook_configurations()
    _webhooks()
    _webhook_calls()
    _leases()


def _conversations() -> None:
    with op.batch_alter_table("conversations") as table:
        table.add_column(sa.Column("webhooks_count", sa.BigInteger(), nullable=False, server_default="0"))
    with op.batch_alter_table("conversations") as table:
        table.alter_column("webhooks_count", server_default=None)


def _messages() -> None:
    """A repeated send is found by who sent the first one: a webhook may have made somebody else its author."""
    op.add_column("messages", sa.Column("cid_author", TEXT, nullable=True))
    op.execute("UPDATE messages SET cid_author = author WHERE cid IS NOT NULL")
    op.drop_index("ux_messages_conversation_sid_author_cid", "messages")
    key = ["conversation_sid", "cid_author", "cid"]
    op.create_index("ux_messages_conversation_sid_cid_author_cid", "messages", key, unique=True)


def _webhook_configurations() -> None:
    op.create_table(
        "webhook_configurations",
        sa.Column("owner_sid", TEXT, primary_key=True, nullable=False),
        sa.Column("pre_webhook_url", TEXT, nullable=True),
        sa.Column("post_webhook_url", TEXT, nullable=True),
        sa.Column("method", TEXT, nullable=False),
        sa.Column("filters", TEXT, nullable=False),
        sa.Column("target", TEXT, nullable=False),
        sa.Column("date_created", sa.BigInteger(), nullable=False),
        sa.Column("date_updated", sa.BigInteger(), nullable=False),
    )


def _webhooks() -> None:
    op.create_table(
        "webhooks",
        sa.Column("sid", TEXT, primary_key=True, nullable=False),
        sa.Column("conversation_sid", TEXT, nullable=False),
        sa.Column("target", TEXT, nullable=False),
        sa.Column("url", TEXT, nullable=True),
        sa.Column("method", TEXT, nullable=False),
        sa.Column("filters", TEXT, nullable=False),
        sa.Column("triggers", TEXT, nullable=False),
        sa.Column("flow_sid", TEXT, nullable=True),
        sa.Column("date_created", sa.BigInteger(), nullable=False),
        sa.Column("date_updated", sa.BigInteger(), nullable=False),
    )
    op.create_index("ix_webhooks_conversation_sid_sid", "webhooks", ["conversation_sid", "sid"])


def _webhook_calls() -> None:
    op.create_table(
        "webhook_calls",
        sa.Column("sid", TEXT, primary_key=True, nullable=False),
        sa.Column("target_sid", TEXT, nullable=False),
        sa.Column("stream_sid", TEXT, nullable=False),
        sa.Column("place", sa.BigInteger(), nullable=False),
        sa.Column("event", TEXT, nullable=False),
        sa.Column("url", TEXT, nullable=True),
        sa.Column("method", TEXT, nullable=False),
        sa.Column("parameters", TEXT, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("date_created", sa.BigInteger(), nullable=False),
        sa.Column("date_due", sa.BigInteger(), nullable=False),
        sa.Column("error", TEXT, nullable=True),
    )
    lane = ["target_sid", "stream_sid", "place"]
    op.create_index("ux_webhook_calls_target_sid_stream_sid_place", "webhook_calls", lane, unique=True)
    op.create_index("ix_webhook_calls_state_target_sid_stream_sid_place", "webhook_calls", ["state", *lane])
    op.create_index("ix_webhook_calls_state_date_created", "webhook_calls", ["state", "date_created"])


def _leases() -> None:
    op.create_table(
        "leases",
        sa.Column("name", TEXT, primary_key=True, nullable=False),
        sa.Column("holder", TEXT, nullable=False),
        sa.Column("date_expires", sa.BigInteger(), nullable=False),
    )
