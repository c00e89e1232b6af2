"""Reactions, pins, mentions, and of which rooms people want to hear."""

import sqlalchemy as sa
from alembic import context, op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    schema = context.config.attributes["schema"]
    account = f"{schema}.accounts.identity" if schema else "accounts.identity"
    op.create_table(
        "reactions",
        sa.Column("message_sid", sa.String(34), primary_key=True),
        sa.Column("emoji", sa.String(64), primary_key=True),
        sa.Column("identity", sa.String(256), primary_key=True),
        sa.Column("room_sid", sa.String(34), nullable=False),
        sa.Column("given", sa.Boolean, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        schema=schema,
    )
    op.create_index("reactions_room_sid_idx", "reactions", ["room_sid"], schema=schema)
    op.create_table(
        "pins",
        sa.Column("room_sid", sa.String(34), primary_key=True),
        sa.Column("message_sid", sa.String(34), primary_key=True),
        sa.Column("index", sa.Integer, nullable=False),
        sa.Column("by", sa.String(64), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        schema=schema,
    )
    op.create_index("pins_message_sid_idx", "pins", ["message_sid"], schema=schema)
    op.create_table(
        "mentions",
        sa.Column("identity", sa.String(64), primary_key=True),
        sa.Column("room_sid", sa.String(34), primary_key=True),
        sa.Column("index", sa.Integer, primary_key=True),
        sa.Column("message_sid", sa.String(34), nullable=False),
        sa.Column("author", sa.String(256), nullable=False),
        schema=schema,
    )
    op.create_index("mentions_message_sid_idx", "mentions", ["message_sid"], schema=schema)
    op.create_index("mentions_room_sid_idx", "mentions", ["room_sid"], schema=schema)
    op.create_table(
        "levels",
        sa.Column("identity", sa.String(64), sa.ForeignKey(account, ondelete="CASCADE"), primary_key=True),
        sa.Column("room_sid", sa.String(34), primary_key=True),
        sa.Column("level", sa.String(16), nullable=False),
        schema=schema,
    )
    op.create_index("levels_room_sid_idx", "levels", ["room_sid"], schema=schema)
