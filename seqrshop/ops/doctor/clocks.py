"""Differences between this machine's clock and another one.

Heartbeats are compared between machines, and are out of date after 8 seconds.
"""

from __future__ import annotations

from seqrshop.ops.doctor.finding import Finding, failed, ok, warning

WARNING_SECONDS = 2.0
FAILED_SECONDS = 5.0
ADVICE = "Synchronise both clocks: run NTP on each machine (timedatectl shows its state)."


def clock_finding(other: str, ahead: float, precision: float) -> Finding:
    """Return the finding about another clock that is so many seconds ahead of this one.

    A negative number is behind. The true difference may be smaller by `precision`, in seconds.
    """
    subject = f"clock of {other}"
    certain = max(0.0, abs(ahead) - precision)
    if certain < WARNING_SECONDS:
        return ok(subject, f"It agrees with this machine's within {WARNING_SECONDS:g} seconds.")
    direction = "ahead of" if ahead > 0 else "behind"
    message = f"It is {abs(ahead):.0f} seconds {direction} this machine's."
    level = failed if certain >= FAILED_SECONDS else warning
    return level(subject, message, ADVICE)
