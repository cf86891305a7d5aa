"""The steps of SEQR's certification, in their order."""

from collections.abc import Callable
from dataclasses import dataclass

from payments.certification import invoice_steps, money_steps
from payments.certification.session import Session


@dataclass(frozen=True)
class Step:
    """A step: its name in the state file, its title, and what SEQR requires."""

    key: str
    title: str
    requirement: str
    run: Callable[[Session], None]


STEPS = (
    Step(
        "invoice",
        "An invoice",
        "sendInvoice with quantity and total in each row, clientRequestTimeout and clientReference",
        invoice_steps.send_invoice,
    ),
    Step(
        "before_scan",
        "Its status before the scan",
        "getPaymentStatus before the code is scanned",
        invoice_steps.query_before_scan,
    ),
    Step(
        "after_scan",
        "Its status after the scan",
        "scan the code, then getPaymentStatus with the latest version",
        invoice_steps.query_after_scan,
    ),
    Step(
        "wait",
        "Another invoice, and 30 seconds",
        "sendInvoice again, wait 30 seconds, getPaymentStatus with the first reference",
        invoice_steps.query_after_wait,
    ),
    Step(
        "payment",
        "A payment",
        "sendInvoice, getPaymentStatus, scan and pay, getPaymentStatus: PAID",
        invoice_steps.have_paid,
    ),
    Step(
        "receipt",
        "Its receipt",
        "submitPaymentReceipt after PAID",
        money_steps.submit_receipt,
    ),
    Step(
        "cancel",
        "A cancelled invoice",
        "sendInvoice, getPaymentStatus, cancelInvoice",
        invoice_steps.cancel,
    ),
    Step("refund", "The payment's refund", "refundPayment", money_steps.refund),
    Step(
        "period",
        "The end of the period",
        "markTransactionPeriod when the shop closes",
        money_steps.close_period,
    ),
    Step(
        "report",
        "The period's report",
        "executeReport with the period's ID; it has the payment",
        money_steps.fetch_report,
    ),
)

TIDYING = "tidying"
"""The attempts that cancel what a run has left open; no step of SEQR's."""
