"""The payment of a certification: by whom, and what SEQR's answer about it has to contain."""

from __future__ import annotations

from pathlib import Path

import pytest

from payments.certification.certify import problem_of
from payments.certification.customer import SandboxCustomer
from payments.certification.progress import Outcome
from payments.certification.steps import TIDYING
from tests.factories import TerminalFactory
from tests.payments.certification.runs import PlantingScreen, certify, force, latest, options
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _terminal(db: None) -> None:
    TerminalFactory.create()


class ForcingCustomer(SandboxCustomer):
    """Pays, after which SEQR answers otherwise than it should."""

    def __init__(self, sandbox: SandboxProcess, state: dict[str, object]) -> None:
        super().__init__(sandbox.service_url)
        self._sandbox = sandbox
        self._state = state

    def pay(self, reference: str) -> None:
        super().pay(reference)
        force(self._sandbox, **self._state)


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        ({"ers_reference": None}, "SEQR answers PAID without an ersReference."),
        ({"receipt": False}, "SEQR answers PAID without a receipt of the amount."),
        ({"receipt_amount": "45.00"}, "SEQR's receipt is over 45.00 SEK."),
        (
            {"version": 1},
            "The status changed from ISSUED to PAID, and the version stayed 1: it has to grow.",
        ),
        ({"status": "EXPIRED"}, "The invoice ended unpaid: its status is EXPIRED."),
    ],
)
def test_payment_fails_where_seqrs_answer_is_wrong(
    sandbox: SandboxProcess, tmp_path: Path, state: dict[str, object], reason: str
) -> None:
    customer = ForcingCustomer(sandbox, state)

    progress = certify(options(tmp_path), PlantingScreen(sandbox), sandbox, customer=customer)

    assert problem_of(progress) == f"Step 5 of 10, a payment, has failed. {reason}"


def test_accepted_payment_of_a_failed_step_is_refunded_by_resuming(
    sandbox: SandboxProcess, tmp_path: Path
) -> None:
    customer = ForcingCustomer(sandbox, {"receipt_amount": "45.00"})
    certify(options(tmp_path), PlantingScreen(sandbox), sandbox, customer=customer)

    progress = certify(options(tmp_path, is_resumed=True), PlantingScreen(sandbox), sandbox)

    assert problem_of(progress) == ""
    paid = [each for each in sandbox.invoices() if each["status"] == "PAID"]
    assert [len(each["refunds"]) for each in paid] == [1, 1]


def test_scan_that_never_happens_fails_its_step_and_cancels_the_invoice(
    sandbox: SandboxProcess, tmp_path: Path
) -> None:
    screen = PlantingScreen(sandbox)

    progress = certify(options(tmp_path, is_sandbox=False, scan_seconds=7), screen, sandbox)

    assert problem_of(progress) == (
        "Step 3 of 10, its status after the scan, has failed. Nobody scanned the invoice within 7 "
        "seconds."
    )
    assert "Nobody scanned the invoice within 7 seconds." in screen.text
    assert len(sandbox.calls("getPaymentStatus")) == 10  # before, each second, around the cancel
    assert [each["status"] for each in sandbox.invoices()] == ["CANCELED"]


def test_payment_that_never_happens_fails_its_step_and_cancels_the_invoice(
    sandbox: SandboxProcess, tmp_path: Path
) -> None:
    class Absent(SandboxCustomer):
        def pay(self, _reference: str) -> None:
            """Do not pay."""

    customer = Absent(sandbox.service_url)

    progress = certify(options(tmp_path), PlantingScreen(sandbox), sandbox, customer=customer)

    assert problem_of(progress) == (
        "Step 5 of 10, a payment, has failed. Nobody paid the invoice within 5 seconds."
    )
    assert {each["status"] for each in sandbox.invoices()} == {"CANCELED"}


def test_payment_that_is_found_before_its_cancel_is_accepted_and_not_cancelled(
    sandbox: SandboxProcess, tmp_path: Path
) -> None:
    class LatePayment(PlantingScreen):
        """The person pays after the time for the scan, as the open invoices are cancelled."""

        def tidying(self) -> None:
            super().tidying()
            sandbox.pay(latest(sandbox))

    chosen = options(tmp_path, is_sandbox=False, scan_seconds=1)

    progress = certify(chosen, LatePayment(sandbox), sandbox)

    tidying = progress.latest_attempt(TIDYING)
    assert tidying is not None
    assert tidying.outcome == Outcome.PASSED
    assert [(call.operation, call.request["invoiceVersion"]) for call in tidying.calls] == [
        ("getPaymentStatus", "1"),
        ("getPaymentStatus", "2"),
    ]
    assert [each.is_paid for each in progress.invoices] == [True]
