"""Status checks of the web process while SEQR hangs: none waits behind another invoice's."""

from collections.abc import Callable, Iterator

import pytest
from django.db import connection
from pytest_django import Settings

from orders.audit import ChangeSource
from orders.models import SourceName
from payments.gateway import forget_connections
from payments.polling import status_checks
from payments.polling.status_checks import check_status_soon
from tests.fault_proxy import FaultProxy
from tests.payments.steps import issued_invoice, order_state, reference
from tests.sandbox_process import SandboxProcess

HUNG_CHECKS = 50
Eventually = Callable[[Callable[[], bool]], None]
NOTIFICATION = ChangeSource(SourceName.NOTIFICATION)
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def hung_checks(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy, settings: Settings, eventually: Eventually
) -> Iterator[FaultProxy]:
    """Fifty checks whose calls hang at SEQR for longer than any test waits."""
    invoices = [issued_invoice() for _ in range(HUNG_CHECKS)]
    settings.SEQR_TIMEOUT_SECONDS = 60
    forget_connections()
    seqr_proxy.swallow = "getPaymentStatus"
    for invoice in invoices:
        check_status_soon(invoice.pk, NOTIFICATION)
    eventually(lambda: seqr_proxy.swallowed == HUNG_CHECKS)
    seqr_proxy.swallow = ""
    yield seqr_proxy
    seqr_proxy.close()  # ends the calls
    eventually(lambda: status_checks.checks_in_flight() == 0)


def test_check_of_an_invoice_does_not_wait_for_fifty_hung_ones(
    sandbox: SandboxProcess, hung_checks: FaultProxy, eventually: Eventually
) -> None:
    """Four threads made the checks, so four hung calls delayed all others."""
    invoice = issued_invoice()
    sandbox.pay(reference(invoice))

    check_status_soon(invoice.pk, NOTIFICATION)

    eventually(lambda: order_state(invoice) == "paid")


def test_hung_calls_hold_no_database_connection(hung_checks: FaultProxy) -> None:
    statistics = connection._connection_pools["default"].get_stats()  # type: ignore[attr-defined]

    in_use = statistics["pool_size"] - statistics["pool_available"]

    assert statistics["pool_max"] < HUNG_CHECKS
    assert in_use <= 2  # this test's own
