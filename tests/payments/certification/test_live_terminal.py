"""The period of a terminal that the shop uses is closed only with --yes."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from orders.models import Terminal
from payments.certification.certify import problem_of
from payments.certification.live_terminal import refuse_live_terminal
from payments.certification.problem import CertificationProblem
from payments.certification.progress import Progress
from payments.models import CaseKind
from tests.factories import InvoiceFactory, ShopFactory, TerminalFactory
from tests.payments.certification.runs import PlantingScreen, certify, options
from tests.payments.reconciliation.steps import cases, period_with_report, reconcile_day
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.django_db


@pytest.fixture
def terminal(db: None) -> Terminal:
    """The terminal of the settings."""
    return TerminalFactory.create()


def test_terminal_without_orders_may_be_certified(terminal: Terminal) -> None:
    ShopFactory.create(terminal=terminal)
    InvoiceFactory.create(canceled=True)
    InvoiceFactory.create(paid=True, order__shop__terminal__principal_id="another-terminal")

    refuse_live_terminal(terminal)


def test_open_orders_and_unreported_payments_are_counted(terminal: Terminal) -> None:
    InvoiceFactory.create(issued=True)
    InvoiceFactory.create()
    InvoiceFactory.create(paid=True)

    with pytest.raises(CertificationProblem, match=r"open orders: 2; payments and refunds .*: 1\."):
        refuse_live_terminal(terminal)


def test_payments_of_a_closed_period_are_not_counted(terminal: Terminal) -> None:
    InvoiceFactory.create(paid=True, paid_at=timezone.now() - timedelta(hours=1))
    period_with_report(timezone.now())

    refuse_live_terminal(terminal)


def test_live_terminal_is_refused_before_anything_is_sent(
    sandbox: SandboxProcess, tmp_path: Path, terminal: Terminal
) -> None:
    InvoiceFactory.create(issued=True)

    with pytest.raises(CertificationProblem, match=r"open orders: 1; .*add --yes"):
        certify(options(tmp_path), PlantingScreen(sandbox), sandbox)

    assert sandbox.calls() == []


def test_live_terminal_is_certified_with_yes(
    sandbox: SandboxProcess, tmp_path: Path, terminal: Terminal
) -> None:
    InvoiceFactory.create(issued=True)
    sandbox.fault("getPaymentStatus", "result_code", code=54)

    certify(options(tmp_path, closes_live_period=True), PlantingScreen(sandbox), sandbox)

    assert sandbox.calls("getPaymentStatus") != []


def test_period_stays_open_for_an_order_that_arrives_meanwhile(
    sandbox: SandboxProcess, tmp_path: Path, terminal: Terminal
) -> None:
    def order_arrives(_sandbox: SandboxProcess, _progress: Progress) -> None:
        InvoiceFactory.create(issued=True)

    screen = PlantingScreen(sandbox, "period", order_arrives)

    progress = certify(options(tmp_path), screen, sandbox)

    assert problem_of(progress).startswith(
        "Step 9 of 10, the end of the period, has failed. The shop"
    )
    assert sandbox.calls("markTransactionPeriod") == []


def test_reconciliation_names_payments_of_a_certification_as_no_sales(
    sandbox: SandboxProcess, tmp_path: Path, terminal: Terminal
) -> None:
    sandbox.fault("markTransactionPeriod", "result_code", code=21)
    certify(options(tmp_path), PlantingScreen(sandbox), sandbox)
    sandbox.clear_faults()

    reconcile_day(sandbox)

    (case,) = cases(CaseKind.REPORT_DIFFERS)
    assert "unknown sales (1)" in case.summary
    assert case.summary.endswith("2 of these are of SEQR's certification, and no sales")
