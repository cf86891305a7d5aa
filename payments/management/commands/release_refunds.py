"""`manage.py release_refunds`: ends the hold of refunds, which sends those that are left."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from orders.audit import ChangeSource
from orders.models import SourceName
from payments.models import Refund, RefundStatus
from payments.refunds.hold import release_refunds


class Command(BaseCommand):
    """Closes the case of the hold."""

    help = (
        "End the hold of refunds. All that still wait are sent, so first compare them with SEQR's "
        "own list, and record in the admin those that SEQR has made."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the reason, which is kept in the history."""
        parser.add_argument(
            "--reason", required=True, help="how you know that none of them has been made"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        """End the hold, and report how many refunds are sent."""
        reason = options["reason"].strip()
        if not reason:
            raise CommandError("--reason is empty: enter how you know.")
        to_send = Refund.objects.filter(status=RefundStatus.CREATED).count()
        if not release_refunds(ChangeSource(SourceName.OPERATOR), reason):
            raise CommandError("No refunds are on hold.")
        self.stdout.write(f"The hold has ended. {to_send} refunds are sent within seconds.")
