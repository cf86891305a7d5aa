"""What the terminal shows of a certification."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.core.management.base import OutputWrapper
from django.core.management.color import Style

from orders.screen_code import terminal_lines
from payments.certification.calls import RecordedCall
from payments.certification.progress import Attempt, Outcome, Plan
from payments.seqr import InvoiceStatus, app_url

FIRST_WIDTH = 20
ONLY_IN_THE_EVIDENCE = frozenset(
    {
        *("paymentMode", "acknowledgmentMode", "issueDate", "title", "cashierId", "footer"),
        *("itemDescription", "itemUnitPrice", "backURL", "notificationUrl", "language"),
    }
)
"""Fields of a request that are the same in each, or long: a line of the terminal stays short."""


class Screen:
    """Writes to a command's output, in its style. `app_base` opens an invoice on this device."""

    def __init__(self, output: OutputWrapper, style: Style, app_base: str) -> None:
        self._output = output
        self._style = style
        self._app_base = app_base
        self._is_waiting = False

    def started(self, plan: Plan, folder: str) -> None:
        """Show what is certified."""
        kind = "Rehearsal, with the sandbox," if plan.is_sandbox else "Certification"
        self._line(f"{kind} of {plan.system} for {plan.company}", bold=True)
        for name, value in (
            ("SEQR", plan.service_url),
            ("terminal", plan.terminal_id),
            ("each invoice", f"{plan.amount} {plan.currency}"),
            ("in each call", f"clientId {plan.company}, clientReference {plan.system}"),
            ("evidence", folder),
        ):
            self._line(f"  {name:{FIRST_WIDTH}}{value}")

    def step_started(self, number: int, count: int, title: str, requirement: str) -> None:
        """Show a step and SEQR's requirement."""
        self._line(f"\n{number}/{count}  {title}", bold=True)
        self._line(f"      {requirement}")

    def tidying(self) -> None:
        """Show that open invoices are cancelled."""
        self._line("\nCancelling the invoices that are still open", bold=True)

    @contextmanager
    def waiting_for_person(self) -> Iterator[None]:
        """Show no poll that finds the invoice still issued, so that its code stays in sight."""
        self._is_waiting = True
        try:
            yield
        finally:
            self._is_waiting = False

    def call_ended(self, call: RecordedCall) -> None:
        """Show the fields of a call that differ from other calls."""
        if self._is_waiting and call.answer.get("status") == InvoiceStatus.ISSUED:
            return
        request = ", ".join(
            shown_fields(
                {
                    path: text
                    for path, text in call.request.items()
                    if ONLY_IN_THE_EVIDENCE.isdisjoint(path.split("."))
                }
            )
        )
        self._line(f"      {call.operation:{FIRST_WIDTH + 2}}{request}")
        answer = ", ".join(shown_fields(call.answer)) or f"no readable answer: {call.error}"
        duration = "" if call.duration_ms is None else f"  ({call.duration_ms} ms)"
        self._line(f"      {'':{FIRST_WIDTH}}→ {answer}{duration}")

    def report_read(self, rows: dict[str, str]) -> None:
        """Show the rows of a report: their number, and those of a certification."""
        self._line(f"      {'':{FIRST_WIDTH}}→ {', '.join(shown_fields(rows))}")

    def step_ended(self, attempt: Attempt) -> None:
        """Show whether the step has passed, and why not."""
        if attempt.outcome == Outcome.PASSED:
            self._output.write(self._style.SUCCESS("      passed"))
        else:
            self._output.write(self._style.ERROR(f"      {attempt.outcome}: {attempt.reason}"))

    def code(self, reference: str, code: str) -> None:
        """Show the QR code of an invoice."""
        self._line("")
        for line in terminal_lines(code):
            self._line(f"      {line}")
        self._line(f"      {code}   or on this device: {app_url(self._app_base, reference)}")

    def task(self, sentence: str) -> None:
        """Show what the person has to do."""
        self._output.write(self._style.WARNING(f"      {sentence}"))

    def countdown(self, seconds_left: int) -> None:
        """Show the seconds that are left; in a terminal on one line, which it clears at 0."""
        if not self._output.isatty():
            if seconds_left and seconds_left % 10 == 0:
                self._line(f"      {seconds_left} seconds left")
            return
        text = f"      {seconds_left} seconds left " if seconds_left else ""
        self._output.write(f"\r\033[K{text}", ending="")
        self._output.flush()

    def _line(self, text: str, *, bold: bool = False) -> None:
        self._output.write(self._style.MIGRATE_HEADING(text) if bold else text)


def shown_fields(fields: dict[str, str], *, with_context: bool = False) -> list[str]:
    """Return each field with its name: a result code and its description as one, an amount too.

    The context of a request, which is the same in each call, is left out unless it is wanted.
    """
    shown: list[str] = []
    for path, text in fields.items():
        parent, _, name = path.rpartition(".")
        if parent.startswith("context") and not with_context:
            continue
        if name == "resultCode":
            shown.append(f"{name} {text} {fields.get('resultDescription', '')}".strip())
        elif name == "value":
            amount = f"{text} {fields.get(f'{parent}.currency', '')}"
            shown.append(f"{parent.rpartition('.')[2]} {amount}")
        elif text and name not in ("currency", "resultDescription"):
            shown.append(f"{name} {text}")
    return shown
