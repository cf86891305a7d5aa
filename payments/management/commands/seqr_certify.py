"""`manage.py seqr_certify`: walks SEQR's certification, and writes its evidence."""

import sys
from argparse import ArgumentParser, ArgumentTypeError
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from payments.certification.calls import utc_now
from payments.certification.certify import problem_of, run_steps
from payments.certification.customer import Pauses, RealPauses
from payments.certification.evidence import JSON_NAME, PDF_NAME, write_evidence
from payments.certification.problem import CertificationProblem
from payments.certification.screen import Screen
from payments.certification.start import (
    DEFAULT_AMOUNT,
    DEFAULT_CURRENCY,
    Options,
    open_progress,
    open_session,
)
from payments.certification.state_file import StateFile

INTERRUPTED = 130  # a shell's exit status after Ctrl-C
DEFAULT_SCAN_SECONDS = 300


class Command(BaseCommand):
    """Runs the steps that have not passed; its exit status is 0 once all have."""

    help = (
        "Walk SEQR's certification against the SEQR of the settings, and write the evidence for "
        "SEQR. Each step shows its calls, and whether it has passed. docs/certification.md "
        "describes it."
    )

    def __init__(self, *args: Any, pauses: Pauses | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._pauses = pauses or RealPauses()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the options."""
        add = parser.add_argument
        add("--company", default="", help="the clientId; default: the seller's legal name")
        add("--terminal", default="", help="the terminal's ID; default: that of the settings")
        add("--amount", type=_amount, help=f"of each invoice; default: {DEFAULT_AMOUNT}")
        add("--currency", default="", help=f"of each invoice; default: {DEFAULT_CURRENCY}")
        add(
            "--folder",
            type=Path,
            default=Path("certification"),
            help="of the state and the evidence; default: certification",
        )
        add(
            "--scan-seconds",
            type=_seconds,
            default=DEFAULT_SCAN_SECONDS,
            help=f"that a person has for each scan; default: {DEFAULT_SCAN_SECONDS}",
        )
        add("--sandbox", action="store_true", help="let the sandbox scan and pay, as a rehearsal")
        add("--resume", action="store_true", help="go on at the first step that has not passed")
        add(
            "--yes",
            action="store_true",
            help="close the period of a terminal that the shop uses, although that opens cases",
        )

    def handle(self, *_args: Any, **given: Any) -> None:
        """Run the steps, and write the evidence whatever their outcome."""
        options = Options(
            folder=given["folder"],
            is_resumed=given["resume"],
            is_sandbox=given["sandbox"],
            closes_live_period=given["yes"],
            company=given["company"].strip(),
            terminal=given["terminal"],
            amount=given["amount"],
            currency=given["currency"],
            scan_seconds=given["scan_seconds"],
        )
        state_file = StateFile(options.folder)
        try:
            with state_file.locked():
                problem = self._certify(state_file, options)
        except CertificationProblem as error:
            raise CommandError(str(error)) from None
        except OSError as error:
            raise CommandError(f"--folder {options.folder}: {error.strerror or error}.") from None
        if problem:
            raise CommandError(f"{problem}\nContinue with --resume.")
        self.stdout.write(self.style.SUCCESS("Passed. Send both files to SEQR."))

    def _certify(self, state_file: StateFile, options: Options) -> str:
        """Return why the certification has not passed; empty if it has."""
        progress = open_progress(state_file, options)
        screen = Screen(self.stdout, self.style, settings.SEQR_APP_URL)
        session = open_session(state_file, progress, options, screen, self._pauses)
        screen.started(progress.plan, str(options.folder))
        try:
            run_steps(session)
        except KeyboardInterrupt:
            self.stderr.write("\nInterrupted. Continue with --resume.")
            sys.exit(INTERRUPTED)
        finally:
            digest = write_evidence(options.folder, progress, utc_now())
            self.stdout.write(
                f"\nEvidence: {options.folder / JSON_NAME} and {options.folder / PDF_NAME}\n"
                f"SHA-256 of {JSON_NAME}: {digest}"
            )
        return problem_of(progress)


def _amount(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise ArgumentTypeError(f"{text!r} is not an amount such as 1.00.") from None


def _seconds(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 3600:
        raise ArgumentTypeError(f"{text!r} is not a number of seconds, 1 to 3600.")
    return int(text)
