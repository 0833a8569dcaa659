"""Alembic runs this; the caller hands in a connection whose transaction it commits itself."""

from alembic import context

from annotations.schema import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    transactional_ddl=False,  # the caller's transaction holds all of it
)
context.run_migrations()
