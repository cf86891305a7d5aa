"""`manage.py verify_audit`: finds events that were changed, added or removed."""

import re
from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from orders.audit_verify import verify_audit
from orders.clock import database_now
from orders.models import AuditDigest
from seqrshop.process_metrics import publish_success

METRICS_TASK = "verify_audit"  # by this name, monitoring sees when the audit was last verified


class Command(BaseCommand):
    """Compares the audit with its digests; its exit status is 1 where they differ."""

    help = "Recompute the digest of each day of the audit, and name what has been changed."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the option for a digest that was kept elsewhere."""
        parser.add_argument(
            "--digest",
            type=_digest,
            help="a digest from the log of some night, which the audit must still have",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        """Verify, and report."""
        result = verify_audit(database_now())
        kept = options["digest"]
        if kept and not AuditDigest.objects.filter(digest=kept).exists():
            result.problems.append(f"No day has the digest {kept}.")
        if result.problems:
            raise CommandError("The audit and its digests differ.\n" + "\n".join(result.problems))
        publish_success(METRICS_TASK)
        newest = f", up to {result.newest.day}: {result.newest.digest}" if result.newest else ""
        if result.pruned_days:
            self.stdout.write(
                f"Removed before: {result.pruned_days} days and {result.pruned_events} events, "
                "whose digests agree"
            )
        self.stdout.write(
            f"Verified {result.days} days and {result.events} events{newest}\n"
            f"{result.later_events} later events have no digest yet"
        )


def _digest(text: str) -> str:
    if not re.fullmatch(r"[0-9a-f]{64}", text):
        raise ArgumentTypeError(f"{text!r} is not a digest of 64 hexadecimal digits.")
    return text
