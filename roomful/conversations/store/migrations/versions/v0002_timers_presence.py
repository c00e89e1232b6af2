"""Timers of conversations, presence and push bindings of users.

Revision 0002.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    _timers()
    _reachability()
    _nodes()
    _presences()
    _push_bindings()


def _timers() -> None:
    with op.batch_alter_table("conversations") as table:
        table.add_column(sa.Column("state_date", sa.BigInteger(), nullable=False, server_default="0"))
        for name in ("timer_inactive", "timer_closed", "date_inactive", "date_closed", "date_due"):
            table.add_column(sa.Column(name, sa.BigInteger(), nullable=True))
    op.execute("UPDATE conversations SET state_date = date_updated")
    with op.batch_alter_table("conversations") as table:
        table.alter_column("state_date", server_default=None)
    op.create_index("ix_conversations_date_due", "conversations", ["date_due"])


def _reachability() -> None:
    with op.batch_alter_table("users") as table:
        for name in ("online", "notifiable"):
            table.add_column(sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false()))
        table.add_column(sa.Column("reachability_position", sa.BigInteger(), nullable=False, server_default="1"))
        table.add_column(sa.Column("reachability_date", sa.BigInteger(), nullable=True))
    with op.batch_alter_table("users") as table:
        for name in ("online", "notifiable", "reachability_position"):
            table.alter_column(name, server_default=None)


def _nodes() -> None:
    op.create_table(
        "nodes",
        sa.Column("sid", TEXT, primary_key=True, nullable=False),
        sa.Column("date_expires", sa.BigInteger(), nullable=False),
    )
    op.create_index("ix_nodes_date_expires", "nodes", ["date_expires"])


def _presences() -> None:
    op.create_table(
        "presences",
        sa.Column("user_sid", TEXT, primary_key=True, nullable=False),
        sa.Column("node_sid", TEXT, primary_key=True, nullable=False),
    )
    op.create_index("ix_presences_node_sid_user_sid", "presences", ["node_sid", "user_sid"])


def _push_bindings() -> None:
    op.create_table(
        "push_bindings",
        sa.Column("sid", TEXT, primary_key=True, nullable=False),
        sa.Column("user_sid", TEXT, nullable=False),
        sa.Column("channel_type", TEXT, nullable=False),
        sa.Column("address", TEXT, nullable=False),
        sa.Column("date_created", sa.BigInteger(), nullable=False),
        sa.Column("date_updated", sa.BigInteger(), nullable=False),
    )
    op.create_index(
        "ux_push_bindings_user_sid_channel_type_address",
        "push_bindings",
        ["user_sid", "channel_type", "address"],
        unique=True,
    )
    op.create_index("ix_push_bindings_address", "push_bindings", ["address"])
