"""The whole text of the evidence's PDF, and how it is set."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import Any

import pytest
from pypdf import PdfReader

from payments.certification.evidence_pdf import evidence_pdf
from tests.payments.pdf_texts import pages_of, placed_texts

CONTEXT = {"context.channel": "WS", "context.clientId": "Lyktan AB"}


def call(operation: str, **changed: Any) -> dict[str, Any]:
    """Return a call that SEQR has answered."""
    given = {
        "operation": operation,
        "sent_at": "2026-11-02T10:00:01Z",
        "request": {**CONTEXT, "invoiceReference": "101"},
        "answer": {"resultCode": "0", "resultDescription": "SUCCESS"},
        "duration_ms": 12,
        "error": "",
    }
    return {**given, **changed}


LONG_CALL = call("getPaymentStatus", request={f"field{n}": "x" for n in range(6)})


def attempt(*calls: dict[str, Any], **changed: Any) -> dict[str, Any]:
    """Return an attempt of a step that has passed."""
    given = {
        "started_at": "2026-11-02T10:00:00Z",
        "ended_at": "2026-11-02T10:00:05Z",
        "outcome": "passed",
        "reason": "",
        "calls": list(calls),
    }
    return {**given, **changed}


def step(number: int, *attempts: dict[str, Any]) -> dict[str, Any]:
    return {
        "number": number,
        "title": ("An invoice", "Its status", "A payment")[number - 1],
        "requirement": f"requirement {number}",
        "attempts": list(attempts),
    }


def invoice(number: int, **changed: Any) -> dict[str, Any]:
    """Return an invoice that is cancelled."""
    given = {
        "client_invoice_id": f"CERT-{number}",
        "invoice_reference": f"10{number}",
        "purpose": "cancelled",
        "status": "CANCELED",
        "ers_reference": "",
        "refund": "not sent",
        "refund_reference": "",
    }
    return {**given, **changed}


def evidence(**changed: Any) -> dict[str, Any]:
    """Return the evidence of a certification that has passed."""
    given = {
        "plan": {
            "system": "seqrshop 1",
            "company": "Lyktan AB",
            "service_url": "https://seqr.example.se/soap",
            "terminal_id": "till-1",
            "amount": "1.00",
            "currency": "SEK",
            "is_sandbox": False,
        },
        "software": "seqrshop 1.2",
        "started_at": "2026-11-02T10:00:00Z",
        "written_at": "2026-11-02T10:10:00Z",
        "problem": "",
        "steps": [step(1, attempt(call("sendInvoice")))],
        "cancelling_of_open_invoices": [],
        "invoices": [
            invoice(1),
            invoice(
                2,
                purpose="paid",
                status="PAID",
                ers_reference="88001",
                refund="done",
                refund_reference="88002",
            ),
        ],
    }
    return {**given, **changed}


def test_passed_certification_has_each_text_at_its_place() -> None:
    assert placed_texts(evidence_pdf(evidence(), "ab12")) == [
        "43 782 20 bold SEQR certification",
        "43 762 12 bold seqrshop 1, Lyktan AB",
        "43 745 12 bold Passed: all 1 steps.",
        "43 722 10      clientId of each call: Lyktan AB",
        "43 706 10      clientReference of each call: seqrshop 1",
        "43 691 10      Software: seqrshop 1.2",
        "43 675 10      SEQR: https://seqr.example.se/soap",
        "43 660 10      Terminal: till-1",
        "43 644 10      Each invoice: 1.00 SEK",
        "43 628 10      Scanned and paid by: a person",
        "43 613 10      Started: 2026-11-02 10:00:00 UTC",
        "43 597 10      Written: 2026-11-02 10:10:00 UTC",
        "43 582 10      SHA-256 of evidence.json: ab12",
        "43 548 10 bold Step",
        "285 548 10 bold Outcome",
        "407 548 10 bold Ended",
        "43 528 10      1  An invoice",
        "285 528 10      passed",
        "407 528 10      2026-11-02 10:00:05 UTC",
        "43 494 11 bold 1  An invoice: passed",
        "43 479  9      SEQR requires: requirement 1.",
        "43 460  8 bold Sent",
        "89 460  8 bold Call",
        "192 460  8 bold Request",
        "378 460  8 bold Answer",
        "43 443  8      10:00:01",
        "43 431  8      12 ms",
        "89 443  8      sendInvoice",
        "192 443  8      channel WS",
        "192 431  8      clientId Lyktan AB",
        "192 419  8      invoiceReference 101",
        "378 443  8      resultCode 0 SUCCESS",
        "43 387 11 bold Invoices and payments",
        "43 372  8 bold Invoice",
        "167 372  8 bold Purpose",
        "256 372  8 bold Status",
        "309 372  8 bold Payment",
        "434 372  8 bold Refund",
        "43 355  8      CERT-1",
        "43 342  8      101",
        "167 355  8      cancelled",
        "256 355  8      CANCELED",
        "43 325  8      CERT-2",
        "43 313  8      102",
        "167 325  8      paid",
        "256 325  8      PAID",
        "309 325  8      88001",
        "434 325  8      done 88002",
    ]


def test_failed_rehearsal_says_why_what_was_repeated_and_what_was_not_reached() -> None:
    polls = [call("getPaymentStatus", sent_at=f"2026-11-02T10:00:0{n}Z") for n in (1, 2, 3)]
    no_answer = call("sendInvoice", answer={}, error="no response", duration_ms=None)
    content = evidence(
        problem="Step 3 of 3, a payment, has not been reached.",
        steps=[
            step(
                1,
                attempt(no_answer, outcome="failed", reason="SEQR is away."),
                attempt(outcome="interrupted", ended_at=""),
            ),
            step(2, attempt(*polls, call("cancelInvoice"))),
            step(3),
        ],
        cancelling_of_open_invoices=[attempt(call("cancelInvoice", duration_ms=0))],
        invoices=[],
    )
    content["plan"]["is_sandbox"] = True

    first, second = pages_of(evidence_pdf(content, "ab12"))

    assert first[:4] == [
        "Rehearsal of SEQR's certification",
        "seqrshop 1, Lyktan AB",
        "Not passed.",
        "Step 3 of 3, a payment, has not been reached.",
    ]
    assert "Scanned and paid by: the sandbox: this proves nothing about SEQR" in first
    assert first[14:] == [
        "Step Outcome Ended",
        "1  An invoice interrupted (attempt 2)",
        "2  Its status passed 2026-11-02 10:00:05 UTC",
        "3  A payment not reached",
        "1  An invoice: failed",
        "SEQR requires: requirement 1.",
        "SEQR is away.",
        "Sent Call Request Answer",
        "10:00:01 sendInvoice channel WS",
        "clientId Lyktan AB",
        "invoiceReference 101",
        "no readable answer: no response",
        "1  An invoice: interrupted",
        "SEQR requires: requirement 1.",
        "The process was ended meanwhile.",
        "2  Its status: passed",
        "SEQR requires: requirement 2.",
        "Sent Call Request Answer",
        "10:00:01",
        "to",
        "10:00:03",
        "3 times",
        "getPaymentStatus invoiceReference 101 resultCode 0 SUCCESS",
        "10:00:01",
        "12 ms",
        "cancelInvoice invoiceReference 101 resultCode 0 SUCCESS",
    ]
    assert second == [
        "Open invoices that were cancelled: passed",
        "Sent Call Request Answer",
        "10:00:01",
        "0 ms",
        "cancelInvoice invoiceReference 101 resultCode 0 SUCCESS",
        "Invoices and payments",
        "Invoice Purpose Status Payment Refund",
    ]


@pytest.mark.parametrize(
    ("heading", "content", "lines_that_fit"),
    [
        ("1  An invoice: passed", {"steps": [step(1, attempt(call("sendInvoice")))]}, 22),
        ("2  Its status: passed", {"steps": [step(2, attempt(LONG_CALL))]}, 19),
        ("2  Its status: passed", {"steps": [step(2, attempt())]}, 23),
        ("Invoices and payments", {"steps": [], "invoices": [invoice(1)]}, 26),
        ("Invoices and payments", {"steps": [], "invoices": [invoice(1)] * 5}, 22),
    ],
)
def test_heading_stays_on_the_page_of_what_follows_it(
    heading: str, content: dict[str, Any], lines_that_fit: int
) -> None:
    def page_of_heading(lines: int) -> int:
        shown = evidence(problem="\n".join(["line"] * lines), **content)
        pages = pages_of(evidence_pdf(shown, "ab12"))
        return next(number for number, page in enumerate(pages, start=1) if heading in page)

    assert page_of_heading(lines_that_fit) == 1
    assert page_of_heading(lines_that_fit + 1) == 2


def test_document_is_a4_paper_with_its_title_author_language_and_time() -> None:
    document = PdfReader(io.BytesIO(evidence_pdf(evidence(), "ab12")))

    box = document.pages[0].mediabox
    assert (round(box.width), round(box.height)) == (595, 842)
    assert document.metadata is not None
    assert document.metadata.title == "SEQR certification: seqrshop 1, Lyktan AB"
    assert document.metadata.author == "Lyktan AB"
    assert document.metadata.creation_date == datetime(2026, 11, 2, 10, 10, tzinfo=UTC)
    assert document.trailer["/Root"]["/Lang"] == "en"  # type: ignore[index]
