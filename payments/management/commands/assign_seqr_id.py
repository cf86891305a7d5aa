"""`manage.py assign_seqr_id`: assigns the ID in a till's printed code. Not for a web shop."""

from argparse import ArgumentParser
from functools import partial
from typing import Any

from django.core.management.base import BaseCommand

from payments.management.terminal_commands import (
    add_confirmation,
    add_terminal,
    errors_of_seqr,
    require_confirmation,
    require_text,
    with_password,
)
from payments.terminal_registration import assign_seqr_id

WARNING = (
    "A SEQR ID is for the code that hangs at a till. It replaces the terminal's ID before, and "
    "codes printed with that one stop working. A web shop needs none: its codes carry the shop's "
    "service ID."
)


class Command(BaseCommand):
    """Calls assignSeqrId as the terminal."""

    help = "Assign a SEQR ID to a terminal (assignSeqrId). " + WARNING

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the terminal, the ID in its code and the password."""
        add_terminal(parser)
        parser.add_argument(
            "--seqr-id", required=True, metavar="ID", help="the ID in the printed code"
        )
        add_confirmation(parser)

    def handle(self, *_args: Any, **options: Any) -> None:
        """Assign the ID, and say so."""
        terminal_id = require_text("--terminal", options["terminal"])
        seqr_id = require_text("--seqr-id", options["seqr_id"])
        require_confirmation(self, options["yes"], WARNING)
        with errors_of_seqr("Run the command again: it is safe to repeat."):
            with_password(
                partial(assign_seqr_id, terminal_id, seqr_id),
                options["password_file"],
            )
        self.stdout.write(f"Assigned the SEQR ID {seqr_id} to the terminal {terminal_id}.")
