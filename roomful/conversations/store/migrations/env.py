"""Run by Alembic: migrates on the connection and in the transaction that `upgrade` opened."""

from __future__ import annotations

from alembic import context

from roomful.conversations.store.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,  # SQLite can, though Alembic assumes otherwise: all of an upgrade or nothing
)
context.run_migrations()
