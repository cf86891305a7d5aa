"""Backups of a running shop's database, restored: by pg_dump, and to a point in time."""
