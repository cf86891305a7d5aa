"""sendInvoice."""

import pytest

from payments import tasks
from payments.models import Invoice, InvoiceStatus
from payments.recovery import find_work
from tests.payments.steps import (
    event_names,
    issued_invoice,
    new_invoice,
    order_state,
    reference,
    reloaded,
)
from tests.proof.matrix.faults import KEPT_CONNECTION_DIES, Fault
from tests.proof.matrix.outcomes import Expected, all_except
from tests.proof.matrix.scenario import Scenario, customer_heading, open_cases

S = InvoiceStatus
pytestmark = pytest.mark.django_db


def sent_again(scenario: Scenario, invoice: Invoice) -> None:
    """The invoice stays SENDING without a lease; the customer sees a waiting page. The task sends
    it again within seconds, then each recovery does, until its lifetime ends. An invoice that SEQR
    made for a lost answer has a reference that no customer sees, so it cannot be paid.
    """
    faulty_calls = scenario.faulty_calls()
    assert faulty_calls == int(scenario.fault.is_sent)
    assert (reloaded(invoice).status, reloaded(invoice).lease_until) == (S.SENDING, None)
    assert customer_heading(invoice) == "One moment"
    assert event_names(invoice) == ["sending_started", "sending_failed"]
    assert find_work().invoices_to_send == [invoice.pk]

    scenario.clear_faults()
    scenario.recover_after()

    is_paid_once_by_the_one_that_is_shown(scenario, invoice)
    assert scenario.answered_calls("sendInvoice") == 1
    assert len(scenario.sandbox.invoices()) == 1 + int(scenario.fault.takes_effect)


def sent_twice_by_libcurl(scenario: Scenario, invoice: Invoice) -> None:
    """libcurl repeats the call by itself on a new connection. SEQR has two invoices; only the
    reference of the second arrived, and only that one is shown.
    """
    assert reloaded(invoice).status == S.ISSUED
    assert event_names(invoice) == ["sending_started", "sent"]
    # One invoice came before the fault.
    assert (scenario.faulty_calls(), scenario.answered_calls("sendInvoice")) == (1, 2)

    is_paid_once_by_the_one_that_is_shown(scenario, invoice)


EXPECTED = Expected(
    "sendInvoice",
    {sent_again: all_except(KEPT_CONNECTION_DIES), sent_twice_by_libcurl: [KEPT_CONNECTION_DIES]},
)


@EXPECTED.each_fault
def test_invoice_is_sent_until_it_has_reference_and_paid_once(
    scenario: Scenario, fault: Fault
) -> None:
    if fault is KEPT_CONNECTION_DIES:
        issued_invoice()  # opens the connection that is kept
    invoice = new_invoice()
    scenario.inject("sendInvoice")

    tasks.send_invoice.apply((invoice.pk,), retries=2)  # the task's last attempt

    EXPECTED.of(fault)(scenario, invoice)


def is_paid_once_by_the_one_that_is_shown(scenario: Scenario, invoice: Invoice) -> None:
    shown = reference(reloaded(invoice))
    assert shown == scenario.sandbox.invoices()[-1]["invoice_reference"]
    scenario.sandbox.pay(shown)
    scenario.recover_after()

    assert (reloaded(invoice).status, order_state(invoice)) == (S.PAID, "paid")
    assert event_names(invoice).count("payment_confirmed") == 1
    at_seqr = {each["invoice_reference"]: each["status"] for each in scenario.sandbox.invoices()}
    assert at_seqr.pop(shown) == "PAID"
    assert "PAID" not in at_seqr.values()
    assert open_cases() == []
