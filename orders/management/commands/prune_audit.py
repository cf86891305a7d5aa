"""`manage.py prune_audit`: removes events that the law no longer requires."""

from argparse import ArgumentParser, ArgumentTypeError
from datetime import date
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError
from django.utils import timezone

from orders.audit import ChangeSource
from orders.audit_prune import CannotPrune, prunable_before, prune_audit
from orders.database_roles import owner_connection
from orders.models import SourceName


class Command(BaseCommand):
    """Removes whole partitions, as the role of MIGRATION_DATABASE_URL; their digests stay."""

    help = "Remove the audit's events of whole months before a day. Export and back them up first."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the day before which events are removed."""
        parser.add_argument(
            "--before", type=_day, required=True, metavar="DATE", help="such as 2019-01-01"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        """Remove, and report."""
        before, required_from = options["before"], prunable_before(timezone.localdate())
        if before > required_from:
            raise CommandError(
                f"--before: the events of {required_from} and later are kept for seven years from "
                "the end of their calendar year."
            )
        try:
            with owner_connection():
                removed = prune_audit(before, ChangeSource(SourceName.OPERATOR))
        except (CannotPrune, ImproperlyConfigured) as error:
            raise CommandError(str(error)) from error
        except DatabaseError as error:
            raise CommandError(f"Nothing more was removed: {error}".strip()) from error
        for each in removed:
            self.stdout.write(f"Removed {each}: {each.event_count} events. Their digests are kept.")
        if not removed:
            self.stdout.write(f"No partition ends before {before}. Nothing was removed.")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is not a day such as 2019-01-01.") from None
