"""The kernel under test, on SQLite and PostgreSQL alike."""
