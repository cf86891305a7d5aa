"""Answers about another invoice: a case, and never a payment of this one's order."""

import pytest

from payments.models import CaseKind, Invoice, InvoiceStatus, MoneyCase
from tests.fault_proxy import FaultProxy
from tests.payments.polling.shard import FakeStatusClient, Shard, status
from tests.payments.steps import (
    invoice_in,
    issued_invoice,
    order_state,
    paid_invoice,
    reference,
    refresh,
    reloaded,
)
from tests.sandbox_process import SandboxProcess

S = InvoiceStatus
pytestmark = pytest.mark.django_db(transaction=True)


def mismatch_case(invoice: Invoice) -> MoneyCase:
    """Return the only case, which is about an answer of another invoice."""
    case = MoneyCase.objects.get()
    assert (case.kind, case.invoice) == (CaseKind.ANSWER_MISMATCH, invoice)
    return case


@pytest.mark.parametrize(
    ("field", "name"),
    [("invoiceReference", "invoice reference"), ("clientInvoiceId", "invoice number")],
)
def test_receipt_of_another_invoice_opens_case_and_pays_nothing(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy, field: str, name: str
) -> None:
    invoice = issued_invoice()
    sandbox.pay(reference(invoice))
    ours = reference(invoice) if field == "invoiceReference" else invoice.client_invoice_id
    seqr_proxy.rewrite = lambda answer: answer.replace(f"{field}>{ours}<", f"{field}>4711<")

    for _ in range(2):
        refresh(invoice)

    assert (reloaded(invoice).status, order_state(invoice)) == (S.ISSUED, "awaiting_payment")
    assert reloaded(invoice).invoice_version == 0
    assert mismatch_case(invoice).summary == (
        f"SEQR answered with the {name} 4711, and not with {ours}"
    )
    seqr_proxy.clear_faults()
    assert refresh(invoice) == S.PAID


@pytest.mark.parametrize("field", ["invoiceReference", "clientInvoiceId"])
def test_receipt_without_a_reference_is_no_mismatch(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy, field: str
) -> None:
    invoice = issued_invoice()
    sandbox.pay(reference(invoice))
    seqr_proxy.rewrite = lambda answer: answer.replace(f"{field}>", "ignored>")

    paid = refresh(invoice)

    assert paid == S.PAID
    assert not MoneyCase.objects.exists()


def test_answer_with_the_payment_of_another_order_pays_no_second_order(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy
) -> None:
    """The receipt names no invoice: only the payment reference shows the mistake."""
    first, second = paid_invoice(sandbox), issued_invoice()
    sandbox.pay(reference(second))
    own = sandbox.invoice(reference(second))["ers_reference"]
    seqr_proxy.rewrite = lambda answer: answer.replace(own, reloaded(first).ers_reference or "")

    refresh(second)

    assert (reloaded(second).status, order_state(second)) == (S.ISSUED, "awaiting_payment")
    assert mismatch_case(second).summary == (
        f"SEQR answered with the payment reference {reloaded(first).ers_reference} of invoice "
        f"{first.client_invoice_id}"
    )


def test_acknowledgment_with_another_payment_reference_opens_case(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy
) -> None:
    invoice = paid_invoice(sandbox)
    Invoice.objects.filter(pk=invoice.pk).update(acknowledged_at=None)
    seqr_proxy.rewrite = lambda answer: answer.replace(invoice.ers_reference or "", "4711")

    refresh(invoice)

    assert reloaded(invoice).ers_reference == invoice.ers_reference
    assert reloaded(invoice).acknowledged_at is None
    assert mismatch_case(invoice).summary == (
        f"SEQR answered with the payment reference 4711, and not with {invoice.ers_reference}"
    )


def test_poller_acknowledges_no_payment_by_another_payment_reference() -> None:
    """The bulk client's answers arrive on each other's transfers."""
    invoices = [invoice_in(S.PAID, invoice_version=1) for _ in range(2)]
    references = [each.ers_reference for each in invoices]
    swapped = dict(zip([each.pk for each in invoices], reversed(references), strict=True))
    calls = FakeStatusClient(lambda key: status("PAID", 1, swapped[key]))

    Shard(calls).run_rounds(times=3)

    assert [reloaded(each).acknowledged_at for each in invoices] == [None, None]
    kinds = list(MoneyCase.objects.values_list("kind", flat=True))
    assert kinds == [CaseKind.ANSWER_MISMATCH] * 2
