"""The evidence as a PDF on A4 paper, in English, for SEQR's people."""

from collections.abc import Iterator
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any

from fpdf import FPDF

from payments.certification.progress import Outcome
from payments.certification.screen import shown_fields
from payments.receipts.pdf_parts import LINE_HEIGHT_MM, add_facts, add_line, add_table, new_document

A4_MM = (210, 297)
GAP_MM = 2.5


def evidence_pdf(evidence: dict[str, Any], digest: str) -> bytes:
    """Return the evidence with the digest of its JSON; the same evidence gives the same bytes."""
    plan = evidence["plan"]
    kind = "Rehearsal of SEQR's certification" if plan["is_sandbox"] else "SEQR certification"
    pdf = new_document(
        A4_MM,
        title=f"{kind}: {plan['system']}, {plan['company']}",
        author=plan["company"],
        language="en",
        created_at=datetime.fromisoformat(evidence["written_at"]),
    )
    add_line(pdf, kind, size=20, style="B")
    add_line(pdf, f"{plan['system']}, {plan['company']}", size=12, style="B")
    count = len(evidence["steps"])
    passed = f"Passed: all {count} steps."
    add_line(pdf, "Not passed." if evidence["problem"] else passed, size=12, style="B")
    if evidence["problem"]:
        add_line(pdf, evidence["problem"], size=10)
    pdf.ln(GAP_MM)
    _add_head(pdf, evidence, digest)
    add_table(pdf, _overview(evidence), widths=(8, 4, 5), has_amounts=False)
    for step in evidence["steps"]:
        _add_attempts(pdf, f"{step['number']}  {step['title']}", step["attempts"], step)
    cancelling = evidence["cancelling_of_open_invoices"]
    _add_attempts(pdf, "Open invoices that were cancelled", cancelling)
    _add_invoices(pdf, evidence)
    return bytes(pdf.output())


def _add_head(pdf: FPDF, evidence: dict[str, Any], digest: str) -> None:
    plan = evidence["plan"]
    payer = "the sandbox: this proves nothing about SEQR" if plan["is_sandbox"] else "a person"
    add_facts(
        pdf,
        [
            ("clientId of each call", plan["company"]),
            ("clientReference of each call", plan["system"]),
            ("Software", evidence["software"]),
            ("SEQR", plan["service_url"]),
            ("Terminal", plan["terminal_id"]),
            ("Each invoice", f"{plan['amount']} {plan['currency']}"),
            ("Scanned and paid by", payer),
            ("Started", _time(evidence["started_at"])),
            ("Written", _time(evidence["written_at"])),
            ("SHA-256 of evidence.json", digest),
        ],
    )


def _time(text: str) -> str:
    return text.replace("T", " ").replace("Z", " UTC")


def _overview(evidence: dict[str, Any]) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = [("Step", "Outcome", "Ended")]
    for step in evidence["steps"]:
        latest = step["attempts"][-1] if step["attempts"] else None
        outcome = latest["outcome"] if latest else "not reached"
        if len(step["attempts"]) > 1:
            outcome += f" (attempt {len(step['attempts'])})"
        ended = _time(latest["ended_at"]) if latest else ""
        rows.append((f"{step['number']}  {step['title']}", outcome, ended))
    return rows


def _add_attempts(
    pdf: FPDF, title: str, attempts: list[dict[str, Any]], step: dict[str, Any] | None = None
) -> None:
    is_first = step is not None and step["number"] == 1
    for attempt in attempts:
        rows = [_row(calls, with_context=is_first) for calls in _alike(attempt["calls"])]
        first_row_lines = max(cell.count("\n") for cell in rows[0]) if rows else 0
        if pdf.will_page_break(LINE_HEIGHT_MM * (6 + 0.8 * first_row_lines)):
            pdf.add_page()
        add_line(pdf, f"{title}: {attempt['outcome']}", size=11, style="B")
        if step:
            add_line(pdf, f"SEQR requires: {step['requirement']}.", size=9)
        if attempt["outcome"] != Outcome.PASSED:
            add_line(pdf, attempt["reason"] or "The process was ended meanwhile.", size=9)
        pdf.ln(1)
        if rows:
            head = ("Sent", "Call", "Request", "Answer")
            widths = (9, 20, 36, 35)
            add_table(
                pdf, [head, *rows], widths=widths, size=8, has_amounts=False, gap_mm=GAP_MM * 2
            )


def _alike(calls: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """Yield the calls, those after each other that say the same together: a poll's."""
    compared = itemgetter("operation", "request", "answer", "error")
    for _, alike in groupby(calls, compared):
        yield list(alike)


def _row(calls: list[dict[str, Any]], *, with_context: bool) -> tuple[str, ...]:
    first, last = calls[0], calls[-1]
    sent = [first["sent_at"][11:19]]
    if len(calls) > 1:
        sent += [f"to {last['sent_at'][11:19]}", f"{len(calls)} times"]
    elif first["duration_ms"] is not None:
        sent += [f"{first['duration_ms']} ms"]
    return (
        "\n".join(sent),
        first["operation"],
        "\n".join(shown_fields(first["request"], with_context=with_context)),
        "\n".join(shown_fields(first["answer"]) or [f"no readable answer: {first['error']}"]),
    )


def _add_invoices(pdf: FPDF, evidence: dict[str, Any]) -> None:
    if pdf.will_page_break(LINE_HEIGHT_MM * (4 + len(evidence["invoices"]))):
        pdf.add_page()
    add_line(pdf, "Invoices and payments", size=11, style="B")
    head = ("Invoice", "Purpose", "Status", "Payment", "Refund")
    rows = [
        (
            f"{each['client_invoice_id']}\n{each['invoice_reference']}",
            each["purpose"],
            each["status"],
            each["ers_reference"],
            _refund(each),
        )
        for each in evidence["invoices"]
    ]
    add_table(pdf, [head, *rows], widths=(7, 5, 3, 7, 7), size=8, has_amounts=False)


def _refund(invoice: dict[str, Any]) -> str:
    if not invoice["ers_reference"]:
        return ""
    return " ".join(filter(None, (invoice["refund"], invoice["refund_reference"])))
