"""What a certification has done and sent so far. `state_file.py` keeps it between two runs."""

from dataclasses import asdict, dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any, Self

from payments.certification.calls import RecordedCall
from payments.seqr import Amount, InvoiceStatus


class Outcome(StrEnum):
    """The outcome of an attempt of a step. A killed process leaves INTERRUPTED."""

    PASSED = "passed"
    FAILED = "failed"
    UNKNOWN = "unknown"
    INTERRUPTED = "interrupted"


class Sending(StrEnum):
    """How far a refund or a period is, which must not be sent twice. SENDING is stored before."""

    NOT_SENT = "not sent"
    SENDING = "sending"
    DONE = "done"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Plan:
    """What a certification is about. It is the same in all its runs.

    `company` is the clientId and `system` the clientReference of each call. `amount` is in major
    units of `currency`, as text.
    """

    service_url: str
    terminal_id: str
    company: str
    system: str
    amount: str
    currency: str
    is_sandbox: bool

    @property
    def invoice_amount(self) -> Amount:
        """The amount of each invoice."""
        return Amount(Decimal(self.amount), self.currency)


@dataclass
class Attempt:
    """One attempt of a step."""

    step: str
    started_at: str
    outcome: Outcome = Outcome.INTERRUPTED
    reason: str = ""
    ended_at: str = ""
    calls: list[RecordedCall] = field(default_factory=list)


@dataclass
class SentInvoice:
    """An invoice of a certification. `status` and `version` are SEQR's latest.

    `period_id` is that of the period that contains its payment: UNKNOWN_PERIOD if that ID has not
    arrived, and empty before.
    """

    purpose: str
    client_invoice_id: str
    invoice_reference: str
    status: str = InvoiceStatus.ISSUED
    version: int = 0
    ers_reference: str = ""
    refund: Sending = Sending.NOT_SENT
    refund_reference: str = ""
    period_id: str = ""

    @property
    def is_paid(self) -> bool:
        """Whether SEQR has reported it as paid, which accepts the payment."""
        return self.status == InvoiceStatus.PAID and bool(self.ers_reference)

    @property
    def is_open(self) -> bool:
        """Whether a customer may pay it still, as far as is known."""
        return not self.is_paid and self.status not in (
            InvoiceStatus.CANCELED,
            InvoiceStatus.FAILED,
            InvoiceStatus.EXPIRED,
        )


UNKNOWN_PERIOD = "unknown"


@dataclass
class Progress:
    """A certification. `transaction_period_id` is that of the closed period, or empty."""

    plan: Plan
    started_at: str
    attempts: list[Attempt] = field(default_factory=list)
    invoices: list[SentInvoice] = field(default_factory=list)
    period: Sending = Sending.NOT_SENT
    transaction_period_id: str = ""

    def latest_attempt(self, step: str) -> Attempt | None:
        """Return the latest attempt of a step, which decides whether it has passed."""
        return next((each for each in reversed(self.attempts) if each.step == step), None)

    def has_passed(self, step: str) -> bool:
        """Whether the latest attempt of a step has passed."""
        latest = self.latest_attempt(step)
        return latest is not None and latest.outcome == Outcome.PASSED

    def open_invoices(self) -> list[SentInvoice]:
        """Return the invoices that a customer may pay still."""
        return [each for each in self.invoices if each.is_open]

    def payments(self) -> list[SentInvoice]:
        """Return the paid invoices, the oldest first."""
        return [each for each in self.invoices if each.is_paid]

    def refundable(self) -> list[SentInvoice]:
        """Return the payments of which no refund has been sent, or none that SEQR accepted."""
        return [each for each in self.payments() if each.refund == Sending.NOT_SENT]

    def record_period(self, outcome: Sending, period_id: str) -> None:
        """Record that SEQR has closed the period, or may have: it has all payments so far."""
        self.period = outcome
        self.transaction_period_id = period_id
        for payment in self.payments():
            payment.period_id = payment.period_id or period_id or UNKNOWN_PERIOD

    def declare_interrupted_unknown(self) -> None:
        """Take what a killed process was sending for unknown: it may have taken effect."""
        for invoice in self.invoices:
            if invoice.refund == Sending.SENDING:
                invoice.refund = Sending.UNKNOWN
        if self.period == Sending.SENDING:
            self.record_period(Sending.UNKNOWN, "")

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON holds it."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Self:
        """Return what `to_json` returned. Raises KeyError, TypeError or ValueError for others."""
        return cls(
            plan=Plan(**stored["plan"]),
            started_at=stored["started_at"],
            attempts=[_attempt(each) for each in stored["attempts"]],
            invoices=[
                SentInvoice(**{**each, "refund": Sending(each["refund"])})
                for each in stored["invoices"]
            ],
            period=Sending(stored["period"]),
            transaction_period_id=stored["transaction_period_id"],
        )


def _attempt(stored: dict[str, Any]) -> Attempt:
    calls = [RecordedCall(**each) for each in stored["calls"]]
    return Attempt(**{**stored, "outcome": Outcome(stored["outcome"]), "calls": calls})
