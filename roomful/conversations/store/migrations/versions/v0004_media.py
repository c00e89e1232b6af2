"""Media, people outside the chat and what is delivered to them, and content templates.

Revision 0004.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    _participants()
    _messages()
    _media()
    _receipts()
    _content_templates()


def _participants() -> None:
    with op.batch_alter_table("participants") as table:
        table.alter_column("user_sid", existing_type=TEXT, nullable=True)
        table.alter_column("identity", existing_type=TEXT, nullable=True)
        table.add_column(sa.Column("type", TEXT, nullable=False, server_default="chat"))
        for name in ("address", "proxy_address", "projected_address", "name", "level", "pair"):
            table.add_column(sa.Column(name, TEXT, nullable=True))
    with op.batch_alter_table("participants") as table:
        table.alter_column("type", server_default=None)
    op.create_index("ux_participants_pair", "participants", ["pair"], unique=True)


def _messages() -> None:
    for name in ("medias", "content_sid", "delivery", "channel_metadata"):
        op.add_column("messages", sa.Column(name, TEXT, nullable=True))


def _media() -> None:
    op.create_table(
        "medias",
        sa.Column("sid", TEXT, primary_key=True, nullable=False),
        sa.Column("service_sid", TEXT, nullable=False),
        sa.Column("author", TEXT, nullable=False),
        sa.Column("owner", TEXT, nullable=True),
        sa.Column("category", TEXT, nullable=False),
        sa.Column("filename", TEXT, nullable=True),
        sa.Column("content_type", TEXT, nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("inline", sa.Boolean(), nullable=False),
        sa.Column("conversation_sid", TEXT, nullable=True),
        sa.Column("message_sid", TEXT, nullable=True),
        sa.Column("date_created", sa.BigInteger(), nullable=False),
        sa.Column("date_updated", sa.BigInteger(), nullable=False),
        sa.Column("date_expires", sa.BigInteger(), nullable=True),
    )
    for name in ("owner", "conversation_sid", "message_sid", "date_expires"):
        op.create_index(f"ix_medias_{name}", "medias", [name])


def _receipts() -> None:
    op.create_table(
        "receipts",
        sa.Column("sid", TEXT, primary_key=True, nullable=False),
        sa.Column("conversation_sid", TEXT, nullable=False),
        sa.Column("message_sid", TEXT, nullable=False),
        sa.Column("participant_sid", TEXT, nullable=False),
        sa.Column("channel_message_sid", TEXT, nullable=True),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("error_code", sa.BigInteger(), nullable=False),
        sa.Column("date_created", sa.BigInteger(), nullable=False),
        sa.Column("date_updated", sa.BigInteger(), nullable=False),
    )
    key = ["message_sid", "participant_sid"]
    op.create_index("ux_receipts_message_sid_participant_sid", "receipts", key, unique=True)
    op.create_index("ix_receipts_conversation_sid", "receipts", ["conversation_sid"])


def _content_templates() -> None:
    op.create_table(
        "content_templates",
        sa.Column("sid", TEXT, primary_key=True, nullable=False),
        sa.Column("account_sid", TEXT, nullable=False),
        sa.Column("friendly_name", TEXT, nullable=True),
        sa.Column("language", TEXT, nullable=False),
        sa.Column("variables", TEXT, nullable=False),
        sa.Column("types", TEXT, nullable=False),
        sa.Column("date_created", sa.BigInteger(), nullable=False),
        sa.Column("date_updated", sa.BigInteger(), nullable=False),
    )
    op.create_index("ix_content_templates_account_sid_sid", "content_templates", ["account_sid", "sid"])
