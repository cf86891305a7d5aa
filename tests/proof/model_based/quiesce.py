"""Ends a run: clears the faults, and lets every actor work until nothing changes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

from django.test import Client

from orders.models import Order
from payments import tasks
from payments.invoices.resolve_attention import BLOCKING_CASE_KINDS
from payments.invoices.transitions import paid_by_another
from payments.models import Invoice, InvoiceStatus, MoneyCase, Refund, RefundStatus
from payments.seqr import SeqrError
from tests.proof.model_based.actions import ACTIONS, close_case
from tests.proof.model_based.final_invariants import final_violations, unsent_invoices
from tests.proof.model_based.invariants import InvariantChecker, InvariantViolation
from tests.proof.model_based.ledgers import Ledgers, read_ledgers
from tests.proof.model_based.simulation import wait_for_checks
from tests.staff import run_action

if TYPE_CHECKING:
    from tests.proof.model_based.simulation import Simulation

S = InvoiceStatus
R = RefundStatus
PAUSES_SECONDS = (6, 31, 61)  # longer than each lease and backoff, except the longest of receipts
LIFETIME_SECONDS = 601
LONGEST_BACKOFF_SECONDS = 3601
MAX_ROUNDS = 30


def quiesce(sim: Simulation, checker: InvariantChecker) -> None:
    """Let every actor work until nothing changes.

    Raises InvariantViolation where work is left, or where a repeated message has an effect.
    """
    sim.sandbox.clear_faults()
    sim.proxy.clear_faults()
    for reference in sim.shown:
        if sim.sandbox.invoice(reference)["held"]:
            sim.sandbox.act(reference, "release")
    _work_until_stable(sim, checker, PAUSES_SECONDS)
    unsent = list(unsent_invoices(read_ledgers(sim)))
    if unsent:
        raise InvariantViolation("; ".join(unsent))
    while _staff_works(sim):
        _work_until_stable(sim, checker, (31,))
    _work_until_stable(sim, checker, (LIFETIME_SECONDS, LONGEST_BACKOFF_SECONDS))
    ledgers = read_ledgers(sim)
    found = list(final_violations(sim, ledgers))
    if found:
        raise InvariantViolation("quiescent: " + "; ".join(found))
    _replay(sim)
    after = read_ledgers(sim)
    checker.check(after)
    if after.comparable() != ledgers.comparable():
        raise InvariantViolation(f"replayed messages changed {_differences(ledgers, after)}")


def _work_until_stable(sim: Simulation, checker: InvariantChecker, pauses: tuple[int, ...]) -> None:
    before = None
    for number in range(MAX_ROUNDS):
        for actor in (0, 1):
            ACTIONS["poller runs round"](sim, actor, 1)
        ACTIONS["worker recovers"](sim, 0, number)
        ledgers = read_ledgers(sim)
        checker.check(ledgers)
        if ledgers.comparable() == before and number >= len(pauses):
            return
        before = ledgers.comparable()
        sim.pass_time(pauses[number] if number < len(pauses) else pauses[-1])
    raise InvariantViolation("the system does not become quiescent")


def _staff_works(sim: Simulation) -> bool:
    """Do the work that waits for staff; return whether that changed anything.

    Staff approve and resolve refunds, close the cases that hold an order, and check the invoices of
    orders whose status SEQR has contradicted: the other invoices of an order are queried only once
    the reversal is known. A payment that SEQR has confirmed must be found by the shop itself, even
    where the answer was lost.
    """
    before = read_ledgers(sim).comparable()
    holding = list(MoneyCase.objects.filter(closed_at=None, kind__in=BLOCKING_CASE_KINDS))
    to_approve = list(Refund.objects.filter(status=R.REQUESTED))
    unresolved = list(Refund.objects.filter(status=R.UNKNOWN))
    contradicted = Invoice.objects.filter(invoice_reference__in=sim.contradicted)
    to_check = Invoice.objects.filter(order__in=contradicted.values("order"))
    for refund in to_approve:
        for member in sim.staff:
            run_action(member, "approve", refund)
    for case in holding:
        close_case(sim.staff[0], case)
    for _ in unresolved:
        ACTIONS["staff resolves refund"](sim, 0, 0)
    for invoice in to_check:
        if not _payment_is_confirmed(sim, invoice):
            run_action(sim.staff[0], "check_with_seqr", invoice)
    return read_ledgers(sim).comparable() != before


def _payment_is_confirmed(sim: Simulation, invoice: Invoice) -> bool:
    if invoice.invoice_reference is None:
        return False
    seqr_invoice = sim.sandbox.invoice(invoice.invoice_reference)
    return seqr_invoice["status"] == S.PAID and seqr_invoice["confirmed_at"] is not None


def _replay(sim: Simulation) -> None:
    """Repeat every message of the queue, of SEQR and of the browsers."""
    for invoice_id in Invoice.objects.values_list("pk", flat=True):
        for task in (
            tasks.send_invoice,
            tasks.finish_cancel,
            tasks.cancel_overdue_invoice,
            tasks.submit_receipt,
        ):
            with suppress(SeqrError):
                task(invoice_id)
    for refund_id in Refund.objects.values_list("pk", flat=True):
        with suppress(SeqrError):
            tasks.send_refund(refund_id)
        tasks.mark_interrupted_refund_unknown(refund_id)
    for path in _notifications_to_replay(sim):
        assert Client().post(path).status_code == 200
        wait_for_checks()
    known_orders = set(Order.objects.values_list("nonce", flat=True))
    for customer in sim.customers:
        for index, sent_order in enumerate(reversed(customer.sent_orders)):
            if sent_order["nonce"] in known_orders:
                customer.resend_order(0, index)
    known_refunds = set(Refund.objects.values_list("nonce", flat=True))
    for index, (_, form) in enumerate(reversed(sim.refund_forms)):
        if form["nonce"] in known_refunds:
            ACTIONS["staff resends form"](sim, 0, index)


def _notifications_to_replay(sim: Simulation) -> Iterator[str]:
    """Yield the paths that SEQR has called, except of unpaid invoices of paid orders.

    A notification about such an invoice has an effect of its own each time.
    """
    for path in dict.fromkeys(sim.delivered):
        invoice = Invoice.objects.get(notify_key=path.rpartition("/")[2])
        if invoice.status == S.PAID or not paid_by_another(invoice):
            yield path


def _differences(before: Ledgers, after: Ledgers) -> str:
    return "; ".join(
        f"{was} to {now}"
        for was, now in zip(before.comparable(), after.comparable(), strict=True)
        if was != now
    )
