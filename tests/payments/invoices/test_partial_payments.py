"""Partial payments that end unpaid, and payments whose amount is unknown: each opens a case."""

import pytest

from orders.models import Order
from payments.invoices.cancel import cancel_invoice
from payments.models import CancelReason, CaseKind, InvoiceStatus, MoneyCase
from seqrshop.storefront.messages import state_texts
from tests.fault_proxy import FaultProxy
from tests.payments.reconciliation.steps import reconcile_day
from tests.payments.steps import (
    BY_RECOVERY,
    is_unpaid_final,
    issued_invoice,
    order_state,
    reference,
    refresh,
    reloaded,
)
from tests.sandbox_process import SandboxProcess

S = InvoiceStatus
STATUSES = {"expire": S.EXPIRED, "cancel": S.CANCELED, "fail": S.FAILED}
pytestmark = pytest.mark.django_db(transaction=True)


def summaries() -> list[str]:
    """Return the summaries of the open cases."""
    return list(MoneyCase.objects.filter(closed_at=None).values_list("summary", flat=True))


def case_kinds() -> list[str]:
    return list(MoneyCase.objects.filter(closed_at=None).values_list("kind", flat=True))


@pytest.mark.parametrize("action", ["expire", "cancel", "fail"])
def test_partial_payment_that_ends_at_seqr_opens_case(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy, action: str
) -> None:
    invoice = issued_invoice()
    seqr_proxy.rewrite = lambda answer: answer.replace(">ISSUED<", ">PARTIALLY_PAID<")
    refresh(invoice)
    before = case_kinds()
    sandbox.act(reference(invoice), action)

    refresh(invoice)

    assert is_unpaid_final(invoice)
    assert (before, case_kinds()) == ([], [CaseKind.PARTIAL_PAYMENT])
    assert summaries() == [
        f"SEQR reported a part of the invoice as paid, and the invoice is now {STATUSES[action]}"
    ]
    message = state_texts(Order.objects.get(), reloaded(invoice))[1]
    assert (
        message == "The payment was not completed. Ask our staff about the part that you have paid."
    )


@pytest.mark.parametrize("reason", [CancelReason.LIFETIME, CancelReason.CUSTOMER])
def test_partial_payment_that_is_cancelled_by_the_shop_opens_case(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy, reason: CancelReason
) -> None:
    invoice = issued_invoice()
    seqr_proxy.rewrite = lambda answer: answer.replace(">ISSUED<", ">PARTIALLY_PAID<")
    refresh(invoice)

    cancel_invoice(invoice.pk, reason, BY_RECOVERY)

    assert is_unpaid_final(invoice)
    assert case_kinds() == [CaseKind.PARTIAL_PAYMENT]


def test_partial_payment_that_is_completed_opens_no_case(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy
) -> None:
    invoice = issued_invoice()
    seqr_proxy.rewrite = lambda answer: answer.replace(">ISSUED<", ">PARTIALLY_PAID<")
    refresh(invoice)
    sandbox.pay(reference(invoice))

    refresh(invoice)

    assert (order_state(invoice), case_kinds()) == ("paid", [])


@pytest.mark.parametrize("tag", ["value>", "currency>", "receipt>"])
def test_receipt_without_a_readable_amount_opens_case_and_order_is_paid(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy, tag: str
) -> None:
    invoice = issued_invoice()
    sandbox.pay(reference(invoice))
    seqr_proxy.rewrite = lambda answer: answer.replace(tag, f"ignored-{tag}")

    for _ in range(2):
        refresh(invoice)

    assert (order_state(invoice), case_kinds()) == ("paid", [CaseKind.AMOUNT_UNKNOWN])
    assert summaries() == ["SEQR's receipt has no readable amount"]
    assert reloaded(invoice).paid_amount is None


@pytest.mark.parametrize(("reported", "closes"), [(None, True), ("40.00", False)])
def test_case_of_an_unknown_amount_is_closed_by_a_report_with_the_amount(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy, reported: str | None, closes: bool
) -> None:
    invoice = issued_invoice()
    sandbox.pay(reference(invoice))
    seqr_proxy.rewrite = lambda answer: answer.replace("value>", "ignored>")
    refresh(invoice)
    seqr_proxy.clear_faults()
    if reported is not None:
        seqr_proxy.rewrite = lambda answer: answer.replace("45.00", reported)

    reconcile_day(sandbox)

    case = MoneyCase.objects.get(kind=CaseKind.AMOUNT_UNKNOWN)
    assert (case.closed_at is not None) is closes
    assert (CaseKind.REPORT_DIFFERS in case_kinds()) is not closes
