"""Tokens that were refused all at once, and invitations that were made at the terminal."""

import sqlalchemy as sa
from alembic import context, op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    schema = context.config.attributes["schema"]
    op.add_column("accounts", sa.Column("tokens_from", sa.BigInteger), schema=schema)
    with op.batch_alter_table("invites", schema=schema) as invites:  # SQLite copies the table
        invites.alter_column("created_by", existing_type=sa.String(64), nullable=True)
