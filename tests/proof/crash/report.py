"""The summary of a run, one line for each figure."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal
from statistics import median

from tests.proof.crash.chain import (
    OLD_TERMINAL,
    OTHER_TERMINAL,
    SPARE_TERMINAL,
    Refusal,
    Replacement,
)
from tests.proof.crash.comparison import Payment, cases_of
from tests.proof.crash.shop_ledger import ShopLedger


def summary(
    payments: Collection[Payment],
    ledger: ShopLedger,
    *,
    plans: Counter[str],
    timed_out: int,
    kills: Counter[str],
    exited: Counter[str],
    known: float,
    replacement: Replacement,
    refusal: Refusal,
    seconds: Mapping[str, float],
) -> list[str]:
    """Return the lines; `known` is the longest_known() of all payments."""
    kept = [payment for payment in payments if payment.is_kept]
    lines = {
        "kills": f"{_total_and_counts(kills)}; exited by themselves: {_counts(exited)}",
        "customers": f"{_total_and_counts(plans)}; {timed_out} timed out",
        "orders": _total_and_counts(Counter(order.state for order in ledger.orders)),
        "invoices": _invoices(ledger),
        "payments": f"{len(payments)} made, {len(kept)} kept: {_sum(kept)}",
        "confirmed by": _counts(
            Counter(each.confirmed_by or "" for each in ledger.invoices if each.status == "PAID")
        ),
        "confirmed": _statistics(
            (each.confirmed_at - each.made_at).total_seconds() for each in kept if each.confirmed_at
        ),
        "recorded": _recorded(kept, ledger),
        "reversed": _reversed(payments, ledger, known),
        "refunds": _total_and_counts(Counter(refund.status for refund in ledger.refunds)),
        "cases": _total_and_counts(Counter(case.kind for case in ledger.cases)),
        "terminals": _by_terminal(payments, ledger),
        "replaced": _replaced(payments, ledger, replacement),
        "refused": _refused(ledger, refusal),
        "seconds": ", ".join(f"{what} {number:.0f}" for what, number in seconds.items()),
    }
    return [f"{what:<13}{line}" for what, line in lines.items()]


def _invoices(ledger: ShopLedger) -> str:
    issued = [each for each in ledger.invoices if each.issued_at is not None]
    waits = [
        (each.issued_at - each.created_at).total_seconds() for each in issued if each.issued_at
    ]
    return f"{len(issued)} of {len(ledger.invoices)} sent, {_statistics(waits)}"


def _by_terminal(payments: Collection[Payment], ledger: ShopLedger) -> str:
    """Return the invoices, payments and refunds of each terminal."""
    invoices = Counter(each.terminal for each in ledger.invoices if each.reference)
    made = Counter(payment.terminal for payment in payments)
    refunds = Counter(payment.terminal for payment in payments for _ in payment.refunds)
    return "; ".join(
        f"{terminal}: {count} invoices, {made[terminal]} payments, {refunds[terminal]} refunds"
        for terminal, count in sorted(invoices.items())
    )


def _replaced(payments: Collection[Payment], ledger: ShopLedger, replacement: Replacement) -> str:
    """Return what was in progress when the terminal was replaced, and what came of it later."""
    late = [
        payment
        for payment in payments
        if payment.terminal == OLD_TERMINAL and payment.made_at > replacement.at
    ]
    confirmed = sum(payment.is_kept for payment in late)
    waits = [
        (each.issued_at - replacement.at).total_seconds()
        for each in ledger.invoices
        if each.terminal == SPARE_TERMINAL and each.issued_at is not None
    ]
    first = f"after {max(min(waits), 0):.1f} s" if waits else "never"
    return (
        f"with {replacement.open_orders} open orders, {replacement.open_invoices} of them "
        f"invoices of the old terminal; {len(late)} of its invoices were paid afterwards, "
        f"{confirmed} kept; the new one issued its first invoice {first}"
    )


def _refused(ledger: ShopLedger, refusal: Refusal) -> str:
    """Return how long SEQR refused the password, and how long payments were paused."""
    seconds = (refusal.end - refusal.begin).total_seconds()
    pauses = [
        (pause.end - pause.begin).total_seconds()
        for pause in ledger.pauses
        if pause.end is not None
    ]
    later = [(pause.end - refusal.end).total_seconds() for pause in ledger.pauses if pause.end]
    return (
        f"{OTHER_TERMINAL} for {seconds:.0f} s; {len(pauses)} pauses of {_statistics(pauses)}; "
        f"payments were resumed {max(later, default=0.0):.1f} s after the password was right"
    )


def _recorded(kept: Collection[Payment], ledger: ShopLedger) -> str:
    paid_at = {each.reference: each.paid_at for each in ledger.invoices}
    return _statistics(
        (timestamp - payment.made_at).total_seconds()
        for payment in kept
        if (timestamp := paid_at.get(payment.reference)) is not None
    )


def _reversed(payments: Collection[Payment], ledger: ShopLedger, known: float) -> str:
    suspected = cases_of(ledger, "possibly_reversed")
    pk_of = {each.reference: each.pk for each in ledger.invoices}
    reversed_payments = [payment for payment in payments if not payment.is_kept]
    with_case = sum(pk_of.get(payment.reference) in suspected for payment in reversed_payments)
    return (
        f"{len(reversed_payments)}, {with_case} with a case "
        f"({len(suspected) - with_case} false suspicions); "
        f"the longest time that a poller knew an unqueried payment was {known:.1f} s"
    )


def _sum(kept: Iterable[Payment]) -> str:
    totals: dict[str, Decimal] = {}
    for payment in kept:
        totals[payment.currency] = totals.get(payment.currency, Decimal(0)) + payment.amount
    return ", ".join(f"{total} {currency}" for currency, total in totals.items()) or "nothing"


def _statistics(seconds: Iterable[float]) -> str:
    found = list(seconds) or [0.0]
    return f"median {median(found):.1f} s, longest {max(found):.1f} s"


def _total_and_counts(counts: Counter[str]) -> str:
    return f"{counts.total()}: {_counts(counts)}"


def _counts(counts: Counter[str]) -> str:
    return ", ".join(f"{number} {what}" for what, number in counts.most_common()) or "none"
