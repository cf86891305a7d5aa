"""Each step fails as it should at a fault of SEQR's; --resume then refunds nothing twice."""

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


# At one fault of each step, and wherever money is at stake.
RESUMED = (
    *("answer to an invoice is lost", "status is undocumented", "customer pays at once"),
    *("terminal is a cash register", "answer about a status is lost", "cancel has no effect"),
    *("refund is rejected", "refund awaits approval", "answer to a refund is lost"),
    *("answer to a period is lost", "report is a web page"),
)


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


NO_ANSWER = "the connection was closed without a response."
OPEN = "ISSUED or PENDING_ISSUER_ACKNOWLEDGE"
NOT_REPEATED = "The refund of {payment} is not sent again: ask SEQR whether it was made."
FAULTS = {
    "invoice is refused": Fault(
        "invoice", code("sendInvoice", 49), "sendInvoice: SEQR answered 49 INVALID_INVOICE_DATA."
    ),
    "terminal's password is wrong": Fault(
        "invoice", code("sendInvoice", 20), "sendInvoice: SEQR answered 20 AUTHENTICATION_FAILED."
    ),
    "answer to an invoice is lost": Fault(
        "invoice", lost("sendInvoice"), f"sendInvoice: {NO_ANSWER}"
    ),
    "invoice is unknown": Fault(
        "before_scan",
        code("getPaymentStatus", 54),
        "getPaymentStatus: SEQR answered 54 INVALID_INVOICE_REFERENCE.",
    ),
    "status is FAILED": Fault(
        "before_scan",
        forced(status="FAILED"),
        "The invoice's status is FAILED, and ISSUED is expected.",
    ),
    "status is undocumented": Fault(
        "before_scan",
        forced(status="SHELVED"),
        "getPaymentStatus: the status 'SHELVED' is unknown.",
    ),
    "version falls": Fault(
        "after_scan", forced(version=0), "The invoice's version fell from 1 to 0."
    ),
    "customer cancels": Fault(
        "after_scan",
        forced(status="CANCELED"),
        f"The invoice's status is CANCELED, and {OPEN} is expected.",
    ),
    "customer pays at once": Fault(
        "after_scan",
        paid_instead_of_scanned,
        f"The invoice's status is PAID, and {OPEN} is expected.",
    ),
    "terminal is a cash register": Fault(
        "wait",
        forced(status="CANCELED"),
        "The second invoice has cancelled the first one: the terminal is a cash register. A shop "
        "needs a terminal that SEQR has made for it.",
    ),
    "first invoice has failed": Fault(
        "wait",
        forced(status="FAILED"),
        "The first invoice's status is FAILED, and ISSUED is expected.",
    ),
    "answer about a status is lost": Fault(
        "payment", lost("getPaymentStatus"), f"getPaymentStatus: {NO_ANSWER}"
    ),
    "receipt is rejected": Fault(
        "receipt",
        code("submitPaymentReceipt", 23),
        "submitPaymentReceipt: SEQR answered 23 INVALID_ERS_REFERENCE.",
    ),
    "answer to a receipt is lost": Fault(
        "receipt", lost("submitPaymentReceipt"), f"submitPaymentReceipt: {NO_ANSWER}"
    ),
    "cancel is refused": Fault(
        "cancel",
        code("cancelInvoice", 51),
        "cancelInvoice: SEQR answered 51 CANNOT_CANCEL_INVOICE_IN_PROGRESS.",
    ),
    "answer to a cancel is lost": Fault(
        "cancel", lost("cancelInvoice"), f"cancelInvoice: {NO_ANSWER}"
    ),
    "cancel has no effect": Fault(
        "cancel",
        code("cancelInvoice", 0),
        "The invoice's status is ISSUED, and CANCELED is expected.",
    ),
    "refund is rejected": Fault(
        "refund",
        code("refundPayment", 97),
        "refundPayment: SEQR answered 97 RESELLER_NOT_ALLOWED_TO_DO_REFUND.",
    ),
    "refund awaits approval": Fault(
        "refund",
        code("refundPayment", 1),
        f"refundPayment: SEQR answered 1 PENDING_APPROVAL. {NOT_REPEATED}",
        Outcome.UNKNOWN,
    ),
    "refund fails": Fault(
        "refund",
        code("refundPayment", 90),
        f"refundPayment: SEQR answered 90 SYSTEM_ERROR. {NOT_REPEATED}",
        Outcome.UNKNOWN,
    ),
    "answer to a refund is lost": Fault(
        "refund",
        lost("refundPayment"),
        f"refundPayment: {NO_ANSWER} {NOT_REPEATED}",
        Outcome.UNKNOWN,
    ),
    "period is refused": Fault(
        "period",
        code("markTransactionPeriod", 21),
        "markTransactionPeriod: SEQR answered 21 ACCESS_DENIED.",
    ),
    "answer to a period is lost": Fault(
        "period",
        lost("markTransactionPeriod"),
        f"markTransactionPeriod: {NO_ANSWER} SEQR may have closed the period, under an ID that "
        "has not arrived.",
        Outcome.UNKNOWN,
    ),
    "report is never ready": Fault(
        "report",
        code("executeReport", 2),
        "SEQR has not made the report within 60 seconds.",
    ),
    "report is refused": Fault(
        "report",
        code("executeReport", 10),
        "executeReport: SEQR answered 10 REJECTED_BUSINESS_LOGIC.",
    ),
    "report is a web page": Fault(
        "report", page("executeReport"), "executeReport: the response is not well-formed XML."
    ),
}
OUTCOMES = {Outcome.FAILED: "has failed", Outcome.UNKNOWN: "has an unknown outcome"}


def failed_at(fault: Fault, sandbox: SandboxProcess, folder: Path) -> Progress:
    """Run a certification until the fault ends it."""
    TerminalFactory.create()
    return certify(options(folder), PlantingScreen(sandbox, fault.step, fault.plant), sandbox)


@pytest.mark.parametrize("name", sorted(FAULTS.keys() - set(RESUMED)))
def test_step_fails_at_the_fault(sandbox: SandboxProcess, tmp_path: Path, name: str) -> None:
    assert_failed(failed_at(FAULTS[name], sandbox, tmp_path), FAULTS[name])


@pytest.mark.parametrize("name", RESUMED)
def test_step_fails_at_the_fault_and_passes_once_it_is_gone(
    sandbox: SandboxProcess, tmp_path: Path, name: str
) -> None:
    assert_failed(failed_at(FAULTS[name], sandbox, tmp_path), FAULTS[name])
    sandbox.clear_faults()

    resumed = certify(options(tmp_path, is_resumed=True), PlantingScreen(sandbox), sandbox)

    assert problem_of(resumed) == ""
    at_seqr = {each["invoice_reference"]: each for each in sandbox.invoices()}
    for invoice in resumed.invoices:
        assert at_seqr[invoice.invoice_reference]["status"] in ("PAID", "CANCELED")
    assert max(len(each["refunds"]) for each in at_seqr.values()) == 1


def assert_failed(progress: Progress, fault: Fault) -> None:
    """Assert that the fault's step has failed as it should, after the steps before it."""
    number = [step.key for step in STEPS].index(fault.step)
    payment = "".join(each.ers_reference for each in progress.payments()[:1])
    reason = fault.reason.format(payment=payment)
    attempt = progress.latest_attempt(fault.step)
    assert attempt is not None
    assert (attempt.outcome, attempt.reason) == (fault.outcome, reason)
    assert all(progress.has_passed(step.key) for step in STEPS[:number])
    assert not any(progress.latest_attempt(step.key) for step in STEPS[number + 1 :])
    title = STEPS[number].title.lower()
    assert problem_of(progress) == (
        f"Step {number + 1} of 10, {title}, {OUTCOMES[fault.outcome]}. {reason}"
    )
