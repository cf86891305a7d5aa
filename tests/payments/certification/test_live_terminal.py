"""The period of a terminal that the shop uses is closed only with --yes."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from orders.models import Shop, Terminal
from payments.certification.certify import problem_of
from payments.certification.live_terminal import refuse_live_terminal
from payments.certification.problem import CertificationProblem
from payments.certification.progress import Progress
from payments.models import CaseKind, Invoice, Refund, RefundStatus
from tests.factories import InvoiceFactory, ShopFactory, TerminalFactory
from tests.payments.certification.runs import PlantingScreen, certify, options
from tests.payments.reconciliation.steps import cases, period_with_report, reconcile_day
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.django_db


@pytest.fixture
def terminal(db: None) -> Terminal:
    """The terminal of the settings."""
    return TerminalFactory.create()


def refund_at(moment: datetime | None, invoice: Invoice, person: User) -> None:
    """Store a refund of a payment that was sent at this time, or not yet."""
    Refund.objects.create(
        invoice=invoice,
        status=RefundStatus.REFUNDED if moment else RefundStatus.CREATED,
        amount=invoice.amount,
        currency=invoice.currency,
        reason="cold",
        requested_by=person,
        ers_reference=f"refund-{invoice.pk}" if moment else None,
        sent_at=moment,
    )


def test_terminal_without_orders_may_be_certified(terminal: Terminal, clerk: User) -> None:
    ShopFactory.create(terminal=terminal)
    InvoiceFactory.create(canceled=True)
    other = InvoiceFactory.create(paid=True, order__shop__terminal__principal_id="another-terminal")
    refund_at(timezone.now(), other, clerk)

    refuse_live_terminal(terminal)


def test_open_orders_and_unreported_payments_and_refunds_are_counted(
    terminal: Terminal, clerk: User
) -> None:
    issued = InvoiceFactory.create(issued=True)
    InvoiceFactory.create(order=issued.order, canceled=True, attempt=2)
    InvoiceFactory.create()
    refund_at(timezone.now(), InvoiceFactory.create(paid=True), clerk)
    refund_at(None, InvoiceFactory.create(paid=True), clerk)

    with pytest.raises(CertificationProblem) as problem:
        refuse_live_terminal(terminal)

    assert str(problem.value) == (
        "The shop uses the terminal public_test_shop_terminal: open orders: 2; payments and "
        "refunds since its last period: 3. Certification closes the period, and the next "
        "reconciliation then opens a case about each of them. Certify with a terminal that takes "
        "no orders, or add --yes."
    )


def test_order_whose_invoice_is_open_at_the_terminal_is_counted_though_its_shop_has_another(
    terminal: Terminal,
) -> None:
    InvoiceFactory.create(issued=True)
    Shop.objects.update(terminal=TerminalFactory.create(principal_id="till-2"))

    with pytest.raises(CertificationProblem, match=r"open orders: 1; .*: 0\."):
        refuse_live_terminal(terminal)


def test_payments_and_refunds_of_a_closed_period_are_not_counted(
    terminal: Terminal, clerk: User
) -> None:
    an_hour_ago = timezone.now() - timedelta(hours=1)
    refund_at(an_hour_ago, InvoiceFactory.create(paid=True, paid_at=an_hour_ago), clerk)
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
