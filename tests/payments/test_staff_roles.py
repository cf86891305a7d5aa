"""The ready-made roles: every permission has its place, and `migrate` keeps them in step."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command

from payments.staff_roles import (
    ROLES,
    SENSITIVE_PERMISSIONS,
    TECHNICAL_PERMISSIONS,
    all_permissions,
    role_named,
    roles_with,
    save_roles,
)

pytestmark = pytest.mark.django_db
OF_ROLES = frozenset().union(*(role.permissions for role in ROLES))


def permissions_stored(name: str) -> set[str]:
    """Return the permissions of a group."""
    rows = Group.objects.get(name=name).permissions.select_related("content_type")
    return {f"{row.content_type.app_label}.{row.codename}" for row in rows}


def test_every_permission_belongs_to_a_role_or_is_technical() -> None:
    assert all_permissions() == OF_ROLES | TECHNICAL_PERMISSIONS
    assert set() == OF_ROLES & TECHNICAL_PERMISSIONS
    assert SENSITIVE_PERMISSIONS <= OF_ROLES


def test_owner_has_every_permission_of_the_roles() -> None:
    owner = role_named("Owner")

    assert owner is not None
    assert owner.permissions == OF_ROLES


@pytest.mark.parametrize(
    ("permission", "roles"),
    [
        ("orders.view_order", [role.name for role in ROLES]),
        ("orders.serve_order", ["Kitchen", "Cashier", "Shift leader", "Owner"]),
        ("payments.cancel_invoice", ["Cashier", "Shift leader", "Owner"]),
        ("payments.request_refund", ["Shift leader", "Owner"]),
        ("payments.approve_refund", ["Owner"]),
        ("payments.reconcile_transactionperiod", ["Owner", "Accountant"]),
        (
            "payments.view_dayclosing",
            ["Shift leader", "Owner", "Accountant", "Auditor"],
        ),
        ("payments.sign_dayclosing", ["Shift leader", "Owner", "Accountant"]),
        ("payments.reopen_dayclosing", ["Owner", "Accountant"]),
        ("orders.view_auditevent", ["Owner", "Accountant", "Auditor"]),
        ("auth.add_user", ["Owner"]),
        ("orders.change_terminal", ["Owner"]),
    ],
)
def test_permission_belongs_to_these_roles(permission: str, roles: list[str]) -> None:
    assert [role.name for role in roles_with(permission)] == roles


@pytest.mark.parametrize("name", ["Viewer", "Auditor"])
def test_role_that_only_reads_changes_nothing(name: str) -> None:
    role = role_named(name)

    assert role is not None
    assert {each for each in role.permissions if ".view_" not in each} == set()


def test_roles_are_stored_as_groups_with_exactly_their_permissions() -> None:
    save_roles()
    save_roles()

    assert {role.name: permissions_stored(role.name) for role in ROLES} == {
        role.name: set(role.permissions) for role in ROLES
    }
    assert Group.objects.count() == len(ROLES)


def test_migrate_stores_the_roles_as_this_version_defines_them() -> None:
    """A role follows the file: what was added or removed in the database is undone."""
    save_roles()
    kitchen = Group.objects.get(name="Kitchen")
    kitchen.permissions.set(Permission.objects.filter(codename="approve_refund"))
    Group.objects.get(name="Auditor").delete()
    own = Group.objects.create(name="Summer staff")
    own.permissions.set(Permission.objects.filter(codename="view_order"))

    call_command("migrate", verbosity=0)

    assert {role.name: permissions_stored(role.name) for role in ROLES} == {
        role.name: set(role.permissions) for role in ROLES
    }
    assert permissions_stored("Summer staff") == {"orders.view_order"}
