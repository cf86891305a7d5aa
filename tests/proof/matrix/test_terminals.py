"""registerTerminal, unregisterTerminal and assignSeqrId, which only the gateway's callers use."""

import pytest
from pytest_django import Settings

from payments.gateway import seqr
from payments.seqr import (
    SeqrAuthenticationError,
    SeqrError,
    SeqrOutcomeUnknown,
    SeqrRejected,
    SeqrUnavailable,
)
from tests.proof.matrix.faults import (
    CODE_93,
    CODE_94,
    CONNECT_TIME_OUT,
    KEPT_CONNECTION_DIES,
    REFUSED,
    Fault,
    each_fault,
)
from tests.proof.matrix.outcomes import Expected, all_but
from tests.proof.matrix.scenario import World, failed_with

PASSWORD = "terminal-secret"


def not_done_for_sure(error: SeqrError | None) -> None:
    """The caller gets SeqrUnavailable: certainly nothing happened, so it may be sent again."""
    assert isinstance(error, SeqrUnavailable)


def perhaps_done(error: SeqrError | None) -> None:
    """The caller gets SeqrOutcomeUnknown, sent once: see what stands at SEQR before it is sent
    again. registerTerminal may have made a terminal whose id never reached us; its external id is
    then taken. unregisterTerminal, sent again, is refused as a principal that is gone.
    """
    assert isinstance(error, SeqrOutcomeUnknown)


def may_be_sent_again(error: SeqrError | None) -> None:
    """The caller gets SeqrOutcomeUnknown, and may send the same id again: SEQR takes it twice."""
    assert isinstance(error, SeqrOutcomeUnknown)


def done_at_once(error: SeqrError | None) -> None:
    """libcurl sends it again by itself, on a new connection, and SEQR takes it twice."""
    assert error is None


NOTHING_SENT = [REFUSED, CONNECT_TIME_OUT]
REGISTER = Expected(
    "registerTerminal",
    {not_done_for_sure: [*NOTHING_SENT, CODE_93], perhaps_done: all_but(*NOTHING_SENT, CODE_93)},
)
UNREGISTER = Expected("unregisterTerminal", REGISTER.faults_of)
ASSIGN = Expected(
    "assignSeqrId",
    {
        not_done_for_sure: [CODE_93, CODE_94, *NOTHING_SENT],
        done_at_once: [KEPT_CONNECTION_DIES],
        may_be_sent_again: all_but(*NOTHING_SENT, CODE_93, CODE_94, KEPT_CONNECTION_DIES),
    },
)


@each_fault
def test_a_terminal_is_registered_once(world: World, fault: Fault) -> None:
    world.strike("registerTerminal")

    error = failed_with(register)

    REGISTER.of(fault)(error)
    assert world.left() == int(fault.leaves)
    world.clear_faults()
    again = failed_with(register)
    assert isinstance(again, SeqrRejected) == fault.is_done


@each_fault
def test_a_terminal_is_unregistered_once(world: World, fault: Fault, own_terminal: None) -> None:
    world.strike("unregisterTerminal")

    error = failed_with(seqr().unregister_terminal)

    UNREGISTER.of(fault)(error)
    assert world.left() == int(fault.leaves)
    world.clear_faults()
    again = failed_with(seqr().unregister_terminal)
    assert isinstance(again, SeqrAuthenticationError) == fault.is_done


@each_fault
def test_a_seqr_id_is_assigned_in_the_end(world: World, fault: Fault, own_terminal: None) -> None:
    if fault is KEPT_CONNECTION_DIES:
        assign()  # so that there is a connection to keep
    world.strike("assignSeqrId")

    error = failed_with(assign)

    ASSIGN.of(fault)(error)
    world.clear_faults()
    assert failed_with(assign) is None


@pytest.fixture
def own_terminal(world: World, settings: Settings) -> None:
    """Speak as a cash register that SEQR knows."""
    settings.SEQR_TERMINAL_ID = register()
    settings.SEQR_TERMINAL_PASSWORD = PASSWORD
    seqr.cache_clear()


def register() -> str:
    return seqr().register_terminal("till-1", PASSWORD, "Till 1")


def assign() -> None:
    seqr().assign_seqr_id("KAFE7")
