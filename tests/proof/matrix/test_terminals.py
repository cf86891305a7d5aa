"""registerTerminal, unregisterTerminal and assignSeqrId, which only the gateway's callers use."""

import pytest

from orders.models import Terminal
from payments.gateway import forget_connections
from payments.seqr import (
    SeqrAuthenticationError,
    SeqrError,
    SeqrOutcomeUnknown,
    SeqrRejected,
    SeqrUnavailable,
)
from tests.factories import TerminalFactory
from tests.payments.steps import client_of, own_terminal
from tests.proof.matrix.faults import (
    CODE_93,
    CODE_94,
    CONNECT_TIME_OUT,
    KEPT_CONNECTION_DIES,
    REFUSED,
    Fault,
)
from tests.proof.matrix.outcomes import Expected, all_except
from tests.proof.matrix.scenario import Scenario, error_of

PASSWORD = "terminal-secret"
pytestmark = pytest.mark.django_db


def not_executed(error: SeqrError | None) -> None:
    """The caller gets SeqrUnavailable: nothing happened, so the call may be repeated."""
    assert isinstance(error, SeqrUnavailable)


def outcome_unknown(error: SeqrError | None) -> None:
    """The caller gets SeqrOutcomeUnknown and must find out the effect at SEQR before repeating the
    call. registerTerminal may have made a terminal whose id never arrived; its external id is then
    taken. A repeated unregisterTerminal is refused, since the principal is gone.
    """
    assert isinstance(error, SeqrOutcomeUnknown)


def repeatable(error: SeqrError | None) -> None:
    """The caller gets SeqrOutcomeUnknown and may repeat the call: SEQR accepts an id twice."""
    assert isinstance(error, SeqrOutcomeUnknown)


def repeated_by_libcurl(error: SeqrError | None) -> None:
    """libcurl repeats the call by itself on a new connection, and SEQR accepts it twice."""
    assert error is None


NOT_SENT = [REFUSED, CONNECT_TIME_OUT]
REGISTER = Expected(
    "registerTerminal",
    {not_executed: [*NOT_SENT, CODE_93], outcome_unknown: all_except(*NOT_SENT, CODE_93)},
)
UNREGISTER = Expected("unregisterTerminal", REGISTER.faults_of)
ASSIGN = Expected(
    "assignSeqrId",
    {
        not_executed: [CODE_93, CODE_94, *NOT_SENT],
        repeated_by_libcurl: [KEPT_CONNECTION_DIES],
        repeatable: all_except(*NOT_SENT, CODE_93, CODE_94, KEPT_CONNECTION_DIES),
    },
)


@REGISTER.each_fault
def test_terminal_is_registered_once(scenario: Scenario, fault: Fault) -> None:
    scenario.inject("registerTerminal")

    error = error_of(register)

    REGISTER.of(fault)(error)
    assert scenario.faulty_calls() == int(fault.is_sent)
    scenario.clear_faults()
    again = error_of(register)
    assert isinstance(again, SeqrRejected) == fault.takes_effect


@UNREGISTER.each_fault
def test_terminal_is_unregistered_once(
    scenario: Scenario, fault: Fault, registered: Terminal
) -> None:
    scenario.inject("unregisterTerminal")

    error = error_of(client_of(registered).unregister_terminal)

    UNREGISTER.of(fault)(error)
    assert scenario.faulty_calls() == int(fault.is_sent)
    scenario.clear_faults()
    again = error_of(client_of(registered).unregister_terminal)
    assert isinstance(again, SeqrAuthenticationError) == fault.takes_effect


@ASSIGN.each_fault
def test_seqr_id_is_assigned_after_fault(
    scenario: Scenario, fault: Fault, registered: Terminal
) -> None:
    if fault is KEPT_CONNECTION_DIES:
        assign(registered)  # opens the connection that is kept
    scenario.inject("assignSeqrId")

    error = error_of(lambda: assign(registered))

    ASSIGN.of(fault)(error)
    scenario.clear_faults()
    assert error_of(lambda: assign(registered)) is None


@pytest.fixture
def registered(scenario: Scenario) -> Terminal:
    """A terminal that has just been registered at SEQR, over a connection that is closed again."""
    terminal = TerminalFactory.create(principal_id=register(), password=PASSWORD)
    forget_connections()
    return terminal


def register() -> str:
    return client_of(own_terminal()).register_terminal("till-1", PASSWORD, "Till 1")


def assign(terminal: Terminal) -> None:
    client_of(terminal).assign_seqr_id("KAFE7")
