"""What --resume does after a kill, and when it refuses."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.test import override_settings

from payments.certification.calls import RecordedCall
from payments.certification.certify import problem_of
from payments.certification.problem import CertificationProblem
from payments.certification.progress import Outcome, Progress, Sending
from payments.certification.state_file import StateFile
from tests.factories import TerminalFactory
from tests.payments.certification.runs import PlantingScreen, certify, options
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _terminal(db: None) -> None:
    TerminalFactory.create()


class Killed(BaseException):
    """The process ends at this line."""


class KillingScreen(PlantingScreen):
    """Kills the process between the effect of a call and the storing of its answer."""

    def __init__(self, sandbox: SandboxProcess, operation: str) -> None:
        super().__init__(sandbox)
        self._operation = operation

    def call_ended(self, call: RecordedCall) -> None:
        super().call_ended(call)
        if call.operation == self._operation:
            raise Killed


def kill_at(
    operation: str, sandbox: SandboxProcess, folder: Path, *, is_resumed: bool = False
) -> None:
    with pytest.raises(Killed):
        certify(options(folder, is_resumed=is_resumed), KillingScreen(sandbox, operation), sandbox)


def test_killed_refund_is_unknown_and_another_payment_is_refunded(
    sandbox: SandboxProcess, tmp_path: Path
) -> None:
    kill_at("refundPayment", sandbox, tmp_path)
    before = len(sandbox.calls())

    progress = certify(options(tmp_path, is_resumed=True), PlantingScreen(sandbox), sandbox)

    assert problem_of(progress) == ""
    assert [each.refund for each in progress.payments()] == [Sending.UNKNOWN, Sending.DONE]
    assert max(len(each["refunds"]) for each in sandbox.invoices()) == 1
    outcomes = [each.outcome for each in progress.attempts if each.step == "refund"]
    assert outcomes == [Outcome.INTERRUPTED, Outcome.PASSED]
    called = [each["operation"] for each in sandbox.calls()[before:]]
    assert "submitPaymentReceipt" not in called  # its step had passed


def test_killed_period_is_unknown_and_the_next_one_has_a_payment_of_its_own(
    sandbox: SandboxProcess, tmp_path: Path
) -> None:
    kill_at("markTransactionPeriod", sandbox, tmp_path)

    progress = certify(options(tmp_path, is_resumed=True), PlantingScreen(sandbox), sandbox)

    first, second = progress.payments()
    assert (first.period_id, second.period_id) == ("unknown", progress.transaction_period_id)
    assert len(sandbox.calls("markTransactionPeriod")) == 2


def test_period_that_another_till_closed_too_is_followed_by_one_with_another_payment(
    sandbox: SandboxProcess, tmp_path: Path
) -> None:
    def close_period(_sandbox: SandboxProcess, progress: Progress) -> None:
        sandbox.control("POST", "/periods", {"terminal_id": progress.plan.terminal_id})

    failed = certify(options(tmp_path), PlantingScreen(sandbox, "period", close_period), sandbox)
    assert "Step 10 of 10" in problem_of(failed)
    assert "The report lacks the payment" in problem_of(failed)

    resumed = certify(options(tmp_path, is_resumed=True), PlantingScreen(sandbox), sandbox)

    assert problem_of(resumed) == ""
    first, second = resumed.payments()
    assert second.period_id == resumed.transaction_period_id != first.period_id


def test_invoice_that_a_killed_run_has_left_open_is_cancelled_first(
    sandbox: SandboxProcess, tmp_path: Path
) -> None:
    kill_at("getPaymentStatus", sandbox, tmp_path)
    assert [each["status"] for each in sandbox.invoices()] == ["ISSUED"]
    before = len(sandbox.calls())

    kill_at("sendInvoice", sandbox, tmp_path, is_resumed=True)

    called = [each["operation"] for each in sandbox.calls()[before:]]
    assert called == ["getPaymentStatus", "cancelInvoice", "getPaymentStatus", "sendInvoice"]


def test_second_certification_needs_another_folder(sandbox: SandboxProcess, tmp_path: Path) -> None:
    kill_at("sendInvoice", sandbox, tmp_path)

    with pytest.raises(CertificationProblem, match=r"has a certification already.*--resume"):
        certify(options(tmp_path), PlantingScreen(sandbox), sandbox)


@pytest.mark.parametrize(
    ("changed", "difference"),
    [
        ({"company": "Another AB"}, "company Lyktan Kafé AB, which is now Another AB"),
        ({"currency": "EUR"}, "currency SEK, which is now EUR"),
        ({"amount": Decimal(2)}, "amount 1.00, which is now 2.00"),
    ],
)
def test_certification_is_not_resumed_with_another_plan(
    sandbox: SandboxProcess, tmp_path: Path, changed: dict[str, Any], difference: str
) -> None:
    kill_at("sendInvoice", sandbox, tmp_path)

    with pytest.raises(CertificationProblem) as problem:
        certify(options(tmp_path, is_resumed=True, **changed), PlantingScreen(sandbox), sandbox)

    assert str(problem.value) == (
        f"--resume: the certification began with {difference}. Start another one in another "
        "--folder."
    )


def test_certification_is_not_resumed_at_another_seqr(
    sandbox: SandboxProcess, tmp_path: Path
) -> None:
    kill_at("sendInvoice", sandbox, tmp_path)

    with (
        override_settings(SEQR_SERVICE_URL="https://seqr.example.se/soap"),
        pytest.raises(CertificationProblem, match="began with service_url"),
    ):
        certify(options(tmp_path, is_resumed=True), PlantingScreen(sandbox), sandbox)


def test_two_processes_do_not_share_a_certification(
    sandbox: SandboxProcess, tmp_path: Path
) -> None:
    with (
        StateFile(tmp_path).locked(),
        pytest.raises(CertificationProblem, match="Another process works on the certification"),
    ):
        certify(options(tmp_path), PlantingScreen(sandbox), sandbox)


@pytest.mark.parametrize("content", ["", "[]", "{}", json.dumps({"plan": {"company": "x"}})])
def test_unreadable_state_file_is_named(
    sandbox: SandboxProcess, tmp_path: Path, content: str
) -> None:
    (tmp_path / "state.json").write_text(content)

    with pytest.raises(CertificationProblem, match=r"state.json is not readable"):
        certify(options(tmp_path, is_resumed=True), PlantingScreen(sandbox), sandbox)
