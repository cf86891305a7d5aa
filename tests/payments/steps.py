"""Steps that the tests of payments share."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from orders.audit import ChangeSource
from orders.clock import database_now
from orders.models import AuditEvent, Order, OrderState, SourceName, SubjectType, Terminal
from orders.services import OrderRequest, RowRequest, create_session, place_order
from payments.availability.pause import pause_payments
from payments.gateway import seqr
from payments.invoices.create import create_invoice, retry_payment
from payments.invoices.refresh import refresh_invoice
from payments.invoices.send import send_invoice
from payments.models import (
    CAPTURED_STATUSES,
    UNPAID_FINAL_STATUSES,
    CancelReason,
    Invoice,
    InvoiceStatus,
    PaymentPause,
)
from payments.seqr import SeqrAuthenticationError, SeqrClient
from tests.factories import (
    InvoiceFactory,
    OrderFactory,
    ProductFactory,
    ShopFactory,
    TerminalFactory,
)
from tests.fault_proxy import FaultProxy
from tests.sandbox_process import SandboxProcess

S = InvoiceStatus
BY_CUSTOMER = ChangeSource(SourceName.CUSTOMER)
BY_POLLER = ChangeSource(SourceName.POLLER)
BY_RECOVERY = ChangeSource(SourceName.RECOVERY)
STATE_OF = {
    S.CREATED: OrderState.CREATED,
    S.SENDING: OrderState.SENDING,
    S.NEEDS_ATTENTION: OrderState.NEEDS_ATTENTION,
    S.CANCEL_PENDING: OrderState.CANCEL_PENDING,
    S.PAID: OrderState.PAID,
    S.DUPLICATE: OrderState.PAID,
    S.CANCELED: OrderState.CANCELED,
    S.FAILED: OrderState.FAILED,
    S.EXPIRED: OrderState.EXPIRED,
}
_references = iter(range(5_000_000_000, 9_000_000_000))


def invoice_in(status: InvoiceStatus, **fields: Any) -> Invoice:
    """Return an invoice with this status, and its order in the matching state."""
    needed: dict[str, Any] = {"status": status}
    if status not in (S.CREATED, S.SENDING):
        needed |= {"invoice_reference": str(next(_references)), "issued_at": database_now()}
    if status in CAPTURED_STATUSES:
        needed |= {"ers_reference": f"ERS{next(_references)}", "paid_at": database_now()}
    if status == S.CANCEL_PENDING:
        needed |= {"cancel_reason": CancelReason.CUSTOMER}
    order = OrderFactory.create(state=STATE_OF.get(status, OrderState.AWAITING_PAYMENT))
    return InvoiceFactory.create(order=order, **(needed | fields))


def own_terminal() -> Terminal:
    """Return the terminal that the settings name, which is that of the tests' shops."""
    return TerminalFactory.create()


def client_of(terminal: Terminal) -> SeqrClient:
    """Return the client that calls SEQR as this terminal."""
    return seqr(terminal.pk)


def other_terminal() -> Terminal:
    """Register another terminal of the same reseller at SEQR; return its row."""
    password = "the till's password"
    principal_id = client_of(own_terminal()).register_terminal("till-2", password, "Kassa 2")
    return TerminalFactory.create(principal_id=principal_id, label="Till 2", password=password)


def new_invoice(terminal: Terminal | None = None) -> Invoice:
    """Order two of one product for 45.00 SEK; return the invoice, not yet sent.

    The shop is at this terminal, or at the one that the settings name.
    """
    shop = ShopFactory.create(terminal=terminal or own_terminal())
    product = ProductFactory.create(price="22.50", shop=shop)
    session = create_session(
        product.shop,
        f"token-{next(_references)}",
        msisdn="46700000001",
        subscriber_key=f"key-{next(_references)}",
        parameters={"TABLE": "4"},
    )
    with transaction.atomic():
        order, _ = place_order(session, OrderRequest("nonce", [RowRequest(product.pk, 2)]), "sv")
        return create_invoice(order)


def issued_invoice(terminal: Terminal | None = None) -> Invoice:
    """Return an invoice that SEQR has issued, at this terminal or the settings' one."""
    invoice = new_invoice(terminal)
    send_invoice(invoice.pk)
    return reloaded(invoice)


def statements_of(step: Callable[[], object]) -> list[str]:
    """Take a step in this thread; return its statements."""
    with CaptureQueriesContext(connection) as captured:
        step()
    return [query["sql"] for query in captured.captured_queries]


def paid_invoice(sandbox: SandboxProcess, terminal: Terminal | None = None) -> Invoice:
    """Return an invoice for 45.00 SEK that is paid at SEQR and here."""
    invoice = issued_invoice(terminal)
    sandbox.pay(reference(invoice))
    refresh(invoice)
    return reloaded(invoice)


def retried_invoice(invoice: Invoice) -> Invoice:
    """Retry an ended payment as its customer; return the new invoice, issued by SEQR."""
    order = invoice.order
    retried = retry_payment(order.customer_id, order.public_id, BY_CUSTOMER)
    send_invoice(retried.pk)
    return reloaded(retried)


def refresh(invoice: Invoice) -> InvoiceStatus:
    """Refresh an invoice from SEQR, as the poller does; return its status."""
    return refresh_invoice(invoice.pk, BY_POLLER)


def reference(invoice: Invoice) -> str:
    """Return the reference of an invoice that has one."""
    assert invoice.invoice_reference is not None
    return invoice.invoice_reference


def reloaded(invoice: Invoice) -> Invoice:
    """Return the invoice reloaded from the database, with its order."""
    return Invoice.objects.select_related("order").get(pk=invoice.pk)


def order_state(invoice: Invoice) -> str:
    """Return the current state of the invoice's order."""
    return Order.objects.get(pk=invoice.order_id).state


def event_names(invoice: Invoice) -> list[str]:
    """Return the names of an invoice's audit events, oldest first."""
    return list(
        AuditEvent.objects.filter(
            subject_type=SubjectType.INVOICE, subject_id=invoice.pk
        ).values_list("name", flat=True)
    )


def event_details(invoice: Invoice) -> list[tuple[str, str]]:
    """Return the names and the details of an invoice's audit events, oldest first."""
    events = AuditEvent.objects.filter(subject_type=SubjectType.INVOICE, subject_id=invoice.pk)
    return list(events.order_by("id").values_list("name", "detail"))


def call_count(sandbox: SandboxProcess, operation: str) -> int:
    """Return how many calls of an operation SEQR has received."""
    return len(sandbox.calls(operation))


def pause_for_refused_password() -> PaymentPause:
    """Pause payments, as if SEQR refused our password; return the pause."""
    error = SeqrAuthenticationError("sendInvoice", "SEQR answered 20 AUTHENTICATION_FAILED", 20)
    with transaction.atomic():
        pause_payments(invoice_in(S.SENDING), error, ChangeSource(SourceName.SEND_INVOICE))
    return PaymentPause.objects.get(ended_at=None)


def make_probe_due(pause: PaymentPause) -> None:
    """Make the next probe of a payment pause due now."""
    PaymentPause.objects.filter(pk=pause.pk).update(next_probe_at=database_now())


def send_before_next_answer(proxy: FaultProxy, invoice: Invoice) -> None:
    """Let another worker send the invoice, whose lease has ended, before SEQR's next answer."""

    def send_in_another_worker() -> None:
        expire_lease(invoice)
        send_invoice(invoice.pk)

    proxy.before_next_answer(send_in_another_worker)


def expire_lease(invoice: Invoice) -> None:
    """End the lease of an invoice's sender a second ago."""
    Invoice.objects.filter(pk=invoice.pk).update(lease_until=database_now() - timedelta(seconds=1))


def age_invoice(invoice: Invoice, seconds: int) -> None:
    """Make the invoice this many seconds older."""
    for name in ("created_at", "issued_at"):
        moment = getattr(reloaded(invoice), name)
        if moment is not None:
            Invoice.objects.filter(pk=invoice.pk).update(
                **{name: moment - timedelta(seconds=seconds)}
            )


def is_unpaid_final(invoice: Invoice) -> bool:
    """Whether the invoice has ended unpaid."""
    return reloaded(invoice).status in UNPAID_FINAL_STATUSES


def added_terminal(sandbox: SandboxProcess, principal_id: str = "web-2") -> Terminal:
    """Return the row of another web shop's terminal of the same reseller, which SEQR knows."""
    password = f"password of {principal_id}"
    sandbox.add_terminal(principal_id, password)
    return TerminalFactory.create(principal_id=principal_id, label=principal_id, password=password)


def querying_terminals(sandbox: SandboxProcess, operation: str) -> list[str]:
    """Return SEQR's IDs of the terminals that have called an operation, in order of the calls."""
    requests = [call["request"] for call in sandbox.calls(operation)]
    return [request.partition("<id>")[2].partition("</id>")[0] for request in requests]


def with_reference(answer: str, invoice_reference: str) -> str:
    """Return SEQR's answer to sendInvoice with another reference."""
    before, _, rest = answer.partition("<invoiceReference>")
    _, _, after = rest.partition("</invoiceReference>")
    return f"{before}<invoiceReference>{invoice_reference}</invoiceReference>{after}"
