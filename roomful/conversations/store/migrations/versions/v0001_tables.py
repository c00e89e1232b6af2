"""The first tables.

Revision 0001.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    _accounts()
    _api_keys()
    _services()
    _roles()
    _users()
    _conversations()
    _participants()
    _messages()
    _tombstones()
    _revocations()


def _accounts() -> None:
    op.create_table(
        "accounts",
        sa.Column("sid", TEXT, primary_key=True, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("auth_token", TEXT, nullable=False),
        sa.Column("default_service_sid", TEXT, nullable=False),
        sa.Column("date_created", sa.BigInteger(), nullable=False),
        sa.Column("date_updated", sa.BigInteger(), nullable=False),
    )
    op.create_index("ux_accounts_number", "accounts", ["number"], unique=True)


def _api_keys() -> None:
    op.create_table(
        "api_keys",
        sa.Column("sid", TEXT, primary_key=True, nullable=False),
        sa.Column("account_sid", TEXT, nullable=False),
        sa.Column("secret", TEXT, nullable=False),
        sa.Column("friendly_name", TEXT, nullable=False),
        sa.Column("date_created", sa.BigInteger(), nullable=False),
    )


def _services() -> None:
    op.create_table(
        "services",
        sa.Column("sid", TEXT, primary_key=True, nullable=False),
        sa.Column("account_sid", TEXT, nullable=False),
        sa.Column("friendly_name", TEXT, nullable=False),
        sa.Column("default_conversation_creator_role_sid", TEXT, nullable=False),
        sa.Column("default_conversation_role_sid", TEXT, nullable=False),
        sa.Column("default_chat_service_role_sid", TEXT, nullable=False),
        sa.Column("reachability_enabled", sa.Boolean(), nullable=False),
        sa.Column("date_created", sa.BigInteger(), nullable=False),
        sa.Column("date_updated", sa.BigInteger(), nullable=False),
    )


def _roles() -> None:
    op.create_table(
        "roles",
        sa.Column("sid", TEXT, primary_key=True, nullable=False),
        sa.Column("service_sid", TEXT, nullable=False),
        sa.Column("friendly_name", TEXT, nullable=False),
        sa.Column("type", TEXT, nullable=False),
        sa.Column("permissions", TEXT, nullable=False),
        sa.Column("date_created", sa.BigInteger(), nullable=False),
        sa.Column("date_updated", sa.BigInteger(), nullable=False),
    )
    op.create_index("ix_roles_service_sid_sid", "roles", ["service_sid", "sid"])


def _users() -> None:
    op.create_table(
        "users",
        sa.Column("sid", TEXT, primary_key=True, nullable=False),
        sa.Column("service_sid", TEXT, nullable=False),
        sa.Column("identity", TEXT, nullable=False),
        sa.Column("friendly_name", TEXT, nullable=True),
        sa.Column("attributes", TEXT, nullable=False),
        sa.Column("role_sid", TEXT, nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("friendly_name_position", sa.BigInteger(), nullable=False),
        sa.Column("attributes_position", sa.BigInteger(), nullable=False),
        sa.Column("pruned_to", sa.BigInteger(), nullable=False),
        sa.Column("conversations_count", sa.BigInteger(), nullable=False),
        sa.Column("date_created", sa.BigInteger(), nullable=False),
        sa.Column("date_updated", sa.BigInteger(), nullable=False),
    )
    op.create_index("ux_users_service_sid_identity", "users", ["service_sid", "identity"], unique=True)
    op.create_index("ix_users_service_sid_sid", "users", ["service_sid", "sid"])


def _conversations() -> None:
    op.create_table(
        "conversations",
        sa.Column("sid", TEXT, primary_key=True, nullable=False),
        sa.Column("service_sid", TEXT, nullable=False),
        sa.Column("friendly_name", TEXT, nullable=True),
        sa.Column("unique_name", TEXT, nullable=True),
        sa.Column("attributes", TEXT, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("created_by", TEXT, nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("document_position", sa.BigInteger(), nullable=False),
        sa.Column("pruned_to", sa.BigInteger(), nullable=False),
        sa.Column("next_index", sa.BigInteger(), nullable=False),
        sa.Column("last_message_index", sa.BigInteger(), nullable=True),
        sa.Column("last_message_date", sa.BigInteger(), nullable=True),
        sa.Column("messages_count", sa.BigInteger(), nullable=False),
        sa.Column("participants_count", sa.BigInteger(), nullable=False),
        sa.Column("date_created", sa.BigInteger(), nullable=False),
        sa.Column("date_updated", sa.BigInteger(), nullable=False),
    )
    op.create_index(
        "ux_conversations_service_sid_unique_name", "conversations", ["service_sid", "unique_name"], unique=True
    )
    op.create_index("ix_conversations_service_sid_sid", "conversations", ["service_sid", "sid"])


def _participants() -> None:
    op.create_table(
        "participants",
        sa.Column("sid", TEXT, primary_key=True, nullable=False),
        sa.Column("conversation_sid", TEXT, nullable=False),
        sa.Column("user_sid", TEXT, nullable=False),
        sa.Column("identity", TEXT, nullable=False),
        sa.Column("attributes", TEXT, nullable=False),
        sa.Column("role_sid", TEXT, nullable=False),
        sa.Column("last_read_message_index", sa.BigInteger(), nullable=True),
        sa.Column("last_read_date", sa.BigInteger(), nullable=True),
        sa.Column("notification_level", TEXT, nullable=False),
        sa.Column("conv_created", sa.BigInteger(), nullable=False),
        sa.Column("conv_changed", sa.BigInteger(), nullable=False),
        sa.Column("user_created", sa.BigInteger(), nullable=False),
        sa.Column("user_changed", sa.BigInteger(), nullable=False),
        sa.Column("date_created", sa.BigInteger(), nullable=False),
        sa.Column("date_updated", sa.BigInteger(), nullable=False),
    )
    op.create_index(
        "ux_participants_conversation_sid_identity", "participants", ["conversation_sid", "identity"], unique=True
    )
    op.create_index(
        "ix_participants_conversation_sid_conv_changed", "participants", ["conversation_sid", "conv_changed"]
    )
    op.create_index("ix_participants_conversation_sid_sid", "participants", ["conversation_sid", "sid"])
    op.create_index("ix_participants_user_sid_conversation_sid", "participants", ["user_sid", "conversation_sid"])
    op.create_index("ix_participants_user_sid_user_changed", "participants", ["user_sid", "user_changed"])


def _messages() -> None:
    op.create_table(
        "messages",
        sa.Column("sid", TEXT, primary_key=True, nullable=False),
        sa.Column("conversation_sid", TEXT, nullable=False),
        sa.Column("index", sa.BigInteger(), nullable=False),
        sa.Column("author", TEXT, nullable=False),
        sa.Column("participant_sid", TEXT, nullable=True),
        sa.Column("body", TEXT, nullable=True),
        sa.Column("subject", TEXT, nullable=True),
        sa.Column("attributes", TEXT, nullable=False),
        sa.Column("cid", TEXT, nullable=True),
        sa.Column("last_updated_by", TEXT, nullable=True),
        sa.Column("created_position", sa.BigInteger(), nullable=False),
        sa.Column("changed_position", sa.BigInteger(), nullable=False),
        sa.Column("date_created", sa.BigInteger(), nullable=False),
        sa.Column("date_updated", sa.BigInteger(), nullable=False),
    )
    op.create_index(
        "ux_messages_conversation_sid_author_cid", "messages", ["conversation_sid", "author", "cid"], unique=True
    )
    op.create_index("ux_messages_conversation_sid_index", "messages", ["conversation_sid", "index"], unique=True)
    op.create_index(
        "ix_messages_conversation_sid_changed_position", "messages", ["conversation_sid", "changed_position"]
    )


def _tombstones() -> None:
    op.create_table(
        "tombstones",
        sa.Column("stream_sid", TEXT, primary_key=True, nullable=False),
        sa.Column("position", sa.BigInteger(), primary_key=True, nullable=False),
        sa.Column("object", TEXT, nullable=False),
        sa.Column("key", TEXT, nullable=False),
        sa.Column("date_created", sa.BigInteger(), nullable=False),
    )
    op.create_index("ix_tombstones_date_created", "tombstones", ["date_created"])


def _revocations() -> None:
    op.create_table(
        "revocations",
        sa.Column("subject", TEXT, primary_key=True, nullable=False),
        sa.Column("not_after", sa.BigInteger(), nullable=False),
        sa.Column("date_expires", sa.BigInteger(), nullable=False),
    )
    op.create_index("ix_revocations_date_expires", "revocations", ["date_expires"])
