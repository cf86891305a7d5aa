"""Role × action over many rows: who starts a job, and what a job does without the right."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse

from payments.models import BulkJob, BulkJobStatus
from payments.staff_roles import ROLES, save_roles
from seqrshop.backoffice.bulk.actions import ACTIONS
from seqrshop.backoffice.bulk.jobs import propose_job, run_job
from tests.factories import ProductFactory
from tests.staff import staff, user_of

pytestmark = pytest.mark.django_db

COUNTER = {
    "serve_orders",
    "sell_out",
    "bring_back_in_stock",
    "sell_out_options",
    "bring_back_options",
    "pause_shops",
    "open_shops",
}
AT_SEQR = {"check_orders", "cancel_orders", "check_payments", "cancel_payments"}
MAY_START: dict[str, set[str]] = {
    "Viewer": set(),
    "Kitchen": COUNTER,
    "Cashier": COUNTER | AT_SEQR,
    "Shift leader": COUNTER | AT_SEQR | {"withdraw_refunds", "check_pauses"},
    "Owner": set(ACTIONS),
    "Accountant": {"fetch_reports"},
    "Auditor": set(),
}


def browser_of(role: str) -> Client:
    """Return the browser of a person with this role alone, and all shops."""
    save_roles()
    client = staff()
    user_of(client).groups.set(Group.objects.filter(name=role))
    return client


@pytest.mark.parametrize("role", [role.name for role in ROLES])
def test_role_starts_the_jobs_of_its_own_actions_and_no_other(role: str) -> None:
    client = browser_of(role)
    jobs = {name: propose_job(ACTIONS[name], [], user_of(client), "en") for name in ACTIONS}

    answers = {
        name: client.post(reverse("staff:bulk_start", args=[job.pk])) for name, job in jobs.items()
    }

    started = {name for name, answer in answers.items() if answer.status_code == 302}
    assert started == MAY_START[role]
    assert {answer.status_code for answer in answers.values()} <= {302, 403}
    running = BulkJob.objects.filter(status=BulkJobStatus.RUNNING)
    assert {job.action for job in running} == MAY_START[role]


def test_refused_start_names_the_roles_that_have_the_right() -> None:
    client = browser_of("Kitchen")
    job = propose_job(ACTIONS["cancel_orders"], [], user_of(client), "en")

    address = reverse("staff:bulk_start", args=[job.pk])
    page = client.post(address, headers={"accept": "text/html"}).content.decode()

    assert "These roles have it: Cashier, Shift leader, Owner." in page


@pytest.mark.parametrize("name", ACTIONS)
def test_job_of_a_person_without_the_right_changes_nothing(name: str) -> None:
    client = browser_of("Viewer")
    job = propose_job(ACTIONS[name], [ProductFactory.create()], user_of(client), "en")
    BulkJob.objects.update(status=BulkJobStatus.RUNNING)

    run_job(job.pk)

    assert [row.result for row in job.rows.all()] == ["You no longer have the permission"]


@pytest.mark.parametrize("role", [role.name for role in ROLES])
def test_every_role_opens_the_list_of_its_own_jobs(role: str) -> None:
    client = browser_of(role)
    job = propose_job(ACTIONS["sell_out"], [], user_of(client), "en")

    pages = [
        client.get(reverse("staff:bulk_jobs")),
        client.get(reverse("staff:bulk_job", args=[job.pk])),
    ]

    assert [page.status_code for page in pages] == [200, 200]
