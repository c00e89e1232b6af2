"""Pictures, invitations, bans, what people are told of rooms that they are no longer in, and who did what."""

import sqlalchemy as sa
from alembic import context, op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    schema = context.config.attributes["schema"]
    account = f"{schema}.accounts.identity" if schema else "accounts.identity"
    op.add_column("accounts", sa.Column("avatar", sa.String(64)), schema=schema)
    op.add_column("accounts", sa.Column("deleted_at", sa.BigInteger), schema=schema)
    op.add_column("sessions", sa.Column("seen_at", sa.BigInteger), schema=schema)
    op.add_column("sessions", sa.Column("browser", sa.String(200)), schema=schema)
    op.create_table(
        "avatars",
        sa.Column("hash", sa.String(64), primary_key=True),
        sa.Column("picture", sa.LargeBinary, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        schema=schema,
    )
    op.create_table(
        "invites",
        sa.Column("id", sa.String(22), primary_key=True),
        sa.Column("code_sha256", sa.String(64), nullable=False, unique=True),
        sa.Column("room_sid", sa.String(34)),
        sa.Column("created_by", sa.String(64), sa.ForeignKey(account, ondelete="CASCADE"), nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.Column("uses_left", sa.Integer, nullable=False),
        schema=schema,
    )
    op.create_index("invites_created_by_idx", "invites", ["created_by"], schema=schema)
    op.create_index("invites_room_sid_idx", "invites", ["room_sid"], schema=schema)
    op.create_table(
        "bans",
        sa.Column("room_sid", sa.String(34), primary_key=True),
        sa.Column("identity", sa.String(64), primary_key=True),
        sa.Column("by", sa.String(64), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        schema=schema,
    )
    op.create_table(
        "farewells",
        sa.Column("room_sid", sa.String(34), primary_key=True),
        sa.Column("identity", sa.String(64), primary_key=True),
        sa.Column("reason", sa.String(16), nullable=False),
        sa.Column("name", sa.String(256), nullable=False),
        sa.Column("by", sa.String(64)),
        sa.Column("at", sa.BigInteger, nullable=False),
        schema=schema,
    )
    op.create_index("farewells_at_idx", "farewells", ["at"], schema=schema)
    op.create_table(
        "acts",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("actor", sa.String(64), nullable=False),
        sa.Column("act", sa.String(32), nullable=False),
        sa.Column("room_sid", sa.String(34)),
        sa.Column("subject", sa.String(256)),
        schema=schema,
    )
    op.create_index("acts_at_idx", "acts", ["at"], schema=schema)
