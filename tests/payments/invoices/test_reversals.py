"""A payment that SEQR has given back, which it calls cancelled: when it is suspected, and told."""

from datetime import timedelta

import pytest

from orders.audit import ChangeSource
from orders.clock import database_now
from orders.models import SourceName
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


def shard_last_heard(invoice: Invoice, seconds_ago: int) -> None:
    """SEQR last answered the poller about this invoice so long ago; it is older than that."""
    heard = database_now() - timedelta(seconds=seconds_ago)
    PollShard.objects.update_or_create(
        number=shard_of(invoice.pk), defaults={"round_started_at": heard, "oldest_answer_at": heard}
    )
    Invoice.objects.filter(pk=invoice.pk).update(issued_at=heard - timedelta(seconds=60))


def test_a_cancelled_payment_after_a_silence_of_ours_may_be_a_reversal(
    sandbox: SandboxProcess,
) -> None:
    invoice = issued_invoice()
    shard_last_heard(invoice, seconds_ago=16)
    sandbox.pay(reference(invoice))
    sandbox.advance(21)

    refresh(invoice)

    assert reloaded(invoice).possibly_reversed
    assert event_names(invoice)[-2:] == ["canceled_at_seqr", "possibly_reversed"]


@pytest.mark.parametrize("reason", [CancelReason.LIFETIME, CancelReason.CUSTOMER])
def test_a_payment_that_was_reversed_before_we_cancelled_may_be_a_reversal_too(
    sandbox: SandboxProcess, reason: CancelReason
) -> None:
    invoice = issued_invoice()
    shard_last_heard(invoice, seconds_ago=25)
    sandbox.pay(reference(invoice))
    sandbox.advance(21)

    cancel_invoice(invoice.pk, reason, ChangeSource(SourceName.RECOVERY))

    assert is_unpaid_final(invoice)
    assert reloaded(invoice).possibly_reversed
    assert [case.kind for case in MoneyCase.objects.all()] == [CaseKind.POSSIBLY_REVERSED]


def test_an_invoice_that_we_cancel_after_a_silence_of_ours_is_no_reversal(
    sandbox: SandboxProcess,
) -> None:
    invoice = issued_invoice()
    shard_last_heard(invoice, seconds_ago=25)

    cancel_invoice(invoice.pk, CancelReason.LIFETIME, ChangeSource(SourceName.RECOVERY))

    assert is_unpaid_final(invoice)
    assert not reloaded(invoice).possibly_reversed


def test_a_cancelled_payment_while_we_were_asking_is_the_customers_own(
    sandbox: SandboxProcess,
) -> None:
    invoice = issued_invoice()
    shard_last_heard(invoice, seconds_ago=3)
    sandbox.act(reference(invoice), "cancel")

    refresh(invoice)

    assert not reloaded(invoice).possibly_reversed


@pytest.mark.parametrize("cancel_wanted", ["", *CancelReason])
def test_a_reversal_after_paid_is_recorded_and_the_order_needs_attention(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy, cancel_wanted: str
) -> None:
    invoice = issued_invoice()
    sandbox.pay(reference(invoice))
    refresh(invoice)
    Invoice.objects.filter(pk=invoice.pk).update(cancel_reason=cancel_wanted)  # it came too late
    seqr_proxy.rewrite = lambda answer: answer.replace(">PAID<", ">CANCELED<")

    refresh(invoice)

    assert (reloaded(invoice).status, reloaded(invoice).possibly_reversed) == (S.CANCELED, True)
    assert order_state(invoice) == "needs_attention"
    assert event_names(invoice)[-2:] == ["payment_reversed", "possibly_reversed"]
