"""What the staff read of a call that failed."""

import pytest

from tests.payments.steps import client_of, own_terminal
from tests.proof.matrix.faults import Fault, each_fault
from tests.proof.matrix.scenario import SHORT_TIMEOUT_SECONDS, Scenario, error_of

pytestmark = pytest.mark.django_db


@each_fault
def test_failed_call_is_described_without_libcurls_wording(
    scenario: Scenario, fault: Fault
) -> None:
    if fault.is_slow:
        scenario.set_timeout(SHORT_TIMEOUT_SECONDS)  # of the connection that is kept
    client = client_of(own_terminal())
    error_of(lambda: client.cancel_invoice("none"))  # opens the connection that is kept
    scenario.inject("*")

    errors = [
        error_of(lambda: client.cancel_invoice("none")),
        error_of(client.mark_transaction_period),
    ]

    assert any(errors)
    assert not [error for error in errors if error and "curl" in str(error)]
