"""Runs the steps in order, from the first that has not passed, until one does not pass."""

from collections.abc import Callable, Iterable

from payments.certification.calls import utc_now
from payments.certification.money_steps import OutcomeUnknown
from payments.certification.problem import CertificationProblem, StepFailed
from payments.certification.progress import Attempt, Outcome, Progress, SentInvoice
from payments.certification.session import Session
from payments.certification.steps import STEPS, TIDYING
from payments.seqr import SeqrError


def run_steps(session: Session) -> None:
    """Run the steps that have not passed, until one does not pass.

    Before, invoices that an earlier run has left open are cancelled; afterwards, those of this run.
    """
    _tidy(session)
    for number, step in enumerate(STEPS, start=1):
        if session.progress.has_passed(step.key):
            continue
        session.screen.step_started(number, len(STEPS), step.title, step.requirement)
        if not _attempt(session, step.key, step.run):
            break
    _tidy(session)


def problem_of(progress: Progress) -> str:
    """Return why a certification has not passed, as a sentence; empty if it has."""
    for number, step in enumerate(STEPS, start=1):
        if not progress.has_passed(step.key):
            latest = progress.latest_attempt(step.key)
            outcome = _OUTCOMES[latest.outcome] if latest else "has not been reached"
            reason = f" {latest.reason}" if latest and latest.reason else ""
            return f"Step {number} of {len(STEPS)}, {step.title.lower()}, {outcome}.{reason}"
    if invoices := progress.open_invoices():
        return f"Invoices stay open at SEQR: {_references(invoices)}."
    if payments := progress.refundable():
        return f"Payments are not refunded: {_references(payments)}."
    return ""


_OUTCOMES = {
    Outcome.FAILED: "has failed",
    Outcome.UNKNOWN: "has an unknown outcome",
    Outcome.INTERRUPTED: "was interrupted",
}


def _references(invoices: Iterable[SentInvoice]) -> str:
    return ", ".join(each.invoice_reference for each in invoices)


def _tidy(session: Session) -> None:
    if session.progress.open_invoices():
        session.screen.tidying()
        _attempt(session, TIDYING, Session.cancel_open_invoices)


def _attempt(session: Session, key: str, run: Callable[[Session], None]) -> bool:
    """Run a step and record its outcome; return whether it has passed."""
    attempt = Attempt(key, utc_now())
    session.progress.attempts.append(attempt)
    session.save()
    try:
        run(session)
    except OutcomeUnknown as problem:
        attempt.outcome, attempt.reason = Outcome.UNKNOWN, str(problem)
    except (SeqrError, StepFailed, CertificationProblem) as problem:
        attempt.outcome, attempt.reason = Outcome.FAILED, str(problem)
    else:
        attempt.outcome = Outcome.PASSED
    attempt.ended_at = utc_now()
    session.save()
    session.screen.step_ended(attempt)
    return attempt.outcome == Outcome.PASSED
