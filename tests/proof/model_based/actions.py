"""The actions of each actor, by name.

`actor` is 0 or 1 and selects the customer, staff member or poller. `index` selects the row: 0 is
the newest. It also selects the shop of a new order, and the terminal of an action about one.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from django.test import Client
from django.urls import reverse

from orders.audit import ChangeSource
from orders.models import Order, OrderState, SourceName
from orders.models.order import PROGRESS_FIELDS
from orders.services import advance_order, undo_step
from orders.state_machine import TransitionError
from payments import tasks
from payments.models import (
    UNPAID_FINAL_STATUSES,
    Invoice,
    MoneyCase,
    PaymentPause,
    Refund,
    RefundStatus,
)
from payments.recovery import find_work
from payments.seqr import SeqrError
from tests.proof.model_based.ledgers import times_refunded
from tests.proof.model_based.refund_forms import (
    refund_rows,
    request_refund,
    resend_form,
    submit_rows_in_another_tab,
)
from tests.proof.model_based.simulation import (
    Action,
    Simulation,
    pick,
    pick_invoice,
    wait_for_checks,
)
from tests.proof.model_based.terminal_actions import TERMINAL_ACTIONS
from tests.sandbox_process import ControlError
from tests.staff import page_url, run_action

REFUNDS_NOT_ALLOWED = 99

# Customers


def order(sim: Simulation, actor: int, index: int) -> None:
    sim.customers[actor].order(index % 2, sim.chain.shops[index], 1 + index % 2)


def resend_order(sim: Simulation, actor: int, index: int) -> None:
    sim.customers[actor].resend_order(index % 2, index)


def view_order(sim: Simulation, actor: int, index: int) -> None:
    sim.customers[actor].view(index % 2, index)
    wait_for_checks()


def cancel_order(sim: Simulation, actor: int, index: int) -> None:
    sim.customers[actor].cancel(index % 2, index)


def retry_payment(sim: Simulation, actor: int, index: int) -> None:
    sim.customers[actor].retry_payment(index % 2, index)


def return_from_app(sim: Simulation, actor: int, index: int) -> None:
    reference = pick(list(sim.shown), index)  # anybody's
    sim.customers[actor].return_from_app(index % 2, reference)


def try_foreign_order(sim: Simulation, actor: int, index: int) -> None:
    if order_id := pick(sim.customers[1 - actor].orders, index):
        sim.customers[actor].access_other_order(0, order_id)


# The SEQR app


def _app_action(action: str) -> Action:
    def act(sim: Simulation, actor: int, index: int) -> None:
        if reference := pick(list(sim.shown), index):
            token = sim.customers[actor].token
            with suppress(ControlError):  # the invoice has ended already
                sim.sandbox.act(reference, action, token)
                if action == "pay":
                    sim.notifications.append(notify_path(sim, reference))

    return act


def notify_path(sim: Simulation, reference: str) -> str:
    """Return the path of the notification URL that SEQR has for an invoice."""
    url: str = sim.sandbox.invoice(reference)["notification_url"]
    return url.removeprefix("http://testserver")


# SEQR


def notify(sim: Simulation, actor: int, index: int) -> None:
    if path := pick(sim.notifications, index):
        _post_notification(path)
        sim.delivered.append(path)
        wait_for_checks()


def forge_notification(sim: Simulation, actor: int, index: int) -> None:
    if reference := pick(list(sim.shown), index):
        _post_notification(notify_path(sim, reference))
        wait_for_checks()


def reverse_payment(sim: Simulation, actor: int, index: int) -> None:
    """SEQR reverses a payment that it has confirmed."""
    _force_status(sim, index, "CANCELED", lambda invoice: invoice["confirmed_at"] is not None)


def report_late_payment(sim: Simulation, actor: int, index: int) -> None:
    """SEQR reports PAID for an invoice that it has reported as ended."""
    ended_references = set(
        Invoice.objects.filter(status__in=UNPAID_FINAL_STATUSES).values_list(
            "invoice_reference", flat=True
        )
    )

    def has_ended_unpaid(invoice: dict[str, object]) -> bool:
        return invoice["paid_at"] is None and invoice["invoice_reference"] in ended_references

    if reference := _force_status(sim, index, "PAID", has_ended_unpaid):
        sim.notifications.append(notify_path(sim, reference))


def refuse_refund(sim: Simulation, actor: int, index: int) -> None:
    """SEQR refuses the next refund: the customer's account does not accept it."""
    sim.sandbox.fault("refundPayment", "result_code", count=1, code=REFUNDS_NOT_ALLOWED)


def _post_notification(path: str) -> None:
    assert Client().post(path).status_code == 200


def _force_status(
    sim: Simulation, index: int, status: str, fits: Callable[[dict[str, object]], bool]
) -> str | None:
    found = [each for each in sim.sandbox.invoices() if fits(each) and each["status"] != status]
    found = [each for each in found if each["invoice_reference"] in sim.shown]
    invoice = pick(found, index)
    if invoice is None:
        return None
    reference: str = invoice["invoice_reference"]
    sim.contradicted.add(reference)
    sim.sandbox.control("PUT", f"/invoices/{reference}", {"status": status})
    return reference


# Workers


def _invoice_task(task: Callable[[int], object]) -> Action:
    def act(sim: Simulation, actor: int, index: int) -> None:
        if invoice := pick_invoice(index):
            with suppress(SeqrError):
                task(invoice.pk)

    return act


def submit_receipt(invoice_id: int) -> None:
    """Submit the receipt of one payment."""
    tasks.submit_receipts([invoice_id])


def _refund_task(task: Callable[[int], object]) -> Action:
    def act(sim: Simulation, actor: int, index: int) -> None:
        if refund := pick(list(Refund.objects.order_by("pk")), index):
            with suppress(SeqrError):
                task(refund.pk)

    return act


def probe(sim: Simulation, actor: int, index: int) -> None:
    if pause := pick(list(PaymentPause.objects.filter(ended_at=None).order_by("pk")), index):
        tasks.probe_payments(pause.pk)


def recover(sim: Simulation, actor: int, index: int) -> None:
    """Run all that recovery would enqueue, beginning with the task that `index` selects."""
    work = find_work()
    jobs: list[tuple[Callable[[Any], object], Any]] = [
        (task, argument)
        for task, arguments in (
            (tasks.send_invoice, work.invoices_to_send),
            (tasks.cancel_overdue_invoice, work.invoices_to_expire),
            (tasks.finish_cancel, work.invoices_to_cancel),
            (tasks.send_refund, work.refunds_to_send),
            (tasks.mark_interrupted_refund_unknown, work.interrupted_refunds),
            (tasks.submit_receipts, work.receipts_to_submit),
            (tasks.probe_payments, work.pauses_to_probe),
            (tasks.repeat_late_query, work.late_queries_to_repeat),
            (tasks.open_unconfirmed_case, work.unconfirmed_payments),
        )
        for argument in arguments
    ]
    first = index % len(jobs) if jobs else 0
    for task, argument in jobs[first:] + jobs[:first]:
        with suppress(SeqrError):
            task(argument)


# Pollers


def query(sim: Simulation, actor: int, index: int) -> None:
    sim.pollers[actor].query()


def write(sim: Simulation, actor: int, index: int) -> None:
    sim.pollers[actor].write()


def run_round(sim: Simulation, actor: int, index: int) -> None:
    for _ in range(1 + index):
        sim.pollers[actor].query()
        sim.pollers[actor].write()


def restart(sim: Simulation, actor: int, index: int) -> None:
    sim.restart_poller(actor)


# Time


def wait_past_reversal(sim: Simulation, actor: int, index: int) -> None:
    """No status query arrives for longer than SEQR keeps an unconfirmed payment."""
    sim.pass_time(21)


# Staff


def _refund_action(action: str) -> Action:
    def act(sim: Simulation, actor: int, index: int) -> None:
        if refund := pick(list(Refund.objects.order_by("pk")), index):
            run_action(sim.staff[actor], action, refund)

    return act


def resolve_refund(sim: Simulation, actor: int, index: int) -> None:
    """Look an unknown refund up at SEQR, and record its outcome."""
    unknown = list(Refund.objects.filter(status=RefundStatus.UNKNOWN).order_by("pk"))
    if refund := pick(unknown, index):
        was_refunded = "yes" if times_refunded(sim.sandbox.invoices(), refund) else "no"
        page = reverse("admin:payments_refund_resolve", args=[refund.pk])
        sim.staff[actor].post(page, {"was_refunded": was_refunded, "reason": "SEQR's own list"})


def close_newest_case(sim: Simulation, actor: int, index: int) -> None:
    """Close an open case."""
    if case := pick(list(MoneyCase.objects.filter(closed_at=None).order_by("pk")), index):
        close_case(sim.staff[actor], case)


def close_case(member: Client, case: MoneyCase) -> None:
    """Close a case on its page."""
    member.post(page_url(case), {"closing_reason": "settled with the customer"})


def _invoice_action(action: str) -> Action:
    def act(sim: Simulation, actor: int, index: int) -> None:
        if invoice := pick_invoice(index):
            run_action(sim.staff[actor], action, invoice, confirmed="yes")

    return act


def serve(sim: Simulation, actor: int, index: int) -> None:
    if order := pick(list(Order.objects.order_by("pk")), index):
        run_action(sim.staff[actor], "mark_as_served", order)


def _kitchen_action(change: Callable[[int, OrderState, ChangeSource], bool]) -> Action:
    """Return the action of a kitchen that records or undoes a step."""

    def act(_sim: Simulation, actor: int, index: int) -> None:
        orders = list(Order.objects.order_by("pk"))
        step = tuple(PROGRESS_FIELDS)[(index + actor) % len(PROGRESS_FIELDS)]
        if order := pick(orders, index):
            with suppress(TransitionError):
                change(order.pk, step, ChangeSource(SourceName.STAFF))

    return act


ACTIONS: dict[str, Action] = {
    "customer orders": order,
    "customer resends order": resend_order,
    "customer views order": view_order,
    "customer cancels": cancel_order,
    "customer retries payment": retry_payment,
    "customer returns from app": return_from_app,
    "customer tries a foreign order": try_foreign_order,
    "app pays": _app_action("pay"),
    "app declines": _app_action("cancel"),
    "app fails": _app_action("fail"),
    "app expires invoice": _app_action("expire"),
    "app holds invoice": _app_action("hold"),
    "app releases invoice": _app_action("release"),
    "seqr notifies": notify,
    "a forged notification arrives": forge_notification,
    "seqr reverses payment": reverse_payment,
    "seqr reports late payment": report_late_payment,
    "seqr refuses a refund": refuse_refund,
    "worker sends": _invoice_task(tasks.send_invoice),
    "worker finishes cancel": _invoice_task(tasks.finish_cancel),
    "worker submits receipt": _invoice_task(submit_receipt),
    "worker repeats query": _invoice_task(tasks.repeat_late_query),
    "worker sends refund": _refund_task(tasks.send_refund),
    "worker gives up refund": _refund_task(tasks.mark_interrupted_refund_unknown),
    "worker probes": probe,
    "worker recovers": recover,
    "poller queries": query,
    "poller writes": write,
    "poller runs round": run_round,
    "poller restarts": restart,
    "nobody polls": wait_past_reversal,
    "staff requests refund": request_refund,
    "staff resends form": resend_form,
    "staff refunds rows": refund_rows,
    "staff refunds rows in another tab": submit_rows_in_another_tab,
    "staff declines": _refund_action("decline"),
    "staff approves": _refund_action("approve"),
    "staff withdraws": _refund_action("withdraw"),
    "staff resolves refund": resolve_refund,
    "staff closes case": close_newest_case,
    "staff checks with SEQR": _invoice_action("check_with_seqr"),
    "staff cancels": _invoice_action("cancel_at_seqr"),
    "staff serves": serve,
    "staff records step": _kitchen_action(advance_order),
    "staff undoes step": _kitchen_action(undo_step),
    **TERMINAL_ACTIONS,
}
