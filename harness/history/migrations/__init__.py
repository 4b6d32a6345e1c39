"""The history's tables, version by version, for Alembic."""
