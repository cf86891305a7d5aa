"""`manage.py check_takings`: compares the takings with the receipts."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from payments.receipts.content import STOCKHOLM
from payments.takings.check import differences, rebuild
from payments.takings.update import update_takings


class Command(BaseCommand):
    """Counts all receipts again; its exit status is 1 where the takings differ."""

    help = "Count the receipts of all finished days again, and name the days whose takings differ."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the option to count from the beginning."""
        parser.add_argument(
            "--rebuild",
            action="store_true",
            help="delete the takings and count all receipts from the beginning",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        """Compare or rebuild, and report."""
        if options["rebuild"]:
            rebuild()
            self.stdout.write(f"Counted {update_takings()} receipts from the beginning.")
            return
        update_takings()
        today = timezone.now().astimezone(STOCKHOLM).date()
        found = differences(before=today)
        if found:
            raise CommandError(
                "The takings differ from the receipts. Run `manage.py check_takings --rebuild`.\n"
                + "\n".join(found)
            )
        self.stdout.write(f"The takings of all days before {today} equal the receipts.")
