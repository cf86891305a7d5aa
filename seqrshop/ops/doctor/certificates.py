"""The days until a certificate expires."""

from __future__ import annotations

from seqrshop.ops.doctor.finding import Finding, failed, ok, warning

# Let's Encrypt's certificates are renewed 30 days before they expire.
WARNING_DAYS = 20
FAILED_DAYS = 3
ADVICE = "Renew it, and find out why it was not renewed by itself."


def certificate(subject: str, host: str, days_left: float) -> Finding:
    """Return the finding about a certificate that was accepted for this host."""
    days = "1 day" if 1 <= days_left < 2 else f"{days_left:.0f} days"
    message = f"The certificate of {host} expires in {days}."
    if days_left < WARNING_DAYS:
        return (failed if days_left < FAILED_DAYS else warning)(subject, message, ADVICE)
    return ok(subject, f"{host} has a trusted one for {days}.")
