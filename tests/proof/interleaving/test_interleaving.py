"""Every pair of writers of an order, interleaved at each statement; docs/proof.md describes it."""

import os
from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import partial
from itertools import product

import pytest
from django.db.models import Max

from orders.models import AuditEvent, Order, OrderState
from payments.balance import captured_amount
from payments.models import RESERVING_REFUND_STATUSES, Invoice, InvoiceStatus, Refund
from tests.proof.interleaving.interleave import interleave
from tests.proof.interleaving.writers import SCENES, Scene, Writer
from tests.races import deadlock_count

S = InvoiceStatus
ALL_PAIRS = "ALL_PAIRS" in os.environ
SAMPLE = {  # of `make test`; `make proof` interleaves all
    ("open", "pay_in_batch", "request_cancel"),
    ("retried", "pay_ended", "pay_in_batch"),
    ("paid", "write_unchanged", "end_unpaid"),
    ("paid", "close_case", "refund"),
}
PAIRS = [
    (name, make, first, second)
    for name, (make, writers) in SCENES.items()
    for first, second in product(writers, writers)
    if ALL_PAIRS or (name, first.__name__, second.__name__) in SAMPLE
]
MAX_STATEMENTS = 100
PAID_STATES = (
    OrderState.PAID,
    OrderState.PREPARING,
    OrderState.READY,
    OrderState.SERVED,
    OrderState.PARTLY_REFUNDED,
    OrderState.REFUNDED,
    OrderState.NEEDS_ATTENTION,
)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("make", "first", "second"),
    [
        pytest.param(make, first, second, id=f"{name}: {first.__name__}, {second.__name__}")
        for name, make, first, second in PAIRS
    ],
)
def test_invariants_hold_wherever_a_second_writer_meets_the_first(
    make: Callable[[], Scene], first: Writer, second: Writer
) -> None:
    deadlocks = deadlock_count()
    for pause_after in range(1, MAX_STATEMENTS):
        scene = make()
        before = _states(scene)
        last_event = AuditEvent.objects.aggregate(last=Max("pk"))["last"] or 0

        was_paused = interleave(partial(first, scene), partial(second, scene), pause_after)

        violations = list(_violations(scene, before, last_event))
        assert violations == [], f"the first was paused after statement {pause_after}"
        if not was_paused:
            break
    else:
        pytest.fail("the first writer has no end")
    assert deadlock_count() == deadlocks


def _states(scene: Scene) -> dict[str, str]:
    return {"order": Order.objects.get(pk=scene.invoice.order_id).state} | {
        f"invoice {invoice.pk}": invoice.status
        for invoice in Invoice.objects.filter(order=scene.invoice.order_id)
    }


def _violations(scene: Scene, before: dict[str, str], last_event: int) -> Iterator[str]:
    order = Order.objects.get(pk=scene.invoice.order_id)
    invoices = list(Invoice.objects.filter(order=order))
    paid = [invoice for invoice in invoices if invoice.status == S.PAID]
    if len(paid) > 1:
        yield "the order is paid twice"
    if bool(paid) and order.state not in PAID_STATES:
        yield f"the order is {order.state}, and an invoice has paid it"
    if not paid and order.state in (OrderState.PAID, OrderState.SERVED):
        yield f"the order is {order.state}, and no invoice has paid it"
    if paid and any(invoice.is_open and not invoice.cancel_reason for invoice in invoices):
        yield "an invoice can still be paid, and the order is paid"
    for invoice in invoices:
        reserved = sum(
            Refund.objects.filter(
                invoice=invoice, status__in=RESERVING_REFUND_STATUSES
            ).values_list("amount", flat=True),
            Decimal(0),
        )
        if invoice.status == S.PAID and reserved > captured_amount(invoice):
            yield f"{reserved} are refunded of {captured_amount(invoice)}"
    now = _states(scene)
    reached = dict(before)
    events = AuditEvent.objects.filter(order=order, pk__gt=last_event).exclude(to_state="")
    for event in events.filter(subject_type__in=("order", "invoice")).order_by("id"):
        key = "order" if event.subject_type == "order" else f"invoice {event.subject_id}"
        if event.from_state != reached[key]:
            yield f"{key}: {event} begins at {event.from_state}, after {reached[key]}"
        reached[key] = event.to_state
    if reached != now:
        yield f"the events end at {reached}, and the rows are {now}"
