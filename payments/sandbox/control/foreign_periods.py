"""Marks transaction periods as another till of the same reseller does.

So a shop finds its transactions in a period that it did not mark.
"""

from payments.sandbox.control.scenario_input import PeriodMark
from payments.sandbox.operations.periods import end_period
from payments.sandbox.operations.principals import check_reseller, terminal_with_id
from payments.sandbox.operations.simulator import SeqrSimulator
from payments.sandbox.storage.merchant_models import Period


def mark_foreign_period(seqr: SeqrSimulator, mark: PeriodMark) -> Period:
    """End the period of a whole reseller, or of one terminal. Raises NotFoundError.

    SEQR does not document whether the mark of a reseller's period ends each terminal's period;
    the mark's `closes_terminals` decides.
    """
    reseller_id = mark.reseller_id
    if mark.terminal_id is not None:
        reseller_id = terminal_with_id(seqr, mark.terminal_id).reseller_id
    check_reseller(seqr, reseller_id)
    return end_period(seqr, reseller_id, mark.terminal_id, closes_terminals=mark.closes_terminals)
