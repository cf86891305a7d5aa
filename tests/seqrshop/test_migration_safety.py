"""Each migration fits the version before it, and locks no large table for long (docs/deploy.md)."""

from __future__ import annotations

import pytest
from django.contrib.postgres.operations import AddConstraintNotValid, AddIndexConcurrently
from django.db import migrations, models
from django.db.migrations.operations.base import Operation

from tests.migration_safety import findings_after, findings_of

# Up to these, the migrations were written before the shop ran anywhere, where nobody waits for a
# lock: 33 of them would be refused. The numbers are never raised.
LAST_BEFORE_THE_FIRST_DEPLOYMENT = {"orders": 33, "payments": 22}
REVIEWED = {  # each with the reason
    "orders.0027_printed_codes": {"ADD_UNIQUE", "DROP_COLUMN"},  # the shop ran nowhere yet
}

PRICE_IS_POSITIVE = models.CheckConstraint(
    condition=models.Q(total__gte=0), name="total_not_negative"
)
STATE_INDEX = models.Index(fields=["state"], name="order_state")
UNSAFE = {
    "DROP_COLUMN": migrations.RemoveField("order", "nonce"),
    "DROP_TABLE": migrations.DeleteModel("QrCode"),
    "RENAME_COLUMN": migrations.RenameField("order", "nonce", "key"),
    "RENAME_TABLE": migrations.AlterModelTable("order", "orders_purchase"),
    "NOT_NULL": migrations.AddField("order", "floor", models.IntegerField(default=0)),
    "ALTER_COLUMN": migrations.AlterField("order", "nonce", models.IntegerField()),
    "ADD_UNIQUE": migrations.AlterUniqueTogether("order", {("state", "nonce")}),
    "CREATE_INDEX": migrations.AddIndex("order", STATE_INDEX),
    "VALIDATES_ALL_ROWS": migrations.AddConstraint("order", PRICE_IS_POSITIVE),
}
SAFE = [
    migrations.AddField("order", "floor", models.IntegerField(null=True)),
    migrations.AddField("order", "floor", models.IntegerField(db_default=0)),
    AddIndexConcurrently("order", STATE_INDEX),
    AddConstraintNotValid("order", PRICE_IS_POSITIVE),
    migrations.CreateModel("Floor", [("id", models.BigAutoField(primary_key=True))]),
]


@pytest.mark.django_db
def test_each_migration_is_safe_or_reviewed() -> None:
    assert findings_after(LAST_BEFORE_THE_FIRST_DEPLOYMENT, REVIEWED) == REVIEWED


@pytest.mark.django_db
@pytest.mark.parametrize("code", UNSAFE)
def test_unsafe_migration_is_refused(code: str) -> None:
    assert code in findings_of(UNSAFE[code])


@pytest.mark.django_db
@pytest.mark.parametrize("operation", SAFE, ids=lambda operation: type(operation).__name__)
def test_safe_form_of_the_same_is_accepted(operation: Operation) -> None:
    assert findings_of(operation) == set()


@pytest.mark.django_db
def test_index_of_an_old_table_beside_a_new_table_is_refused() -> None:
    floor = migrations.CreateModel(
        "Floor",
        [("id", models.BigAutoField(primary_key=True)), ("name", models.SlugField())],
    )

    assert "CREATE_INDEX" in findings_of(floor, migrations.AddIndex("order", STATE_INDEX))


@pytest.mark.django_db
def test_rows_changed_while_a_table_is_locked_are_refused() -> None:
    field = migrations.AddField("order", "floor", models.IntegerField(null=True))

    assert findings_of(field, migrations.RunPython(migrations.RunPython.noop)) == {
        "ROWS_UNDER_LOCK"
    }
