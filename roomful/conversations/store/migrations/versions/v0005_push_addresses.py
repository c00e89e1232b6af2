"""Push credentials, notifications and addresses; push bindings that are listed; participants found by address.

Revision 0005.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    _push_bindings()
    _push_credentials()
    _notification_configurations()
    _address_configurations()
    op.create_index("ix_participants_address_sid", "participants", ["address", "sid"])
    op.create_index("ix_api_keys_account_sid_sid", "api_keys", ["account_sid", "sid"])


def _push_bindings() -> None:
    for name in ("service_sid", "identity"):
        op.add_column("push_bindings", sa.Column(name, TEXT, nullable=True))
    of_user = "FROM users WHERE users.sid = push_bindings.user_sid"
    op.execute(f"UPDATE push_bindings SET service_sid = (SELECT service_sid {of_user})")  # noqa: S608  # no input
    op.execute(f"UPDATE push_bindings SET identity = (SELECT identity {of_user})")  # noqa: S608
    op.execute("DELETE FROM push_bindings WHERE service_sid IS NULL")
    with op.batch_alter_table("push_bindings") as table:
        for name in ("service_sid", "identity"):
            table.alter_column(name, existing_type=TEXT, nullable=False)
    op.create_index("ix_push_bindings_service_sid_sid", "push_bindings", ["service_sid", "sid"])


def _push_credentials() -> None:
    op.create_table(
        "push_credentials",
        sa.Column("sid", TEXT, primary_key=True, nullable=False),
        sa.Column("account_sid", TEXT, nullable=False),
        sa.Column("friendly_name", TEXT, nullable=True),
        sa.Column("type", TEXT, nullable=False),
        sa.Column("sandbox", sa.Boolean(), nullable=False),
        sa.Column("certificate", TEXT, nullable=True),
        sa.Column("private_key", TEXT, nullable=True),
        sa.Column("api_key", TEXT, nullable=True),
        sa.Column("secret", TEXT, nullable=True),
        sa.Column("date_created", sa.BigInteger(), nullable=False),
        sa.Column("date_updated", sa.BigInteger(), nullable=False),
    )
    op.create_index("ix_push_credentials_account_sid_sid", "push_credentials", ["account_sid", "sid"])


def _notification_configurations() -> None:
    op.create_table(
        "notification_configurations",
        sa.Column("service_sid", TEXT, primary_key=True, nullable=False),
        sa.Column("log_enabled", sa.Boolean(), nullable=False),
        sa.Column("new_message_enabled", sa.Boolean(), nullable=False),
        sa.Column("new_message_template", TEXT, nullable=True),
        sa.Column("new_message_sound", TEXT, nullable=True),
        sa.Column("new_message_badge_count_enabled", sa.Boolean(), nullable=False),
        sa.Column("with_media_enabled", sa.Boolean(), nullable=False),
        sa.Column("with_media_template", TEXT, nullable=True),
        sa.Column("added_enabled", sa.Boolean(), nullable=False),
        sa.Column("added_template", TEXT, nullable=True),
        sa.Column("added_sound", TEXT, nullable=True),
        sa.Column("removed_enabled", sa.Boolean(), nullable=False),
        sa.Column("removed_template", TEXT, nullable=True),
        sa.Column("removed_sound", TEXT, nullable=True),
    )


def _address_configurations() -> None:
    op.create_table(
        "address_configurations",
        sa.Column("sid", TEXT, primary_key=True, nullable=False),
        sa.Column("account_sid", TEXT, nullable=False),
        sa.Column("type", TEXT, nullable=False),
        sa.Column("address", TEXT, nullable=False),
        sa.Column("friendly_name", TEXT, nullable=True),
        sa.Column("address_country", TEXT, nullable=True),
        sa.Column("auto_enabled", sa.Boolean(), nullable=False),
        sa.Column("auto_type", TEXT, nullable=False),
        sa.Column("auto_service_sid", TEXT, nullable=True),
        sa.Column("webhook_url", TEXT, nullable=True),
        sa.Column("webhook_method", TEXT, nullable=True),
        sa.Column("webhook_filters", TEXT, nullable=False),
        sa.Column("studio_flow_sid", TEXT, nullable=True),
        sa.Column("studio_retry_count", sa.BigInteger(), nullable=True),
        sa.Column("date_created", sa.BigInteger(), nullable=False),
        sa.Column("date_updated", sa.BigInteger(), nullable=False),
    )
    key = ["account_sid", "type", "address"]
    op.create_index("ux_address_configurations_account_sid_type_address", "address_configurations", key, unique=True)
    op.create_index("ix_address_configurations_account_sid_sid", "address_configurations", ["account_sid", "sid"])
