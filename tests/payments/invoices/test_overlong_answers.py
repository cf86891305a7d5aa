"""Answers whose texts and amounts are longer than the shop stores: recorded, with a case."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db.models import Model

from orders.audit import by_staff
from orders.models import Customer
from payments.invoices.send import send_invoice
from payments.models import (
    CaseKind,
    Invoice,
    InvoiceStatus,
    MatchResult,
    MoneyCase,
    PeriodStatus,
    Refund,
    RefundStatus,
    TransactionPeriod,
)
from payments.refunds.refund import RefundNotAccepted, request_refund
from payments.refunds.send import send_refund
from payments.seqr import Amount, Receipt, SeqrProtocolError, is_shortened
from payments.seqr.bounded_text import (
    MAX_MSISDN_LENGTH,
    MAX_PERIOD_ID_LENGTH,
    MAX_QR_CODE_LENGTH,
    MAX_REFERENCE_LENGTH,
    MAX_SUBSCRIBER_KEY_LENGTH,
    shortened,
    shortened_reference,
)
from payments.session_exchange import exchange_token
from tests.factories import ShopFactory
from tests.fault_proxy import FaultProxy
from tests.payments.polling.shard import FakeStatusClient, Shard, status
from tests.payments.reconciliation.steps import reconcile_day
from tests.payments.refunds.steps import requested_refund, status_of
from tests.payments.steps import (
    invoice_in,
    issued_invoice,
    new_invoice,
    order_state,
    own_terminal,
    paid_invoice,
    reference,
    refresh,
    reloaded,
)
from tests.sandbox_process import SandboxProcess

S = InvoiceStatus
LONG = "7" * 5000
pytestmark = pytest.mark.django_db(transaction=True)


def prolong(proxy: FaultProxy, element: str) -> None:
    """Let SEQR's answers have a very long text in each of these elements."""
    proxy.rewrite = lambda answer: answer.replace(f"</{element}>", f"{LONG}</{element}>")


def pay_with_long(
    sandbox: SandboxProcess, proxy: FaultProxy, element: str = "ersReference"
) -> Invoice:
    """Return a paid invoice, whose payment SEQR confirmed with a very long text."""
    invoice = issued_invoice()
    sandbox.pay(reference(invoice))
    prolong(proxy, element)
    refresh(invoice)
    return reloaded(invoice)


def case_kinds() -> list[str]:
    """Return the kinds of all cases."""
    return list(MoneyCase.objects.values_list("kind", flat=True))


@pytest.mark.parametrize(
    ("model", "field", "length"),
    [
        (Invoice, "invoice_reference", MAX_REFERENCE_LENGTH),
        (Invoice, "invoice_qr_code", MAX_QR_CODE_LENGTH),
        (Invoice, "ers_reference", MAX_REFERENCE_LENGTH),
        (Invoice, "payment_reference", MAX_REFERENCE_LENGTH),
        (Refund, "ers_reference", MAX_REFERENCE_LENGTH),
        (TransactionPeriod, "transaction_period_id", MAX_PERIOD_ID_LENGTH),
        (Customer, "msisdn", MAX_MSISDN_LENGTH),
        (Customer, "subscriber_key", MAX_SUBSCRIBER_KEY_LENGTH),
    ],
)
def test_readers_bounds_are_those_of_the_columns(
    model: type[Model], field: str, length: int
) -> None:
    column: Any = model._meta.get_field(field)

    assert column.max_length == length


def test_shortened_texts_differ_as_the_whole_ones_do() -> None:
    texts = ["7" * 64, LONG, LONG + "8", "8" + LONG]

    results = [shortened(text, 64) for text in texts]

    assert len(set(results)) == 4
    assert {len(result) for result in results} == {64}
    assert [is_shortened(result) for result in results] == [False, True, True, True]


@pytest.mark.parametrize("element", ["ersReference", "paymentReference"])
def test_payment_with_an_overlong_reference_is_recorded_with_a_case(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy, element: str
) -> None:
    invoice = pay_with_long(sandbox, seqr_proxy, element)
    refresh(invoice)  # the acknowledgment has the same reference

    assert (reloaded(invoice).status, order_state(invoice)) == (S.PAID, "paid")
    assert reloaded(invoice).acknowledged_at is not None
    assert case_kinds() == [CaseKind.REFERENCE_TOO_LONG]


def test_poller_records_payment_with_an_overlong_reference_with_a_case() -> None:
    invoices = [invoice_in(S.ISSUED) for _ in range(2)]
    references = {invoices[0].pk: "ERS1", invoices[1].pk: shortened_reference(LONG)}

    def paid(key: int) -> Any:
        invoice = next(each for each in invoices if each.pk == key)
        total = Amount(invoice.amount, invoice.currency)
        receipt = Receipt(None, None, None, None, None, None, None, total)
        return replace(status("PAID", 1, references[key]), receipt=receipt)

    Shard(FakeStatusClient(paid)).run_rounds(times=3)

    assert [reloaded(each).status for each in invoices] == [S.PAID, S.PAID]
    assert MoneyCase.objects.get().invoice == invoices[1]


def test_payment_with_an_overlong_reference_is_not_refunded_here(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy, boss: User
) -> None:
    invoice = pay_with_long(sandbox, seqr_proxy)

    with pytest.raises(RefundNotAccepted, match="Ask SEQR to refund"):
        request_refund(invoice.pk, Decimal(1), "cold", by_staff(boss), "nonce")


def test_payment_with_an_overlong_reference_is_reconciled(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy
) -> None:
    invoice = pay_with_long(sandbox, seqr_proxy)
    whole = sandbox.invoice(reference(invoice))["ers_reference"]
    seqr_proxy.rewrite = lambda answer: answer.replace(whole, whole + LONG)

    period = reconcile_day(sandbox)

    assert [row.match_result for row in period.rows.all()] == [MatchResult.SALE]


@pytest.mark.parametrize("amount", ["99999999999.99", "999999999999999.99"])
def test_payment_of_an_overlong_amount_is_recorded_with_a_case(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy, amount: str
) -> None:
    invoice = issued_invoice()
    sandbox.pay(reference(invoice))
    seqr_proxy.rewrite = lambda answer: answer.replace("<value>45.00<", f"<value>{amount}<")

    refresh(invoice)

    assert (reloaded(invoice).status, order_state(invoice)) == (S.PAID, "needs_attention")
    assert reloaded(invoice).paid_amount == Decimal(amount)
    assert case_kinds() == [CaseKind.AMOUNT_DIFFERS]


def test_payment_of_an_amount_beyond_any_number_is_recorded_with_a_case(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy
) -> None:
    invoice = issued_invoice()
    sandbox.pay(reference(invoice))
    seqr_proxy.rewrite = lambda answer: answer.replace("<value>45.00<", f"<value>{LONG}<")

    refresh(invoice)

    assert (reloaded(invoice).status, order_state(invoice)) == (S.PAID, "paid")
    assert case_kinds() == [CaseKind.AMOUNT_UNKNOWN]


def test_refund_with_an_overlong_reference_is_recorded_with_a_case(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy, clerk: User
) -> None:
    refund = requested_refund(paid_invoice(sandbox), "5.00", clerk)
    prolong(seqr_proxy, "ersReference")

    send_refund(refund.pk)

    assert status_of(refund) == RefundStatus.REFUNDED
    case = MoneyCase.objects.get()
    assert (case.kind, case.refund) == (CaseKind.REFERENCE_TOO_LONG, refund)


def test_invoice_with_an_overlong_reference_is_sent_again(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy
) -> None:
    """Its reference cannot be stored, so nobody is shown it, and nobody can pay it."""
    invoice = new_invoice()
    prolong(seqr_proxy, "invoiceReference")

    with pytest.raises(SeqrProtocolError, match="invoiceReference is too long"):
        send_invoice(invoice.pk)

    assert reloaded(invoice).status == S.SENDING
    seqr_proxy.clear_faults()
    send_invoice(invoice.pk)
    assert reloaded(invoice).status == S.ISSUED


def test_invoice_with_an_overlong_qr_code_is_issued_without_it(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy
) -> None:
    prolong(seqr_proxy, "invoiceQRCode")

    assert issued_invoice().invoice_qr_code == ""


def test_period_with_an_overlong_id_is_lost_with_a_case(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy
) -> None:
    own_terminal()
    prolong(seqr_proxy, "transactionPeriodId")

    period = reconcile_day(sandbox)

    assert period.status == PeriodStatus.LOST
    assert case_kinds() == [CaseKind.LOST_PERIOD]


@pytest.mark.parametrize("key", ["msisdn", "subscriberKey"])
def test_customer_with_an_overlong_key_gets_one_session_for_each_scan(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy, key: str
) -> None:
    shop = ShopFactory.create(terminal=own_terminal())
    sandbox.register_shop(shop.service_id, "http://127.0.0.1:9")
    tokens = [sandbox.scan(f"HTTP://SEQR.SE/000/{shop.service_id}")["token"] for _ in range(2)]

    def lengthen(answer: str) -> str:
        head, key_element, tail = answer.partition(f"<key>{key}</key>")
        return head + key_element + tail.replace("</value>", f"{LONG}</value>", 1)

    seqr_proxy.rewrite = lengthen

    sessions = [exchange_token(shop, token) for token in tokens]

    assert sessions[0].customer == sessions[1].customer
    value = getattr(sessions[0].customer, {"msisdn": "msisdn"}.get(key, "subscriber_key"))
    assert is_shortened(value)
