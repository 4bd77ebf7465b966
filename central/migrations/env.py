"""Run by Alembic on the connection `central.migrations.upgrade` hands it."""

from alembic import context

from central.migrations.tables import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    render_as_batch=True,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
