"""Alembic's environment: runs on the connection and in the transaction that `database.migrate` holds."""

from alembic import context

from roomful.chatapp.store.schema import metadata

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    version_table_schema=context.config.attributes["schema"],
    transactional_ddl=True,
)
context.run_migrations()
