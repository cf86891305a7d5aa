"""The audit is append-only, and records the source of a change."""

from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, ProgrammingError, connection, transaction
from pytest_django import Settings

from orders import database_roles
from orders.audit import ChangeSource
from orders.audit_digest import digest_finished_days
from orders.clock import database_now
from orders.models import AuditEvent, AuditPruning, OrderState, SourceName, SubjectType
from orders.services import serve_order
from payments.models import InvoiceStatus
from tests.database_roles import as_owner, owner_url
from tests.payments.steps import invoice_in

ROW_CHANGES = [
    "UPDATE {table} SET id = id",
    "DELETE FROM {table}",
    "TRUNCATE {table}",
    "TRUNCATE orders_order CASCADE",
]
TABLE_CHANGES = [
    "ALTER TABLE {table} DISABLE TRIGGER ALL",
    "DROP TRIGGER audit_append_only ON {table}",
    "CREATE TRIGGER mine BEFORE INSERT ON {table}"
    " FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()",
    "ALTER TABLE {table} DROP COLUMN id",
    "DROP TABLE {table}",
    "CREATE OR REPLACE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS"
    " $$ BEGIN RETURN NEW; END $$",
    "SET session_replication_role = replica",
]


def execute(statement: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def role_of_connection() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        return str(cursor.fetchone()[0])


@pytest.mark.django_db
@pytest.mark.parametrize("table", database_roles.APPEND_ONLY_TABLES)
@pytest.mark.parametrize("change", ROW_CHANGES + TABLE_CHANGES)
def test_application_role_cannot_change_the_audit(change: str, table: str) -> None:
    served_order_id()

    with pytest.raises(ProgrammingError, match=r"permission denied|must be owner"):
        execute(change.format(table=table))

    assert AuditEvent.objects.count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("table", database_roles.APPEND_ONLY_TABLES)
@pytest.mark.parametrize("change", ROW_CHANGES)
def test_trigger_refuses_the_owner_to_change_the_audit(change: str, table: str) -> None:
    served_order_id()
    day = digest_finished_days(database_now() + timedelta(days=1))[0].day
    AuditPruning.objects.create(first_day=day, last_day=day, event_count=1, digest="0")

    with as_owner(), pytest.raises(DatabaseError, match="The audit is append-only"):
        execute(change.format(table=table))

    assert AuditEvent.objects.count() == 1


@pytest.mark.django_db
def test_audit_is_protected_from_the_application_role() -> None:
    assert database_roles.audit_is_protected()


@pytest.mark.django_db(transaction=True)
def test_audit_is_not_protected_from_its_owner() -> None:
    with as_owner():
        assert not database_roles.audit_is_protected()


@pytest.mark.django_db(transaction=True)
def test_audit_is_not_protected_from_a_role_that_can_become_its_owner() -> None:
    role = connection.settings_dict["USER"]
    with as_owner():
        owner = connection.settings_dict["USER"]
        execute(f"ALTER ROLE {role} NOINHERIT")
        execute(f"GRANT {owner} TO {role}")

    assert not database_roles.audit_is_protected()

    with as_owner():
        execute(f"REVOKE {owner} FROM {role}")
        execute(f"ALTER ROLE {role} INHERIT")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("privilege", ["UPDATE", "DELETE", "TRUNCATE", "TRIGGER"])
def test_audit_is_not_protected_from_a_role_with_a_privilege_too_many(privilege: str) -> None:
    role = connection.settings_dict["USER"]
    with as_owner():
        execute(f"GRANT {privilege} ON orders_auditevent TO {role}")

    assert not database_roles.audit_is_protected()

    with as_owner():
        database_roles.grant_application_access(role)
    assert database_roles.audit_is_protected()


@pytest.mark.django_db(transaction=True)
def test_role_that_does_not_exist_is_granted_nothing() -> None:
    with as_owner(), pytest.raises(ImproperlyConfigured) as refusal:
        database_roles.grant_application_access("nobody_at_all")

    assert str(refusal.value) == "The role nobody_at_all of DATABASE_URL does not exist."


@pytest.mark.django_db(transaction=True)
def test_connection_is_the_owners_for_a_while(settings: Settings) -> None:
    application, owner = connection.settings_dict["USER"], urlsplit(owner_url())
    settings.MIGRATION_DATABASE = {
        "NAME": connection.settings_dict["NAME"],
        "USER": owner.username,
        "PASSWORD": owner.password,
        "HOST": owner.hostname,
        "PORT": owner.port,
    }

    with database_roles.owner_connection():
        role_meanwhile = role_of_connection()

    assert role_meanwhile == owner.username
    assert role_of_connection() == application != role_meanwhile


@pytest.mark.django_db
def test_connection_stays_the_applications_where_no_owner_is_given(settings: Settings) -> None:
    settings.MIGRATION_DATABASE = {}

    with database_roles.owner_connection():
        assert role_of_connection() == connection.settings_dict["USER"]


@pytest.mark.django_db
def test_owner_of_another_database_is_not_connected(settings: Settings) -> None:
    settings.MIGRATION_DATABASE = {**connection.settings_dict, "NAME": "another"}

    with pytest.raises(ImproperlyConfigured) as refusal, database_roles.owner_connection():
        pass

    assert str(refusal.value) == "MIGRATION_DATABASE_URL and DATABASE_URL name two databases."


@pytest.mark.django_db
def test_order_transition_is_recorded_with_its_source() -> None:
    order_id = served_order_id()

    event = AuditEvent.objects.get(order_id=order_id, subject_type=SubjectType.ORDER)

    assert (event.name, event.from_state, event.to_state) == (
        "order_served",
        "paid",
        OrderState.SERVED,
    )
    assert event.source == "staff"


def served_order_id() -> int:
    invoice = invoice_in(InvoiceStatus.PAID)
    serve_order(invoice.order_id, ChangeSource(SourceName.STAFF))
    return invoice.order_id
