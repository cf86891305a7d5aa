"""`manage.py unregister_terminal`: removes a cash register from SEQR."""

from argparse import ArgumentParser
from dataclasses import asdict
from functools import partial
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from payments.management.terminal_commands import (
    add_confirmation,
    add_terminal,
    errors_of_seqr,
    require_confirmation,
    require_text,
    with_password,
)
from payments.terminal_registration import TerminalInUse, unregister_terminal

WARNING = (
    "A terminal that is removed from SEQR cannot be used again: its payments can be neither "
    "queried nor refunded. Do not remove the terminal that SEQR has given you for a web shop. "
    "Replace it in the admin: it is retired by itself."
)


class Command(BaseCommand):
    """Calls unregisterTerminal as the terminal, if no work is left for it here."""

    help = "Remove a cash register from SEQR (unregisterTerminal). " + WARNING

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the terminal and its password."""
        add_terminal(parser)
        add_confirmation(parser)

    def handle(self, *_args: Any, **options: Any) -> None:
        """Remove the terminal, and say what was done."""
        terminal_id = require_text("--terminal", options["terminal"])
        require_confirmation(self, options["yes"], WARNING)
        try:
            with errors_of_seqr(
                "Run the command again with the password: if SEQR then refuses the terminal as "
                "unknown, it is removed."
            ):
                is_retired = with_password(
                    partial(unregister_terminal, terminal_id),
                    options["password_file"],
                )
        except TerminalInUse as error:
            raise CommandError(f"Nothing was sent to SEQR: {_work_left(error)}.") from None
        self.stdout.write(f"Removed the terminal {terminal_id} from SEQR.")
        if is_retired:
            self.stdout.write("It is retired here too, and its password is deleted.")


def _work_left(error: TerminalInUse) -> str:
    """Return what is left for a terminal, such as "work is left for it (open invoices: 3)"."""
    if error.obligations is None or error.obligations.is_in_settings:
        return "SEQR_TERMINAL_ID names the terminal"
    left = asdict(error.obligations).items()
    counts = ", ".join(f"{name.replace('_', ' ')}: {number}" for name, number in left if number)
    return f"work is left for it ({counts})"
