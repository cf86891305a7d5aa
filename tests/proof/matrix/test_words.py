"""What the staff read of a call that failed."""

from payments.gateway import seqr
from tests.proof.matrix.faults import Fault, each_fault
from tests.proof.matrix.scenario import World, failed_with


@each_fault
def test_why_a_call_failed_is_told_in_words(world: World, fault: Fault) -> None:
    failed_with(lambda: seqr().cancel_invoice("none"))  # so that there is a connection to keep
    world.strike("*")

    errors = [
        failed_with(lambda: seqr().cancel_invoice("none")),
        failed_with(lambda: seqr().mark_transaction_period()),
    ]

    assert any(errors)
    assert not [error for error in errors if error and "curl" in str(error)]
