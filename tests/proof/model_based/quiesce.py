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
from tests.proof.model_based.actions import ACTIONS, close_case, submit_receipt
from tests.proof.model_based.chain import ids_of
from tests.proof.model_based.final_invariants import (
    final_violations,
    open_pauses,
    unconfirmed_payments,
    unsent_invoices,
)
from tests.proof.model_based.invariants import InvariantChecker, InvariantViolation
from tests.proof.model_based.ledgers import Ledgers, read_ledgers
from tests.proof.model_based.simulation import wait_for_checks
from tests.proof.model_based.terminal_finals import (
    differing_reports,
    reconcile,
    retire_free,
    wrongly_retired,
)
from tests.sandbox_process import ControlError
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
    _work_while_some_are_refused(sim, checker)
    _work_until_stable(sim, checker, PAUSES_SECONDS)
    ledgers = read_ledgers(sim)
    _require_none([*unsent_invoices(ledgers), *open_pauses(ledgers)])
    while _staff_works(sim):
        _work_until_stable(sim, checker, (31,))
    _work_until_stable(sim, checker, (LIFETIME_SECONDS, LONGEST_BACKOFF_SECONDS))
    ledgers = read_ledgers(sim)
    _require_none(list(final_violations(sim, ledgers)))
    _replay(sim)
    after = read_ledgers(sim)
    checker.check(after)
    if after.comparable() != ledgers.comparable():
        raise InvariantViolation(f"replayed messages changed {_differences(ledgers, after)}")
    _end_terminals(sim, checker)


def _work_while_some_are_refused(sim: Simulation, checker: InvariantChecker) -> None:
    """Check that a wrong password stops no other terminal; then let SEQR accept the passwords.

    Staff do nothing: the probes find it out.
    """
    refused = sim.chain.refused()
    if not refused:
        return
    _order_and_pay_everywhere(sim)
    _work_until_stable(sim, checker, PAUSES_SECONDS)
    ledgers, keys = read_ledgers(sim), ids_of(refused)
    _require_none(
        [
            *unsent_invoices(ledgers),
            *open_pauses(ledgers, keys),
            *unconfirmed_payments(ledgers, keys),
        ]
    )
    for terminal in refused:
        sim.chain.change_password_at_seqr(sim.sandbox, terminal, terminal.password)


def _order_and_pay_everywhere(sim: Simulation) -> None:
    """Let a customer order at each shop, and pay where an invoice is shown."""
    known = set(sim.shown)
    for shop in sim.chain.shops:
        sim.customers[0].order(0, shop, 1)
    for invoice in Invoice.objects.filter(status=S.CREATED):
        with suppress(SeqrError):
            tasks.send_invoice(invoice.pk)
    for index in range(len(sim.chain.shops)):
        ACTIONS["customer views order"](sim, 0, index)
    for reference in sim.shown.keys() - known:
        with suppress(ControlError):
            sim.sandbox.pay(reference)


def _end_terminals(sim: Simulation, checker: InvariantChecker) -> None:
    """Reconcile each terminal's payments, and retire those that are free."""
    reconcile(sim)
    ledgers = read_ledgers(sim)
    checker.check(ledgers)
    _require_none(list(differing_reports(sim, ledgers)))
    retire_free(sim)
    ledgers = read_ledgers(sim)
    checker.check(ledgers)
    _require_none(list(wrongly_retired(ledgers)))


def _require_none(violations: list[str]) -> None:
    if violations:
        raise InvariantViolation("quiescent: " + "; ".join(violations))


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
        for actor in range(len(sim.staff)):  # one of them may have requested it
            ACTIONS["staff resolves refund"](sim, actor, 0)
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
            submit_receipt,
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
        for index, (_, sent_order) in enumerate(reversed(customer.sent_orders)):
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
