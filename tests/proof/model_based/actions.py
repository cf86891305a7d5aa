"""What each of them may do, by name. `who` is 0 or 1; `which` is 0 for the newest, 1 before it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal

from django.test import Client
from django.urls import reverse

from orders.models import Order
from payments import tasks
from payments.models import (
    UNPAID_FINAL_STATUSES,
    Invoice,
    InvoiceStatus,
    MoneyCase,
    PaymentPause,
    Refund,
    RefundStatus,
)
from payments.recovery import find_work
from payments.refunds.refund import refundable_now
from payments.seqr import SeqrError
from tests.proof.model_based.ledgers import times_made
from tests.proof.model_based.simulation import Act, World, invoice_number, newest, wait_for_checks
from tests.sandbox_process import ControlError
from tests.staff import page_url, run_action

# Customers


def orders(world: World, who: int, which: int) -> None:
    world.customers[who].order(which % 2, 1 + which % 2)


def sends_the_order_again(world: World, who: int, which: int) -> None:
    world.customers[who].order_again(which % 2, which)


def looks(world: World, who: int, which: int) -> None:
    world.customers[who].look(which % 2, which)
    wait_for_checks()


def cancels(world: World, who: int, which: int) -> None:
    world.customers[who].cancel(which % 2, which)


def pays_again(world: World, who: int, which: int) -> None:
    world.customers[who].retry_payment(which % 2, which)


def comes_from_the_app(world: World, who: int, which: int) -> None:
    reference = newest(list(world.shown), which)  # anybody's
    world.customers[who].land(which % 2, reference)


def pries(world: World, who: int, which: int) -> None:
    if order_id := newest(world.customers[1 - who].orders, which):
        world.customers[who].pry(0, order_id)


# The app, on a phone that has a bill on its screen


def _in_the_app(action: str) -> Act:
    def act(world: World, who: int, which: int) -> None:
        if reference := newest(list(world.shown), which):
            token = world.customers[who].tokens[0] or None
            with suppress(ControlError):  # it is too late for that
                world.sandbox.act(reference, action, token)
                if action == "pay":
                    world.notifications.append(notify_path(world, reference))

    return act


def notify_path(world: World, reference: str) -> str:
    """Return the address that SEQR calls about a reference, as it was sent."""
    url: str = world.sandbox.invoice(reference)["notification_url"]
    return url.removeprefix("http://testserver")


# SEQR


def notifies(world: World, who: int, which: int) -> None:
    if path := newest(world.notifications, which):
        _call(path)
        world.delivered.append(path)
        wait_for_checks()


def is_forged(world: World, who: int, which: int) -> None:
    if reference := newest(list(world.shown), which):
        _call(notify_path(world, reference))
        wait_for_checks()


def takes_a_payment_back(world: World, who: int, which: int) -> None:
    """SEQR has said PAID, and says CANCELED from now on."""
    _force(world, which, "CANCELED", lambda invoice: invoice["confirmed_at"] is not None)


def finds_a_payment(world: World, who: int, which: int) -> None:
    """SEQR has said that a bill is dead, and then it is paid all the same."""
    known_dead = set(
        Invoice.objects.filter(status__in=UNPAID_FINAL_STATUSES).values_list(
            "invoice_reference", flat=True
        )
    )

    def is_dead(invoice: dict[str, object]) -> bool:
        return invoice["paid_at"] is None and invoice["invoice_reference"] in known_dead

    if reference := _force(world, which, "PAID", is_dead):
        world.notifications.append(notify_path(world, reference))


def _call(path: str) -> None:
    assert Client().post(path).status_code == 200


def _force(
    world: World, which: int, status: str, fits: Callable[[dict[str, object]], bool]
) -> str | None:
    found = [each for each in world.sandbox.invoices() if fits(each) and each["status"] != status]
    found = [each for each in found if each["invoice_reference"] in world.shown]
    invoice = newest(found, which)
    if invoice is None:
        return None
    reference: str = invoice["invoice_reference"]
    world.meddled.add(reference)
    world.sandbox.control("PUT", f"/invoices/{reference}", {"status": status})
    return reference


# Workers


def _about_an_invoice(task: Callable[[int], object]) -> Act:
    def act(world: World, who: int, which: int) -> None:
        if invoice := invoice_number(which):
            with suppress(SeqrError):
                task(invoice.pk)

    return act


def _about_a_refund(task: Callable[[int], object]) -> Act:
    def act(world: World, who: int, which: int) -> None:
        if refund := newest(list(Refund.objects.order_by("pk")), which):
            with suppress(SeqrError):
                task(refund.pk)

    return act


def probes(world: World, who: int, which: int) -> None:
    if stop := PaymentPause.objects.filter(ended_at=None).first():
        tasks.probe_payments(stop.pk)


def sweeps(world: World, who: int, which: int) -> None:
    """All that the sweep would put into the queue, from one of them on."""
    work = find_work()
    jobs = [
        (task, row_id)
        for task, ids in (
            (tasks.send_invoice, work.invoices_to_send),
            (tasks.cancel_overdue_invoice, work.invoices_to_expire),
            (tasks.finish_cancel, work.invoices_to_cancel),
            (tasks.send_refund, work.refunds_to_send),
            (tasks.mark_interrupted_refund_unknown, work.interrupted_refunds),
            (tasks.submit_receipt, work.receipts_to_submit),
            (tasks.probe_payments, work.pauses_to_probe),
            (tasks.repeat_late_query, work.late_queries_to_repeat),
        )
        for row_id in ids
    ]
    turn = which % len(jobs) if jobs else 0
    for task, row_id in jobs[turn:] + jobs[:turn]:
        with suppress(SeqrError):
            task(row_id)


# Pollers


def asks(world: World, who: int, which: int) -> None:
    world.pollers[who].ask()


def writes(world: World, who: int, which: int) -> None:
    world.pollers[who].write()


def goes_round(world: World, who: int, which: int) -> None:
    for _ in range(1 + which):
        world.pollers[who].ask()
        world.pollers[who].write()


def is_restarted(world: World, who: int, which: int) -> None:
    world.restart_poller(who)


# Nobody


def waits_in_vain(world: World, who: int, which: int) -> None:
    """Nobody asks SEQR for longer than it keeps a payment that nobody asked about."""
    world.pass_time(21)


# The staff


def refunds(world: World, who: int, which: int) -> None:
    """Ask for all that is left, for a part, or for what may be too much."""
    invoice = newest(list(Invoice.objects.filter(status=InvoiceStatus.PAID).order_by("pk")), 0)
    if invoice is not None:
        left = max(refundable_now(invoice.pk), Decimal("0.01"))
        amount = (left, Decimal("10.00"), Decimal("45.00"))[which]
        nonce = f"form {len(world.refund_forms)}"
        form = {"amount": str(amount), "reason": "cold coffee", "nonce": nonce}
        world.refund_forms.append((invoice.pk, form))
        sends_the_form_again(world, who, 0)


def sends_the_form_again(world: World, who: int, which: int) -> None:
    if sent := newest(world.refund_forms, which):
        invoice_id, form = sent
        page = reverse("admin:payments_invoice_refund", args=[invoice_id])
        assert world.staff[who].post(page, form).status_code in (200, 302)


def _with_a_refund(action: str) -> Act:
    def act(world: World, who: int, which: int) -> None:
        if refund := newest(list(Refund.objects.order_by("pk")), which):
            run_action(world.staff[who], action, refund)

    return act


def settles_a_refund(world: World, who: int, which: int) -> None:
    """Find out at SEQR's what became of an unknown refund, and write it down."""
    unknown = list(Refund.objects.filter(status=RefundStatus.UNKNOWN).order_by("pk"))
    if refund := newest(unknown, which):
        went_back = "yes" if times_made(world.sandbox.invoices(), refund) else "no"
        page = reverse("admin:payments_refund_resolve", args=[refund.pk])
        world.staff[who].post(page, {"went_back": went_back, "reason": "SEQR's own list"})


def closes_a_case(world: World, who: int, which: int) -> None:
    """Close a case of money, whatever it is about."""
    if case := newest(list(MoneyCase.objects.filter(closed_at=None).order_by("pk")), which):
        close(world.staff[who], case)


def close(member: Client, case: MoneyCase) -> None:
    """Close a case on its page."""
    member.post(page_url(case), {"closing_reason": "settled with the customer"})


def _with_an_invoice(action: str) -> Act:
    def act(world: World, who: int, which: int) -> None:
        if invoice := invoice_number(which):
            run_action(world.staff[who], action, invoice, confirmed="yes")

    return act


def serves(world: World, who: int, which: int) -> None:
    if order := newest(list(Order.objects.order_by("pk")), which):
        run_action(world.staff[who], "mark_as_served", order)


ACTS: dict[str, Act] = {
    "customer orders": orders,
    "customer sends the order again": sends_the_order_again,
    "customer looks": looks,
    "customer cancels": cancels,
    "customer pays again": pays_again,
    "customer comes from the app": comes_from_the_app,
    "customer pries": pries,
    "app pays": _in_the_app("pay"),
    "app declines": _in_the_app("cancel"),
    "app fails": _in_the_app("fail"),
    "app lets it expire": _in_the_app("expire"),
    "app is about to pay": _in_the_app("hold"),
    "app hesitates": _in_the_app("release"),
    "seqr notifies": notifies,
    "a notification is forged": is_forged,
    "seqr takes a payment back": takes_a_payment_back,
    "seqr finds a payment": finds_a_payment,
    "worker sends": _about_an_invoice(tasks.send_invoice),
    "worker settles a cancel": _about_an_invoice(tasks.finish_cancel),
    "worker submits a receipt": _about_an_invoice(tasks.submit_receipt),
    "worker asks once more": _about_an_invoice(tasks.repeat_late_query),
    "worker sends a refund": _about_a_refund(tasks.send_refund),
    "worker gives a refund up": _about_a_refund(tasks.mark_interrupted_refund_unknown),
    "worker probes": probes,
    "worker sweeps": sweeps,
    "poller asks": asks,
    "poller writes": writes,
    "poller goes round": goes_round,
    "poller is restarted": is_restarted,
    "nobody asks": waits_in_vain,
    "staff refunds": refunds,
    "staff sends the form again": sends_the_form_again,
    "staff approves": _with_a_refund("approve"),
    "staff withdraws": _with_a_refund("withdraw"),
    "staff settles a refund": settles_a_refund,
    "staff closes a case": closes_a_case,
    "staff asks": _with_an_invoice("check_with_seqr"),
    "staff cancels": _with_an_invoice("cancel_at_seqr"),
    "staff serves": serves,
}
