"""Actions over many rows: what is said before, and jobs that stop, resume and lose their rights."""

from __future__ import annotations

from dataclasses import astuple
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from orders.clock import database_now
from orders.models import AuditEvent, Order, OrderState, Shop
from payments.models import BulkJob, BulkJobRow, BulkJobStatus, Refund
from seqrshop.backoffice.bulk import choose, jobs
from seqrshop.backoffice.bulk.action import BulkAction
from seqrshop.backoffice.bulk.actions import ACTIONS
from seqrshop.backoffice.bulk.jobs import jobs_to_resume, propose_job, run_job, start_job, stop_job
from seqrshop.backoffice.bulk.of_orders import SERVE_ORDERS
from seqrshop.backoffice.tasks import forget_finished_work
from tests.factories import InvoiceFactory, ShopFactory
from tests.staff import list_url, run_action, shown_messages, staff, superuser, user_of

pytestmark = pytest.mark.django_db

SERVER = ("orders.view_order", "orders.serve_order")


@pytest.fixture
def shop() -> Shop:
    made: Shop = ShopFactory.create()
    return made


@pytest.fixture
def _jobs_above_two_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make three rows many, so that a test need not store a hundred."""
    monkeypatch.setattr(choose, "MAX_ROWS_IN_REQUEST", 2)


def paid(shop: Shop, number: int = 3) -> list[Order]:
    return [InvoiceFactory.create(paid=True, order__shop=shop).order for _ in range(number)]


def post_action(client: Client, action: str, *orders: Order, **fields: str) -> Any:
    body = {"action": action, "_selected_action": [order.pk for order in orders], **fields}
    return client.post(list_url(Order), body)


def running_job(client: Client, orders: list[Order]) -> BulkJob:
    job = propose_job(SERVE_ORDERS, orders, user_of(client), "en")
    start_job(job.pk)
    return job


def results(job: BulkJob) -> list[str]:
    return [row.result for row in job.rows.order_by("id")]


def states(orders: list[Order]) -> list[str]:
    return [Order.objects.get(pk=order.pk).state for order in orders]


def test_page_says_how_many_rows_change_and_which_are_skipped_and_why(shop: Shop) -> None:
    ready, (served,) = paid(shop, 2), paid(shop, 1)
    client = superuser()
    run_action(client, "mark_as_served", served)
    waiting = InvoiceFactory.create(issued=True, order__shop=shop).order

    page = post_action(client, "mark_as_served", *ready, served, waiting).content.decode()

    assert "It is done for 2 rows." in page
    assert "1 row is skipped (already served):" in page
    assert "1 row is skipped (not paid: awaiting payment):" in page
    assert states(ready) == [OrderState.PAID] * 2


def test_confirmed_rows_are_done_with_a_result_for_each(shop: Shop) -> None:
    orders = paid(shop, 2)
    waiting = InvoiceFactory.create(issued=True, order__shop=shop).order

    shown = run_action(superuser(), "mark_as_served", *orders, waiting, confirmed="yes")

    assert states(orders) == [OrderState.SERVED] * 2
    assert sorted(shown) == [
        f"Not served, the order is not paid: awaiting payment: {waiting}.",
        f"Served: {orders[1]}, {orders[0]}.",
    ]


def test_single_row_is_done_without_a_question(shop: Shop) -> None:
    [order] = paid(shop, 1)

    shown = run_action(superuser(), "mark_as_served", order)

    assert shown == [f"Served: {order}."]


def test_single_order_is_cancelled_after_a_question_only(shop: Shop, seqr_away: None) -> None:
    order = InvoiceFactory.create(issued=True, order__shop=shop).order
    client = superuser()

    page = post_action(client, "cancel_at_seqr", order).content.decode()
    asked = order.invoices.get().cancel_reason
    run_action(client, "cancel_at_seqr", order, confirmed="yes")

    assert "can no longer pay them" in page
    assert asked == ""
    assert order.invoices.get().cancel_reason == "staff"


@pytest.mark.usefixtures("_jobs_above_two_rows")
def test_many_rows_become_a_job_that_starts_when_it_is_confirmed(shop: Shop) -> None:
    orders = paid(shop)
    client = superuser()

    page = post_action(client, "mark_as_served", *orders, confirmed="yes").content.decode()
    job = BulkJob.objects.get()
    before = job.status
    answer = client.post(reverse("staff:bulk_start", args=[job.pk]))

    job.refresh_from_db()
    assert "It is done for 3 rows." in page
    assert "This runs in the background." in page
    assert (before, job.status) == (BulkJobStatus.PROPOSED, BulkJobStatus.RUNNING)
    assert answer["Location"] == reverse("staff:bulk_job", args=[job.pk])
    assert states(orders) == [OrderState.PAID] * 3


def test_job_does_each_row_in_the_name_of_the_person(shop: Shop) -> None:
    orders = paid(shop)
    client = staff(*SERVER)
    job = running_job(client, orders)

    is_left = run_job(job.pk)

    job.refresh_from_db()
    page = client.get(reverse("staff:bulk_job", args=[job.pk])).content.decode()
    actors = AuditEvent.objects.filter(name="order_served").values_list("actor", "source")
    assert not is_left
    assert job.status == BulkJobStatus.DONE
    assert results(job) == ["Served"] * 3
    assert states(orders) == [OrderState.SERVED] * 3
    assert list(actors) == [(user_of(client).pk, "staff")] * 3
    assert "All 3 rows are done." in page


def test_second_start_of_a_job_does_nothing(shop: Shop) -> None:
    client = superuser()
    job = running_job(client, paid(shop))
    run_job(job.pk)

    client.post(reverse("staff:bulk_start", args=[job.pk]))

    job.refresh_from_db()
    assert job.status == BulkJobStatus.DONE


def test_stopped_job_leaves_the_rest_and_says_so(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    orders = paid(shop)
    client = superuser()
    job = running_job(client, orders)

    def act_and_stop(*arguments: Any) -> Any:
        client.post(reverse("staff:bulk_stop", args=[job.pk]))
        return SERVE_ORDERS.act(*arguments)

    replace_action(monkeypatch, act_and_stop)
    run_job(job.pk)

    page = client.get(reverse("staff:bulk_job", args=[job.pk])).content.decode()
    job.refresh_from_db()
    assert job.status == BulkJobStatus.STOPPED
    assert "Stopped after 1 of 3 rows. 2 are left as they were." in page
    assert sorted(states(orders)) == ["paid", "paid", "served"]
    assert not run_job(job.pk)


def test_job_that_is_worked_on_is_not_run_by_another_process(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = running_job(superuser(), paid(shop))
    inner: list[bool] = []

    def act_while_another_tries(*arguments: Any) -> Any:
        inner.append(run_job(job.pk))
        return SERVE_ORDERS.act(*arguments)

    replace_action(monkeypatch, act_while_another_tries)
    run_job(job.pk)

    assert inner == [False] * 3
    assert results(job) == ["Served"] * 3


def test_job_of_a_killed_process_is_resumed_after_its_lease(shop: Shop) -> None:
    orders = paid(shop)
    job = running_job(superuser(), orders)
    BulkJobRow.objects.filter(subject_id=orders[0].pk).update(
        done_at=database_now(), level=25, result="Served"
    )
    run_action(superuser(), "mark_as_served", orders[1])  # killed before it stored the result
    BulkJob.objects.update(lease_until=database_now() + jobs.LEASE_DURATION)

    while_leased = (jobs_to_resume(), run_job(job.pk), results(job))
    BulkJob.objects.update(lease_until=database_now())
    resumed = jobs_to_resume()
    run_job(job.pk)

    assert while_leased == ([], False, ["Served", "", ""])
    assert resumed == [job.pk]
    assert results(job) == ["Served", "Already served", "Served"]


def test_long_job_goes_on_in_another_task(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "RUN_SECONDS", -1.0)
    job = running_job(superuser(), paid(shop))

    is_left = run_job(job.pk)

    assert is_left
    assert jobs_to_resume() == [job.pk]


def test_right_that_is_withdrawn_during_a_job_stops_the_next_row(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    orders = paid(shop)
    client = staff(*SERVER)
    job = running_job(client, orders)

    def act_and_lose_the_right(*arguments: Any) -> Any:
        user_of(client).user_permissions.remove(Permission.objects.get(codename="serve_order"))
        return SERVE_ORDERS.act(*arguments)

    replace_action(monkeypatch, act_and_lose_the_right)
    run_job(job.pk)

    assert results(job) == ["Served", *["You no longer have the permission"] * 2]


def test_person_who_is_no_longer_staff_changes_nothing(shop: Shop) -> None:
    orders = paid(shop)
    job = running_job(superuser(), orders)
    User.objects.update(is_active=False)

    run_job(job.pk)

    assert results(job) == ["You no longer have the permission"] * 3
    assert states(orders) == [OrderState.PAID] * 3


def test_row_of_a_shop_that_the_person_has_lost_is_left_alone(shop: Shop) -> None:
    own, other = paid(shop, 1), paid(ShopFactory.create(), 1)
    client = staff(*SERVER, shops=[shop])
    job = running_job(client, own + other)

    run_job(job.pk)

    assert results(job) == ["Served", "No longer among the rows of your shops"]
    assert states(other) == [OrderState.PAID]


def test_row_that_fails_does_not_keep_the_others_from_being_done(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, orders = superuser(), paid(shop)
    job = running_job(client, orders)

    def fail_once(order: Order, *arguments: Any) -> Any:
        if order == orders[1]:
            raise RuntimeError("a fault")
        return SERVE_ORDERS.act(order, *arguments)

    replace_action(monkeypatch, fail_once)
    run_job(job.pk)

    assert results(job) == ["Served", "Failed by an error in the software", "Served"]
    shown = client.get(reverse("staff:bulk_job", args=[job.pk])).context["results"]
    assert [astuple(each) for each in shown] == [
        ("bad", "Failed by an error in the software", 1, (str(orders[1]),)),
        ("ok", "Served", 2, (str(orders[0]), str(orders[2]))),
    ]


def test_results_are_in_the_language_of_the_person(shop: Shop) -> None:
    job = propose_job(SERVE_ORDERS, paid(shop), user_of(superuser()), "sv")
    start_job(job.pk)

    run_job(job.pk)

    assert results(job) == ["Serverad"] * 3


def test_old_jobs_are_deleted_unless_they_run(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "JOBS_FORGOTTEN_AT_ONCE", 1)
    client, orders = superuser(), paid(shop)
    names = ("proposed", "lately proposed", "running", "done", "lately done")
    named = {name: propose_job(SERVE_ORDERS, orders, user_of(client), "en") for name in names}
    old = timezone.now() - jobs.RESULT_LIFETIME
    lately = old + timedelta(minutes=1)

    def give(name: str, **fields: Any) -> None:
        BulkJob.objects.filter(pk=named[name].pk).update(**{"created_at": old, **fields})

    give("proposed")
    give("lately proposed", created_at=timezone.now())
    give("running", status=BulkJobStatus.RUNNING)
    give("done", status=BulkJobStatus.DONE, ended_at=old)
    give("lately done", status=BulkJobStatus.STOPPED, ended_at=lately)

    forget_finished_work()

    left = set(BulkJob.objects.values_list("pk", flat=True))
    assert {name for name, job in named.items() if job.pk in left} == {
        "lately proposed",
        "running",
        "lately done",
    }
    assert set(BulkJobRow.objects.values_list("job", flat=True)) == left


@pytest.mark.parametrize("page", ["bulk_job", "bulk_start", "bulk_stop"])
def test_job_of_another_person_looks_as_if_it_did_not_exist(shop: Shop, page: str) -> None:
    job = running_job(superuser(), paid(shop))
    address = reverse(f"staff:{page}", args=[job.pk])
    client = superuser()

    answer = client.get(address) if page == "bulk_job" else client.post(address)

    job.refresh_from_db()
    assert answer.status_code == 404
    assert job.status == BulkJobStatus.RUNNING


def test_job_whose_right_is_gone_is_not_started(shop: Shop) -> None:
    client = staff("orders.view_order")
    job = propose_job(SERVE_ORDERS, paid(shop), user_of(client), "en")

    answer = client.post(reverse("staff:bulk_start", args=[job.pk]))

    assert answer.status_code == 403
    assert not run_job(job.pk)


def test_pages_of_a_job_need_staff(shop: Shop) -> None:
    job = running_job(superuser(), paid(shop))

    answers = [
        Client().get(reverse("staff:bulk_jobs")),
        Client().get(reverse("staff:bulk_job", args=[job.pk])),
    ]

    assert [answer.status_code for answer in answers] == [302, 302]


def test_latest_jobs_are_listed_for_their_person(shop: Shop) -> None:
    client = superuser()
    job = running_job(client, paid(shop))
    stop_job(job.pk)
    propose_job(SERVE_ORDERS, paid(shop), user_of(client), "en")

    response = client.get(reverse("staff:bulk_jobs"))
    own = response.content.decode()
    of_another = superuser().get(reverse("staff:bulk_jobs")).content.decode()

    assert response.context["jobs"] == [(job, SERVE_ORDERS.label)]
    assert "0 of 3 rows" in own
    assert "You have run no action over many rows." in of_another


def test_own_refunds_are_skipped_before_their_approval(shop: Shop) -> None:
    client = superuser()
    refund = Refund(status="REQUESTED", requested_by=user_of(client))

    reason = ACTIONS["approve_refunds"].reason_to_skip(refund, user_of(client))

    assert str(reason) == "requested by you; a colleague must decide"


def test_too_many_rows_are_refused(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choose, "MAX_ROWS", 2)

    answer = post_action(superuser(), "mark_as_served", *paid(shop), confirmed="yes")

    assert shown_messages(answer) == [
        "3 are selected; select at most 2 at a time. Nothing was done."
    ]


def replace_action(monkeypatch: pytest.MonkeyPatch, act: Any) -> None:
    """Let the job's action do something else with each row."""
    given = {field: getattr(SERVE_ORDERS, field) for field in SERVE_ORDERS.__dataclass_fields__}
    monkeypatch.setitem(ACTIONS, SERVE_ORDERS.name, BulkAction(**{**given, "act": act}))
