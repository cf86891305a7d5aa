"""Marks transaction periods as another till of the same reseller does.

The tills of a reseller share its transaction periods: a mark by one till ends the period of all.
So a shop finds its transactions in a period that it did not mark.
"""

from payments.sandbox.operations.periods import TERMINAL_ID_PARAMETER, mark_period
from payments.sandbox.operations.simulator import NotFoundError, SeqrSimulator
from payments.sandbox.soap.messages import Message
from payments.sandbox.soap.result_codes import RefusedError
from payments.sandbox.storage.merchant_models import Period


def mark_foreign_period(seqr: SeqrSimulator, terminal_id: str | None) -> Period:
    """End the period of the whole reseller, or of one terminal. Raises NotFoundError."""
    parameters: Message | None = None
    if terminal_id is not None:
        entry = {"key": TERMINAL_ID_PARAMETER, "value": terminal_id}
        parameters = {"parameter": {"entry": [entry]}}
    try:
        return mark_period(seqr, parameters)
    except RefusedError:
        raise NotFoundError(f"terminal_id: there is no terminal {terminal_id!r}.") from None
