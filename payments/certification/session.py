"""The calls that the steps are made of. Each stores what it has learnt before it returns."""

import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from decimal import Decimal

from django.utils import timezone

from orders.models import Terminal
from payments.callback_urls import back_url, notification_url
from payments.certification.customer import Customer, Pauses
from payments.certification.problem import StepFailed
from payments.certification.progress import Progress, SentInvoice
from payments.certification.screen import Screen
from payments.models import CERTIFICATION_CASHIER_ID
from payments.seqr import (
    Invoice,
    InvoiceRow,
    InvoiceStatus,
    PaymentStatus,
    ResultCode,
    SeqrClient,
    SeqrConflict,
    SeqrError,
    SeqrUnknownStatus,
    invoice_url,
)

POLL_SECONDS = 1
CANCEL_ATTEMPTS = 10


@dataclass
class Session:
    """One run of a certification: its progress, and what it calls, shows and waits with.

    `earlier_invoices` is the number of those that earlier runs have sent.
    """

    progress: Progress
    terminal: Terminal
    client: SeqrClient
    customer: Customer
    pauses: Pauses
    screen: Screen
    scan_seconds: int
    save: Callable[[], None]
    refuse_live_terminal: Callable[[], None]
    earlier_invoices: int

    def send_invoice(self, purpose: str) -> SentInvoice:
        """Send a small invoice that belongs to no order, and neither do its addresses."""
        started = self.progress.started_at.replace("-", "").replace(":", "")
        number = f"CERT-{started}-{len(self.progress.invoices) + 1}"
        answer = self.client.send_invoice(
            replace(
                self.content(number, purpose),
                notification_url=notification_url(secrets.token_urlsafe(24)),
                back_url=back_url(secrets.token_urlsafe(24)),
            )
        )
        sent = SentInvoice(purpose, number, answer.invoice_reference)
        self.progress.invoices.append(sent)
        self.save()
        code = answer.invoice_qr_code
        if code and code.upper() != invoice_url(sent.invoice_reference).upper():
            raise StepFailed(f"SEQR's QR code {code} is not that of the invoice.")
        return sent

    def content(self, number: str, purpose: str) -> Invoice:
        """Return an invoice over the plan's amount, without addresses: a refund has none."""
        plan = self.progress.plan
        title = f"Certification, no sale: {purpose}"
        amount = plan.invoice_amount
        return Invoice(
            title=title,
            client_invoice_id=number,
            issue_date=timezone.now(),
            rows=(InvoiceRow(title, Decimal(1), amount, item_unit_price=amount),),
            total_amount=amount,
            cashier_id=CERTIFICATION_CASHIER_ID,
            footer=f"Certification of {plan.system}, {number}",
            notification_url=None,
            back_url=None,
        )

    def query(self, invoice: SentInvoice) -> PaymentStatus:
        """Query the status of an invoice with the latest version, and store both.

        Raises StepFailed where the version falls, or stays although the status has changed.
        """
        answer = self.client.get_payment_status(invoice.invoice_reference, invoice.version)
        before, version = invoice.status, invoice.version
        invoice.status, invoice.version = answer.status, answer.version
        invoice.ers_reference = answer.ers_reference or invoice.ers_reference
        self.save()
        if answer.version < version:
            raise StepFailed(f"The invoice's version fell from {version} to {answer.version}.")
        if answer.status != before and answer.version == version:
            raise StepFailed(
                f"The status changed from {before} to {answer.status}, and the version stayed "
                f"{version}: it has to grow."
            )
        return answer

    def require_status(self, invoice: SentInvoice, *allowed: InvoiceStatus) -> None:
        """Query the status of an invoice. Raises StepFailed for any but these."""
        status = self.query(invoice).status
        if status not in allowed:
            wanted = " or ".join(allowed)
            raise StepFailed(f"The invoice's status is {status}, and {wanted} is expected.")

    def pay(self, purpose: str) -> SentInvoice:
        """Have an invoice scanned and paid; query it each second, and acknowledge the payment."""
        invoice = self.send_invoice(purpose)
        self.require_status(invoice, InvoiceStatus.ISSUED)
        self.customer.pay(invoice.invoice_reference)
        with self.screen.waiting_for_person():
            self._check_payment(self._poll_until_paid(invoice))
        self.require_status(invoice, InvoiceStatus.PAID)
        return invoice

    def _poll_until_paid(self, invoice: SentInvoice) -> PaymentStatus:
        for _ in range(self.scan_seconds):
            answer = self.query(invoice)
            if answer.status == InvoiceStatus.PAID:
                return answer
            if not invoice.is_open:
                raise StepFailed(f"The invoice ended unpaid: its status is {answer.status}.")
            self.pauses.sleep(POLL_SECONDS)
        raise StepFailed(f"Nobody paid the invoice within {self.scan_seconds} seconds.")

    def _check_payment(self, answer: PaymentStatus) -> None:
        if not answer.ers_reference:
            raise StepFailed("SEQR answers PAID without an ersReference.")
        receipt = answer.receipt
        if receipt is None or receipt.total_amount is None:
            raise StepFailed("SEQR answers PAID without a receipt of the amount.")
        if receipt.total_amount != self.progress.plan.invoice_amount:
            paid = receipt.total_amount
            raise StepFailed(f"SEQR's receipt is over {paid.value} {paid.currency}.")

    def cancel(self, invoice: SentInvoice) -> None:
        """Cancel an invoice; do nothing if it is cancelled. Only its status proves that it is."""
        try:
            self.client.cancel_invoice(invoice.invoice_reference)
        except SeqrConflict as error:
            if error.result_code != ResultCode.INVOICE_ALREADY_CANCELED:
                raise

    def cancel_open_invoices(self) -> None:
        """Cancel every invoice that is still open. Its status is queried before.

        A payment that it finds is accepted, to be refunded. Raises StepFailed if one stays open,
        after the others have been tried.
        """
        failures = []
        for invoice in self.progress.open_invoices():
            try:
                self._end(invoice)
            except (SeqrError, StepFailed) as error:
                failures.append(f"{invoice.invoice_reference} stays open: {error}")
        if failures:
            raise StepFailed(" ".join(failures))

    def _end(self, invoice: SentInvoice) -> None:
        for _ in range(CANCEL_ATTEMPTS):
            self._query_any_status(invoice)
            if not invoice.is_open:
                return
            with suppress(SeqrConflict):  # the next query says what has become of it
                self.cancel(invoice)
            self.pauses.sleep(POLL_SECONDS)
        raise StepFailed("SEQR does not cancel it. Leave the payment in the app.")

    def _query_any_status(self, invoice: SentInvoice) -> None:
        """Query the status of an invoice, also an undocumented one; acknowledge a payment."""
        try:
            self.query(invoice)
        except SeqrUnknownStatus as error:
            invoice.version = error.version
        if invoice.is_paid:
            self.query(invoice)
