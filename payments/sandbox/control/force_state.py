"""Forces an invoice into any state, to test a shop with responses SEQR should never give."""

from dataclasses import replace

from payments.sandbox.control.scenario_input import ForcedState
from payments.sandbox.operations.simulator import SeqrSimulator
from payments.sandbox.storage.models import Invoice, Status


def force_state(seqr: SeqrSimulator, invoice: Invoice, forced: ForcedState) -> Invoice:
    """Force the invoice's state. An invoice in a status of SEQR's then behaves as usual.

    A new status adds 1 to the version, unless a version is forced too. The shop is not notified.
    """
    changed = replace(
        invoice,
        forced=forced.forced,
        ers_reference=forced.ers_reference or invoice.ers_reference,
    )
    if forced.status is not None and forced.status != invoice.status:
        changed = changed.with_status(forced.status)
    if changed.status is Status.PAID and changed.paid_at is None:
        changed = replace(
            changed,
            paid_at=seqr.now(),
            ers_reference=changed.ers_reference or seqr.next_ers_reference(),
        )
    if changed.status is Status.RESERVED and changed.reserved_amount is None:
        changed = replace(changed, reserved_amount=changed.amount)
    if forced.version is not None:
        changed = replace(changed, version=forced.version)
    seqr.save(changed)
    return changed
