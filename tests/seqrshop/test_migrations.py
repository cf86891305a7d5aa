"""The migrations make the tables that the models describe."""

import re

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection

from tests.database_roles import as_owner

APPS = ("orders", "payments")
MODELS_SCHEMA = "made_from_models"
INDEXES = """
    SELECT replace(pg_get_indexdef(indexrelid), ' ON ONLY ', ' ON ')
      FROM pg_index JOIN pg_class ON pg_class.oid = indrelid
     WHERE relnamespace = %s::regnamespace AND split_part(relname, '_', 1) = ANY(%s)
       AND NOT relispartition
"""
CONSTRAINTS = """
    SELECT relname || ' ' || pg_get_constraintdef(pg_constraint.oid)
      FROM pg_constraint JOIN pg_class ON pg_class.oid = conrelid
     WHERE relnamespace = %s::regnamespace AND split_part(relname, '_', 1) = ANY(%s)
       AND contype <> 't'  -- triggers, which no model describes
       AND NOT relispartition
"""
# Each partition of the audit has a primary key of its own (ADR 39).
OF_PARTITIONS = {
    "CREATE UNIQUE INDEX ON orders_auditevent USING btree (id)",
    "orders_auditevent PRIMARY KEY (id)",
}


@pytest.mark.django_db
def test_models_match_migrations() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=1)


@pytest.mark.django_db(transaction=True)
def test_migrations_make_the_indexes_and_constraints_of_the_models() -> None:
    """A change of a field once dropped an order's limit of one open invoice."""
    with as_owner():
        migrated = definitions("public")
        with connection.schema_editor() as editor:
            editor.execute(f"CREATE SCHEMA {MODELS_SCHEMA}")
            editor.execute(f"SET LOCAL search_path TO {MODELS_SCHEMA}, public")
            for app in APPS:
                for model in apps.get_app_config(app).get_models():
                    editor.create_model(model)
        described = definitions(MODELS_SCHEMA)
        with connection.cursor() as cursor:
            cursor.execute(f"DROP SCHEMA {MODELS_SCHEMA} CASCADE")

    assert migrated == [each for each in described if each not in OF_PARTITIONS]


def definitions(schema: str) -> list[str]:
    """Return the indexes and constraints of a schema's tables, without their names."""
    with connection.cursor() as cursor:
        found: list[str] = []
        for query in (INDEXES, CONSTRAINTS):
            cursor.execute(query, [schema, list(APPS)])
            found += [definition for (definition,) in cursor.fetchall()]
    nameless = (re.sub(r"INDEX \S+ ON", "INDEX ON", each) for each in found)
    return sorted(each.replace(f"{schema}.", "") for each in nameless)
