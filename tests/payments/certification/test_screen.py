"""What the terminal shows, line by line."""

from __future__ import annotations

import io
import re
from copy import copy
from dataclasses import replace
from pathlib import Path

import pytest
from django.core.management.base import OutputWrapper
from django.core.management.color import no_style

from orders.screen_code import terminal_lines
from payments.certification.calls import RecordedCall
from payments.certification.progress import Attempt, Outcome, Plan
from payments.certification.screen import Screen, shown_fields
from tests.factories import TerminalFactory
from tests.payments.certification.runs import PlantingScreen, certify, options
from tests.sandbox_process import SandboxProcess

PLAN = Plan("https://seqr.example.se/soap", "till-1", "Lyktan", "seqrshop 1", "1.00", "SEK", False)


class Window(io.StringIO):
    """A window that shows what is written to it."""

    def isatty(self) -> bool:
        return True


def screen_of(written: io.StringIO) -> Screen:
    """Return a screen whose styles are shown as a letter before the text."""
    style = copy(no_style())  # Django has one for all
    for role in ("MIGRATE_HEADING", "SUCCESS", "ERROR", "WARNING"):
        setattr(style, role, f"{role[0]}:{{}}".format)
    return Screen(OutputWrapper(written), style, "seqr://SEQR.SE/")


def test_lines_of_a_step_show_its_calls_and_its_outcome() -> None:
    written = io.StringIO()
    screen = screen_of(written)
    request = {
        "context.clientId": "Lyktan",
        "invoice.title": "long",
        "invoice.backURL": "(hidden)",
        "invoice.totalAmount.currency": "SEK",
        "invoice.totalAmount.value": "1.00",
        "invoiceReference": "101",
        "empty": "",
    }
    answer = {"resultCode": "0", "resultDescription": "SUCCESS", "status": "ISSUED"}
    call = RecordedCall("getPaymentStatus", "", request, answer, duration_ms=12)

    screen.started(PLAN, "folder")
    screen.step_started(2, 10, "A title", "a requirement")
    screen.call_ended(call)
    screen.call_ended(RecordedCall("sendInvoice", "", {}, error="no response"))
    with screen.waiting_for_person():
        screen.call_ended(call)
        screen.call_ended(RecordedCall("paid", "", {}, {"status": "PAID"}, duration_ms=0))
    screen.call_ended(call)
    screen.report_read({"rows": "2", "row 77": "1.00"})
    screen.step_ended(Attempt("invoice", "", Outcome.PASSED))
    screen.step_ended(Attempt("invoice", "", Outcome.UNKNOWN, "ask SEQR"))
    screen.task("Scan it.")
    screen.tidying()

    assert written.getvalue().split("\n") == [
        "M:Certification of seqrshop 1 for Lyktan",
        "  SEQR                https://seqr.example.se/soap",
        "  terminal            till-1",
        "  each invoice        1.00 SEK",
        "  in each call        clientId Lyktan, clientReference seqrshop 1",
        "  evidence            folder",
        "M:",
        "2/10  A title",
        "      a requirement",
        "      getPaymentStatus      totalAmount 1.00 SEK, invoiceReference 101",
        "                          → resultCode 0 SUCCESS, status ISSUED  (12 ms)",
        "      sendInvoice           ",
        "                          → no readable answer: no response",
        "      paid                  ",
        "                          → status PAID  (0 ms)",
        "      getPaymentStatus      totalAmount 1.00 SEK, invoiceReference 101",
        "                          → resultCode 0 SUCCESS, status ISSUED  (12 ms)",
        "                          → rows 2, row 77 1.00",
        "S:      passed",
        "E:      unknown: ask SEQR",
        "W:      Scan it.",
        "M:",
        "Cancelling the invoices that are still open",
        "",
    ]


def test_rehearsal_is_named_as_such() -> None:
    written = io.StringIO()

    screen_of(written).started(replace(PLAN, is_sandbox=True), "folder")

    assert written.getvalue().startswith(
        "M:Rehearsal, with the sandbox, of seqrshop 1 for Lyktan\n"
    )


def test_code_is_shown_with_its_address_and_a_link_for_this_device() -> None:
    written = io.StringIO()

    screen_of(written).code("101", "HTTP://SEQR.SE/R101")

    empty, *code, address, end = written.getvalue().split("\n")
    assert code == [f"      {line}" for line in terminal_lines("HTTP://SEQR.SE/R101")]
    assert (empty, end) == ("", "")
    assert address == ("      HTTP://SEQR.SE/R101   or on this device: seqr://SEQR.SE/R101")


@pytest.mark.parametrize(
    "name",
    [
        *("paymentMode", "acknowledgmentMode", "issueDate", "title", "cashierId", "footer"),
        *("itemDescription", "itemUnitPrice", "backURL", "notificationUrl", "language"),
    ],
)
def test_long_field_of_a_request_is_in_the_evidence_alone(name: str) -> None:
    written = io.StringIO()
    request = {f"invoice.{name}": "1.00", f"invoice.{name}.value": "1.00"}

    screen_of(written).call_ended(RecordedCall("sendInvoice", "", request, {"status": "PAID"}))

    assert written.getvalue().split("\n")[0] == "      sendInvoice           "


def test_fields_are_shown_without_a_description_or_a_currency_that_is_missing() -> None:
    fields = {"resultCode": "2", "receipt.invoice.totalAmount.value": "1.00", "empty": ""}

    assert shown_fields(fields) == ["resultCode 2", "totalAmount 1.00 "]


def test_countdown_in_a_window_stays_on_one_line_and_clears_it() -> None:
    window = Window()
    screen = screen_of(window)

    for seconds_left in (10, 9, 0):
        screen.countdown(seconds_left)

    assert window.getvalue() == (
        "\r\033[K      10 seconds left \r\033[K      9 seconds left \r\033[K"
    )


def test_countdown_in_a_file_has_a_line_each_ten_seconds() -> None:
    written = io.StringIO()
    screen = screen_of(written)

    for seconds_left in (20, 19, 11, 10, 1, 0):
        screen.countdown(seconds_left)

    assert written.getvalue() == "      20 seconds left\n      10 seconds left\n"


@pytest.mark.django_db
def test_countdown_of_thirty_seconds_is_cleared_at_its_end(
    sandbox: SandboxProcess, tmp_path: Path
) -> None:
    TerminalFactory.create()
    screen = PlantingScreen(sandbox, window=Window())

    certify(options(tmp_path), screen, sandbox)

    shown = re.findall(r"\r\033\[K( *(\d+) seconds left )?", screen.text)
    assert [seconds for _, seconds in shown] == [*map(str, range(30, 0, -1)), ""]


@pytest.mark.django_db
def test_certification_that_passes_shows_each_step(sandbox: SandboxProcess, tmp_path: Path) -> None:
    TerminalFactory.create()
    screen = PlantingScreen(sandbox)

    progress = certify(options(tmp_path), screen, sandbox)

    shown = re.sub(r"\(\d+ ms\)", "(… ms)", screen.text)
    shown = re.sub(r"paymentDate [^,]+", "paymentDate …", shown)
    for number, invoice in enumerate(progress.invoices, start=1):
        shown = shown.replace(invoice.client_invoice_id, f"CERT-{number}")
        for text, name in (
            (invoice.invoice_reference, "invoice"),
            (invoice.ers_reference, "payment"),
            (invoice.refund_reference, "refund"),
        ):
            shown = shown.replace(text or "none", f"{name}-{number}")
    shown = shown.replace(progress.transaction_period_id, "period-1")
    assert shown.lstrip("\n") == Path(__file__).with_name("passed_run.txt").read_text()
