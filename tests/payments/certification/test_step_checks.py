"""What the steps check of a request and of SEQR's answers, each with an answer made up for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from payments.certification import invoice_steps, money_steps
from payments.certification.problem import StepFailed
from payments.certification.progress import SentInvoice
from payments.certification.session import CANCEL_ATTEMPTS, Session
from payments.seqr import (
    Amount,
    InvoiceStatus,
    PaymentStatus,
    SeqrConflict,
    SeqrReportNotReady,
    SeqrUnavailable,
)

REQUEST = {
    "context.clientId": "Lyktan Kafé AB",
    "context.clientReference": "seqrshop 1",
    "context.clientRequestTimeout": "0",
    "invoice.invoiceRows.invoiceRow.itemQuantity": "1",
    "invoice.invoiceRows.invoiceRow.itemTotalAmount.value": "1.00",
}


def session_with(client: Any = None, invoices: tuple[SentInvoice, ...] = ()) -> Any:
    """Return a session whose calls `client` answers, with these invoices open."""
    plan = SimpleNamespace(
        company="Lyktan Kafé AB", system="seqrshop 1", invoice_amount=Amount(Decimal("1.00"), "SEK")
    )
    progress = SimpleNamespace(
        plan=plan,
        started_at="2026-11-02T12:00:00",
        invoices=list(invoices),
        attempts=[SimpleNamespace(calls=[])],
        transaction_period_id=7,
        payments=list,
        open_invoices=lambda: [each for each in invoices if each.is_open],
    )
    pauses = SimpleNamespace(sleep=lambda _: None)
    nothing: Any = None
    return Session(
        progress=progress,  # type: ignore[arg-type]
        terminal=SimpleNamespace(principal_id="till"),  # type: ignore[arg-type]
        client=client,
        customer=nothing,
        pauses=pauses,
        screen=nothing,
        scan_seconds=5,
        save=lambda: None,
        refuse_live_terminal=lambda: None,
        earlier_invoices=0,
    )


class SendingClient:
    """Answers each invoice with a reference and a code, and keeps the request as given."""

    def __init__(self, code: str | None = None) -> None:
        self.code = code

    def send_invoice(self, _invoice: object) -> SimpleNamespace:
        return SimpleNamespace(invoice_reference="4711", invoice_qr_code=self.code)


@pytest.mark.parametrize("code", [None, "", "HTTP://SEQR.SE/R4711", "http://seqr.se/R4711"])
def test_invoice_is_sent_with_its_own_code_or_none(code: str | None) -> None:
    session = session_with(SendingClient(code))

    sent = session.send_invoice("scanned")

    assert sent.invoice_reference == "4711"
    assert session.progress.invoices == [sent]


def test_invoice_is_numbered_within_its_certification_by_the_start_of_that() -> None:
    session = session_with(SendingClient())

    numbers = [session.send_invoice("scanned").client_invoice_id for _ in range(2)]

    assert numbers == ["CERT-20261102T120000-1", "CERT-20261102T120000-2"]


def test_code_of_another_invoice_fails_the_step_and_the_invoice_is_kept() -> None:
    session = session_with(SendingClient("HTTP://SEQR.SE/R4712"))

    with pytest.raises(StepFailed, match=r"^SEQR's QR code HTTP://SEQR.SE/R4712 is not that of "):
        session.send_invoice("scanned")

    assert len(session.progress.invoices) == 1


@pytest.mark.parametrize(
    ("field", "text", "reason"),
    [
        ("context.clientRequestTimeout", "", "has no context.clientRequestTimeout."),
        (
            "invoice.invoiceRows.invoiceRow.itemQuantity",
            "",
            "has no invoice.invoiceRows.invoiceRow.itemQuantity.",
        ),
        (
            "invoice.invoiceRows.invoiceRow.itemTotalAmount.value",
            "",
            "has no invoice.invoiceRows.invoiceRow.itemTotalAmount.value.",
        ),
    ],
)
def test_request_without_a_required_field_fails_the_step(
    field: str, text: str, reason: str
) -> None:
    session = session_with(SendingClient())
    session.progress.attempts[-1].calls.append(SimpleNamespace(request={**REQUEST, field: text}))

    with pytest.raises(StepFailed) as failed:
        invoice_steps.send_invoice(session)

    assert str(failed.value) == f"The request {reason}"


@pytest.mark.parametrize(
    ("field", "expected"), [("clientId", "Lyktan Kafé AB"), ("clientReference", "seqrshop 1")]
)
def test_request_that_names_another_system_fails_the_step(field: str, expected: str) -> None:
    session = session_with(SendingClient())
    request = {**REQUEST, f"context.{field}": "another"}
    session.progress.attempts[-1].calls.append(SimpleNamespace(request=request))

    with pytest.raises(StepFailed) as failed:
        invoice_steps.send_invoice(session)

    assert str(failed.value) == f"The request's {field} is not {expected}."


def test_complete_request_passes() -> None:
    session = session_with(SendingClient())
    session.progress.attempts[-1].calls.append(SimpleNamespace(request=REQUEST))

    invoice_steps.send_invoice(session)

    assert [each.purpose for each in session.progress.invoices] == ["scanned"]


def test_summary_in_place_of_the_transactions_fails_the_step() -> None:
    @contextmanager
    def execute_report(*_arguments: object) -> Iterator[object]:
        yield SimpleNamespace()

    session = session_with(SimpleNamespace(execute_report=execute_report))

    with pytest.raises(StepFailed, match=r"^SEQR sent a summary instead of the transactions\.$"):
        money_steps._check_report(session)


class StayingClient:
    """Answers that an invoice is issued, whatever is cancelled; another is unavailable."""

    def __init__(self) -> None:
        self.cancelled: list[str] = []

    def get_payment_status(self, reference: str, version: int) -> PaymentStatus:
        if reference == "2":
            raise SeqrUnavailable("getPaymentStatus", "no connection")
        return PaymentStatus(InvoiceStatus.ISSUED, version, None, None, ())

    def cancel_invoice(self, reference: str) -> None:
        self.cancelled.append(reference)
        raise SeqrConflict("cancelInvoice", "SEQR answered 50.", 50)


def test_invoices_that_stay_open_are_named_after_all_were_tried() -> None:
    invoices = tuple(
        SentInvoice("scanned", f"CERT-{reference}", reference, status=InvoiceStatus.ISSUED)
        for reference in ("1", "2", "3")
    )
    client = StayingClient()

    with pytest.raises(StepFailed) as failed:
        session_with(client, invoices).cancel_open_invoices()

    stays = "stays open: SEQR does not cancel it. Leave the payment in the app."
    first, second = str(failed.value).split(" 2 stays open: ")
    assert first == f"1 {stays}"
    assert second.endswith(f" 3 {stays}")
    assert client.cancelled == ["1"] * CANCEL_ATTEMPTS + ["3"] * CANCEL_ATTEMPTS


def test_report_that_is_not_ready_is_fetched_again(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter([SeqrReportNotReady("executeReport", "the report is not ready"), None])

    def check_report(_session: object) -> None:
        if (answer := next(answers)) is not None:
            raise answer

    monkeypatch.setattr(money_steps, "close_period", lambda _session: None)
    monkeypatch.setattr(money_steps, "_check_report", check_report)

    money_steps.fetch_report(session_with())

    assert list(answers) == []
