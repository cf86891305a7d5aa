"""Reversals: SEQR reports a reversed payment as cancelled; silence makes it suspected."""

from datetime import timedelta

import pytest
from django.conf import settings

from orders.clock import database_now
from payments.invoices.cancel import cancel_invoice
from payments.models import (
    CancelReason,
    CaseKind,
    Invoice,
    InvoiceStatus,
    MoneyCase,
    PollShard,
    shard_of,
)
from tests.fault_proxy import FaultProxy
from tests.payments.steps import (
    BY_RECOVERY,
    event_names,
    is_unpaid_final,
    issued_invoice,
    order_state,
    reference,
    refresh,
    reloaded,
)
from tests.sandbox_process import SandboxProcess

S = InvoiceStatus
pytestmark = pytest.mark.django_db(transaction=True)


def invoice_after_silence(seconds: int) -> Invoice:
    """Return an issued invoice about which SEQR last answered this many seconds ago."""
    invoice = issued_invoice()
    answered_at = database_now() - timedelta(seconds=seconds)
    PollShard.objects.update_or_create(
        number=shard_of(invoice.pk),
        count=settings.SEQR_POLL_SHARDS,
        defaults={"round_started_at": answered_at, "oldest_answer_at": answered_at},
    )
    Invoice.objects.filter(pk=invoice.pk).update(issued_at=answered_at - timedelta(seconds=60))
    return invoice


def test_payment_cancelled_after_silence_is_possibly_reversed(sandbox: SandboxProcess) -> None:
    invoice = invoice_after_silence(seconds=16)
    sandbox.pay(reference(invoice))
    sandbox.advance(21)

    refresh(invoice)

    assert reloaded(invoice).possibly_reversed
    assert event_names(invoice)[-2:] == ["canceled_at_seqr", "possibly_reversed"]


@pytest.mark.parametrize("reason", [CancelReason.LIFETIME, CancelReason.CUSTOMER])
def test_payment_cancelled_by_shop_after_silence_is_possibly_reversed(
    sandbox: SandboxProcess, reason: CancelReason
) -> None:
    invoice = invoice_after_silence(seconds=25)
    sandbox.pay(reference(invoice))
    sandbox.advance(21)

    cancel_invoice(invoice.pk, reason, BY_RECOVERY)

    assert is_unpaid_final(invoice)
    assert reloaded(invoice).possibly_reversed
    assert [case.kind for case in MoneyCase.objects.all()] == [CaseKind.POSSIBLY_REVERSED]


def test_unpaid_invoice_cancelled_by_shop_after_silence_is_not_reversed(
    sandbox: SandboxProcess,
) -> None:
    invoice = invoice_after_silence(seconds=25)

    cancel_invoice(invoice.pk, CancelReason.LIFETIME, BY_RECOVERY)

    assert is_unpaid_final(invoice)
    assert not reloaded(invoice).possibly_reversed


def test_invoice_cancelled_without_silence_is_not_reversed(sandbox: SandboxProcess) -> None:
    invoice = invoice_after_silence(seconds=3)
    sandbox.act(reference(invoice), "cancel")

    refresh(invoice)

    assert not reloaded(invoice).possibly_reversed


@pytest.mark.parametrize("cancel_reason", ["", *CancelReason])
def test_reversal_after_paid_is_recorded_and_order_needs_attention(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy, cancel_reason: str
) -> None:
    invoice = issued_invoice()
    sandbox.pay(reference(invoice))
    refresh(invoice)
    Invoice.objects.filter(pk=invoice.pk).update(cancel_reason=cancel_reason)  # requested too late
    seqr_proxy.rewrite = lambda answer: answer.replace(">PAID<", ">CANCELED<")

    refresh(invoice)

    assert (reloaded(invoice).status, reloaded(invoice).possibly_reversed) == (S.CANCELED, True)
    assert order_state(invoice) == "needs_attention"
    assert event_names(invoice)[-2:] == ["payment_reversed", "possibly_reversed"]
