"""The end of a run: nothing goes wrong any more, and everyone does their work until it is done."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

from django.test import Client

from orders.models import Order
from payments import tasks
from payments.invoices.resolve_attention import HOLDING
from payments.invoices.transitions import paid_by_another
from payments.models import Invoice, InvoiceStatus, MoneyCase, Refund, RefundStatus
from payments.seqr import SeqrError
from tests.proof.model_based.actions import ACTS, close
from tests.proof.model_based.final_invariants import what_is_unsent, what_is_wrong
from tests.proof.model_based.invariants import Broken, Watch
from tests.proof.model_based.ledgers import Books, read_books
from tests.proof.model_based.simulation import wait_for_checks
from tests.staff import run_action

if TYPE_CHECKING:
    from tests.proof.model_based.simulation import World

S = InvoiceStatus
R = RefundStatus
PAUSES = (6, 31, 61)  # beyond each lease and pause but the longest of receipts
LIFETIME = 601
LONGEST_PAUSE = 3601
MOST_ROUNDS = 30


def come_to_rest(world: World, watch: Watch) -> None:
    """Let everyone work until nothing changes any more; raise Broken where that is not the end."""
    world.sandbox.clear_faults()
    world.proxy.clear_faults()
    for reference in world.shown:
        if world.sandbox.invoice(reference)["held"]:
            world.sandbox.act(reference, "release")
    _work_until_still(world, watch, PAUSES)
    unsent = list(what_is_unsent(read_books(world)))
    if unsent:
        raise Broken("; ".join(unsent))
    while _staff_do_theirs(world):
        _work_until_still(world, watch, (31,))
    _work_until_still(world, watch, (LIFETIME, LONGEST_PAUSE))
    books = read_books(world)
    found = list(what_is_wrong(world, books))
    if found:
        raise Broken("at rest: " + "; ".join(found))
    _replay(world)
    after = read_books(world)
    watch.look(after)
    if after.facts() != books.facts():
        raise Broken(f"replayed messages changed {_difference(books, after)}")


def _work_until_still(world: World, watch: Watch, pauses: tuple[int, ...]) -> None:
    before = None
    for number in range(MOST_ROUNDS):
        for who in (0, 1):
            ACTS["poller goes round"](world, who, 1)
        ACTS["worker sweeps"](world, 0, number)
        books = read_books(world)
        watch.look(books)
        if books.facts() == before and number >= len(pauses):
            return
        before = books.facts()
        world.pass_time(pauses[number] if number < len(pauses) else pauses[-1])
    raise Broken("it does not come to rest")


def _staff_do_theirs(world: World) -> bool:
    """Do what waits for a person; return whether that changed anything.

    Refunds to approve and to settle, cases that hold an order, and the orders about which SEQR has
    contradicted itself: of another invoice may be asked only once it is known that the payment was
    taken back. Where SEQR has told that it keeps a payment, the shop has to find it by itself,
    though the answer was lost.
    """
    before = read_books(world).facts()
    holding = list(MoneyCase.objects.filter(closed_at=None, kind__in=HOLDING))
    to_approve = list(Refund.objects.filter(status=R.REQUESTED))
    unresolved = list(Refund.objects.filter(status=R.UNKNOWN))
    contradicted = Invoice.objects.filter(invoice_reference__in=world.meddled)
    to_ask = Invoice.objects.filter(order__in=contradicted.values("order"))
    for refund in to_approve:
        for member in world.staff:
            run_action(member, "approve", refund)
    for case in holding:
        close(world.staff[0], case)
    for _ in unresolved:
        ACTS["staff settles a refund"](world, 0, 0)
    for invoice in to_ask:
        if not _is_told_of(world, invoice):
            run_action(world.staff[0], "check_with_seqr", invoice)
    return read_books(world).facts() != before


def _is_told_of(world: World, invoice: Invoice) -> bool:
    if invoice.invoice_reference is None:
        return False
    seqrs = world.sandbox.invoice(invoice.invoice_reference)
    return seqrs["status"] == S.PAID and seqrs["confirmed_at"] is not None


def _replay(world: World) -> None:
    """Every message comes once more: the queue's, SEQR's, the browsers'."""
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
    for path in _notified_and_not_second(world):
        assert Client().post(path).status_code == 200
        wait_for_checks()
    made = set(Order.objects.values_list("nonce", flat=True))
    for customer in world.customers:
        for which, posted in enumerate(reversed(customer.posted)):
            if posted["nonce"] in made:
                customer.order_again(0, which)
    asked_for = set(Refund.objects.values_list("nonce", flat=True))
    for which, (_, form) in enumerate(reversed(world.refund_forms)):
        if form["nonce"] in asked_for:
            ACTS["staff sends the form again"](world, 0, which)


def _notified_and_not_second(world: World) -> Iterator[str]:
    """What SEQR has notified; but for an invoice whose order another one has paid by now.

    A notification of such a one is news, also when it came before.
    """
    for path in dict.fromkeys(world.delivered):
        invoice = Invoice.objects.get(notify_key=path.rpartition("/")[2])
        if invoice.status == S.PAID or not paid_by_another(invoice):
            yield path


def _difference(before: Books, after: Books) -> str:
    return "; ".join(
        f"{from_state} to {now}"
        for from_state, now in zip(before.facts(), after.facts(), strict=True)
        if from_state != now
    )
