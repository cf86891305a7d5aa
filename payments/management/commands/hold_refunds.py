"""`manage.py hold_refunds`: holds all refunds after the database has lost transactions."""

from argparse import ArgumentParser, ArgumentTypeError
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from orders.audit import ChangeSource
from orders.audit_marker import accept_loss, newest_event
from orders.clock import database_now
from orders.models import SourceName
from payments.models import UNSENT_REFUND_STATUSES, Refund
from payments.refunds.hold import hold_refunds


class Command(BaseCommand):
    """Places the hold, or extends the one in force."""

    help = (
        "Hold all unsent refunds, after a restore or a fail-over that lost transactions. Run it "
        "before the shop's processes start. Refunds are sent again once SEQR's reports or a person "
        "have shown which of them SEQR made in the lost time."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the option that says what was lost."""
        parser.add_argument(
            "--lost-since",
            metavar="TIME",
            type=_local_time,
            help='the Swedish time to which the database was restored, such as "2026-11-28 14:00"; '
            "if not given, the time of its newest audit event",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        """Place the hold, and report it."""
        newest = newest_event()
        if newest is None:
            raise CommandError("The audit is empty: there is no refund to hold.")
        lost_since: datetime = options["lost_since"] or newest.occurred_at
        if lost_since > database_now():
            raise CommandError("--lost-since lies in the future.")
        hold = hold_refunds(lost_since, ChangeSource(SourceName.OPERATOR))
        accept_loss()
        waiting = Refund.objects.filter(status__in=UNSENT_REFUND_STATUSES).count()
        self.stdout.write(
            f"Refunds are on hold, {waiting} of them unsent: case {hold.case_id}. The database has "
            f"lost transactions since {timezone.localtime(hold.lost_since):%Y-%m-%d %H:%M:%S}."
        )


def _local_time(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is not a time such as 2026-11-28 14:00.") from None
    return timezone.make_aware(moment) if timezone.is_naive(moment) else moment
