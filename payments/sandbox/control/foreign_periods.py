"""Marks transaction periods as another till of the same reseller does.

So a shop finds its transactions in a period that it did not mark.
"""

from payments.sandbox.operations.periods import end_period
from payments.sandbox.operations.simulator import NotFoundError, SeqrSimulator
from payments.sandbox.storage.merchant_models import Period


def mark_foreign_period(
    seqr: SeqrSimulator, terminal_id: str | None, *, closes_terminals: bool = False
) -> Period:
    """End the period of the whole reseller, or of one terminal. Raises NotFoundError.

    SEQR does not document whether the mark of the reseller's period ends each terminal's period;
    `closes_terminals` decides.
    """
    if terminal_id is not None and terminal_id not in seqr.records.terminals:
        raise NotFoundError(f"terminal_id: there is no terminal {terminal_id!r}.")
    return end_period(seqr, terminal_id, closes_terminals=closes_terminals)
