"""Which state of the backend's user a name is from, and what is done once a day."""

import sqlalchemy as sa
from alembic import context, op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    schema = context.config.attributes["schema"]
    op.add_column("accounts", sa.Column("user_updated", sa.BigInteger), schema=schema)
    op.create_table(
        "chores",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("due_at", sa.BigInteger, nullable=False),
        schema=schema,
    )
