"""What a run tells: its figures, a line each."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal
from statistics import median

from tests.proof.crash.comparison import Payment, cases_of
from tests.proof.crash.shop_ledger import OurBooks


def figures(
    payments: Collection[Payment],
    ours: OurBooks,
    *,
    plans: Counter[str],
    walked_away: int,
    kills: Counter[str],
    ended_by_themselves: Counter[str],
    health: float,
    seconds: Mapping[str, float],
) -> list[str]:
    """Return the figures of a run; `health` is what `longest_health` says of the reversed."""
    kept = [payment for payment in payments if payment.is_kept]
    lines = {
        "kills": f"{_all(kills)}; ended by themselves: {_listed(ended_by_themselves)}",
        "customers": f"{_all(plans)}; {walked_away} lost patience",
        "orders": _all(Counter(order.state for order in ours.orders)),
        "bills": _bills(ours),
        "payments": f"{len(payments)} made, {len(kept)} kept: {_sum(kept)}",
        "confirmed by": _listed(
            Counter(each.confirmed_by or "" for each in ours.invoices if each.status == "PAID")
        ),
        "asked about": _spread(
            (each.confirmed_at - each.made_at).total_seconds() for each in kept if each.confirmed_at
        ),
        "booked": _booked(kept, ours),
        "reversed": _reversed(payments, ours, health),
        "refunds": _all(Counter(refund.status for refund in ours.refunds)),
        "cases": _all(Counter(case.kind for case in ours.cases)),
        "seconds": ", ".join(f"{what} {number:.0f}" for what, number in seconds.items()),
    }
    return [f"{what:<13}{line}" for what, line in lines.items()]


def _bills(ours: OurBooks) -> str:
    issued = [each for each in ours.invoices if each.issued_at is not None]
    waits = [
        (each.issued_at - each.created_at).total_seconds() for each in issued if each.issued_at
    ]
    return f"{len(issued)} of {len(ours.invoices)} sent, {_spread(waits)}"


def _booked(kept: Collection[Payment], ours: OurBooks) -> str:
    paid_at = {each.reference: each.paid_at for each in ours.invoices}
    return _spread(
        (moment - payment.made_at).total_seconds()
        for payment in kept
        if (moment := paid_at.get(payment.reference)) is not None
    )


def _reversed(payments: Collection[Payment], ours: OurBooks, health: float) -> str:
    suspected = cases_of(ours, "possibly_reversed")
    pk_of = {each.reference: each.pk for each in ours.invoices}
    gone = [payment for payment in payments if not payment.is_kept]
    told = sum(pk_of.get(payment.reference) in suspected for payment in gone)
    return (
        f"{len(gone)}, {told} with a case ({len(suspected) - told} more are suspected in vain); "
        f"no poller and all it needs lived longer than {health:.1f} s of those 20"
    )


def _sum(kept: Iterable[Payment]) -> str:
    totals: dict[str, Decimal] = {}
    for payment in kept:
        totals[payment.currency] = totals.get(payment.currency, Decimal(0)) + payment.amount
    return ", ".join(f"{total} {currency}" for currency, total in totals.items()) or "nothing"


def _spread(seconds: Iterable[float]) -> str:
    found = list(seconds) or [0.0]
    return f"after {median(found):.1f} s as a rule, {max(found):.1f} s at the longest"


def _all(counts: Counter[str]) -> str:
    return f"{counts.total()}: {_listed(counts)}"


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{number} {what}" for what, number in counts.most_common()) or "none"
