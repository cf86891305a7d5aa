"""`manage.py doctor`: checks everything that the shop needs, and says what to do where it fails."""

import logging
import sys
import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from seqrshop.ops.doctor.catalogue import PROCESS_CHECKS, shop_checks
from seqrshop.ops.doctor.check import run_checks
from seqrshop.ops.doctor.finding import Level, worst
from seqrshop.ops.doctor.report import as_json, as_text


class Command(BaseCommand):
    """Runs the checks, prints a line for each finding, and exits with 1 if one has failed."""

    help = (
        "Check everything that the shop needs: servers, processes, SEQR, the public address. Each "
        "line is ok, a warning or a failure with what to do. The exit status is 1 if something has "
        "failed, otherwise 0, also with warnings."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the options."""
        parser.add_argument("--json", action="store_true", help="print the result as JSON")
        parser.add_argument(
            "--process",
            choices=sorted(PROCESS_CHECKS),
            help="check only whether this process of this host must be restarted, for its "
            "container's health check; it does not fail because a server is unavailable",
        )
        parser.add_argument(
            "--wait",
            metavar="SECONDS",
            type=float,
            default=0.0,
            help="repeat what fails for so long, for instance after a deployment",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        """Run the checks. Exits with 1 if one has failed."""
        logging.disable(logging.CRITICAL)  # the findings say it in one sentence
        began_at = time.monotonic()
        checks = PROCESS_CHECKS[options["process"]] if options["process"] else shop_checks()
        findings = run_checks(checks, wait=options["wait"])
        seconds = time.monotonic() - began_at
        self.stdout.write((as_json if options["json"] else as_text)(findings, seconds))
        if worst(findings) == Level.FAILED:
            sys.exit(1)
