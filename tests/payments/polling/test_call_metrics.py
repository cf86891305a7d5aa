"""Each call is counted once, under its terminal and its result code."""

from payments.polling.call_metrics import OPERATION, CallMetrics
from payments.seqr import CompletedStatusCall, InvoiceStatus, PaymentStatus, SeqrError
from seqrshop.process_metrics.definitions import CALL_SECONDS, CALLS
from seqrshop.process_metrics.pending import PENDING
from tests.process_metrics.samples import forget_counts, taken_counts

ISSUED = PaymentStatus(InvoiceStatus.ISSUED, 1, None, None, ())
BUSY = SeqrError(OPERATION, "SEQR is busy.", 90)
LOST = SeqrError(OPERATION, "The connection was closed.")
ONE, OTHER = 1, 2


def call(terminal: int, outcome: PaymentStatus | SeqrError) -> CompletedStatusCall:
    return CompletedStatusCall(0, terminal, outcome, "", 0.02)


def test_calls_are_counted_by_terminal_and_code() -> None:
    forget_counts()
    metrics = CallMetrics()
    metrics.name_terminal(ONE, "T1")
    outcomes: list[PaymentStatus | SeqrError] = [ISSUED, ISSUED, BUSY, ISSUED, ISSUED, BUSY, LOST]
    calls = [*(call(ONE, each) for each in outcomes), call(OTHER, ISSUED)]

    metrics.record(calls[:4], [0.02] * 4)
    metrics.record(calls[4:], [0.02] * 4)
    metrics.flush()

    assert taken_counts(CALLS.name) == {
        ("", OPERATION, "0", "T1"): 4,
        ("", OPERATION, "90", "T1"): 2,
        ("", OPERATION, "none", "T1"): 1,
        ("", OPERATION, "0", str(OTHER)): 1,
    }


def test_each_call_and_its_duration_are_added_once() -> None:
    forget_counts()
    metrics = CallMetrics()
    metrics.record([call(ONE, ISSUED)], [0.02])

    metrics.flush()
    counted = PENDING.take()
    metrics.flush()

    assert counted[CALLS.name, "", OPERATION, "0", str(ONE)] == 1
    assert counted[CALL_SECONDS.name, "0.025", OPERATION] == 1
    assert PENDING.take() == {}
