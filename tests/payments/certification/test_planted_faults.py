"""Each step fails as it should at a fault of SEQR's, and --resume passes once the fault is gone."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from payments.certification.certify import problem_of
from payments.certification.progress import Outcome, Progress
from payments.certification.steps import STEPS
from tests.factories import TerminalFactory
from tests.payments.certification.runs import (
    Plant,
    PlantingScreen,
    certify,
    force,
    latest,
    options,
)
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.django_db


class Fault(NamedTuple):
    """A fault that is planted as a step starts, and what the step says about it."""

    step: str
    plant: Plant
    reason: str
    outcome: Outcome = Outcome.FAILED


def code(operation: str, number: int) -> Plant:
    return lambda sandbox, _: sandbox.fault(operation, "result_code", code=number)


def lost(operation: str) -> Plant:
    return lambda sandbox, _: sandbox.fault(operation, "drop")


def forced(**state: object) -> Plant:
    return lambda sandbox, _: force(sandbox, **state)


def page(operation: str) -> Plant:
    return lambda sandbox, _: sandbox.fault(operation, "html", count=1)


def paid_instead_of_scanned(sandbox: SandboxProcess, _: Progress) -> None:
    sandbox.pay(latest(sandbox))


def another_till_closes_the_period(sandbox: SandboxProcess, progress: Progress) -> None:
    sandbox.control("POST", "/periods", {"terminal_id": progress.plan.terminal_id})


FAULTS = {
    "invoice is refused": Fault("invoice", code("sendInvoice", 49), "49 INVALID_INVOICE_DATA"),
    "terminal's password is wrong": Fault("invoice", code("sendInvoice", 20), "20 AUTH"),
    "answer to an invoice is lost": Fault("invoice", lost("sendInvoice"), "without a response"),
    "invoice is unknown": Fault("before_scan", code("getPaymentStatus", 54), "54 INVALID"),
    "status is FAILED": Fault("before_scan", forced(status="FAILED"), "status is FAILED"),
    "status is undocumented": Fault("before_scan", forced(status="SHELVED"), "SHELVED"),
    "version falls": Fault("after_scan", forced(version=0), "version fell from 1 to 0"),
    "customer cancels": Fault("after_scan", forced(status="CANCELED"), "status is CANCELED"),
    "customer pays at once": Fault("after_scan", paid_instead_of_scanned, "status is PAID"),
    "terminal is a cash register": Fault("wait", forced(status="CANCELED"), "cash register"),
    "answer about a status is lost": Fault("payment", lost("getPaymentStatus"), "response"),
    "receipt is rejected": Fault("receipt", code("submitPaymentReceipt", 23), "23 INVALID"),
    "answer to a receipt is lost": Fault("receipt", lost("submitPaymentReceipt"), "response"),
    "cancel is refused": Fault("cancel", code("cancelInvoice", 51), "51 CANNOT"),
    "answer to a cancel is lost": Fault("cancel", lost("cancelInvoice"), "response"),
    "cancel has no effect": Fault(
        "cancel", code("cancelInvoice", 0), "status is ISSUED, and CANCELED"
    ),
    "refund is rejected": Fault("refund", code("refundPayment", 97), "97 RESELLER"),
    "refund awaits approval": Fault("refund", code("refundPayment", 1), "1 P", Outcome.UNKNOWN),
    "refund fails": Fault("refund", code("refundPayment", 90), "90 SYS", Outcome.UNKNOWN),
    "answer to a refund is lost": Fault(
        "refund", lost("refundPayment"), "is not sent again", Outcome.UNKNOWN
    ),
    "period is refused": Fault("period", code("markTransactionPeriod", 21), "21 ACCESS_DENIED"),
    "answer to a period is lost": Fault(
        "period", lost("markTransactionPeriod"), "may have closed the period", Outcome.UNKNOWN
    ),
    "report is never ready": Fault("report", code("executeReport", 2), "within 60 seconds"),
    "report is refused": Fault("report", code("executeReport", 10), "10 REJECTED"),
    "report is a web page": Fault("report", page("executeReport"), "executeReport: "),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_step_fails_at_the_fault_and_passes_once_it_is_gone(
    sandbox: SandboxProcess, tmp_path: Path, fault: Fault
) -> None:
    TerminalFactory.create()
    number = [step.key for step in STEPS].index(fault.step)

    failed = certify(options(tmp_path), PlantingScreen(sandbox, fault.step, fault.plant), sandbox)

    attempt = failed.latest_attempt(fault.step)
    assert attempt is not None
    assert (attempt.outcome, fault.reason in attempt.reason) == (fault.outcome, True), attempt
    assert [failed.has_passed(step.key) for step in STEPS[:number]] == [True] * number
    assert [failed.latest_attempt(step.key) for step in STEPS[number + 1 :]] == [None] * (
        len(STEPS) - number - 1
    )
    assert problem_of(failed).startswith(f"Step {number + 1} of 10, ")

    sandbox.clear_faults()
    resumed = certify(options(tmp_path, is_resumed=True), PlantingScreen(sandbox), sandbox)

    assert problem_of(resumed) == ""
    assert {each["status"] for each in sandbox.invoices()} <= {"PAID", "CANCELED", "FAILED"}
    assert max(len(each["refunds"]) for each in sandbox.invoices()) == 1
