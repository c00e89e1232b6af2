"""The chat database's own Alembic history."""
