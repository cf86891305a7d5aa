"""`manage.py export_audit`: writes the audit, or a part of it, to standard output."""

from argparse import ArgumentParser, ArgumentTypeError
from datetime import date, datetime, time
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db.models import QuerySet
from django.utils.timezone import make_aware

from orders.audit_export import csv_lines, json_lines
from orders.models import AuditEvent, Order
from orders.models.order import FIRST_NUMBER

FORMATS = {"csv": csv_lines, "jsonl": json_lines}


class Command(BaseCommand):
    """Streams the events, since the audit may be larger than the memory."""

    help = "Write the audit to standard output, oldest first. Days are those of Stockholm's clock."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the options that select the events and the format."""
        parser.add_argument(
            "--order", metavar="NUMBER", type=_order, help="of this order only, such as 1005"
        )
        parser.add_argument("--since", metavar="DATE", type=_day, help="of this day and later")
        parser.add_argument("--until", metavar="DATE", type=_day, help="of this day and earlier")
        parser.add_argument("--format", choices=FORMATS, default="csv", help="csv if not given")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Write the selected events."""
        since, until = options["since"], options["until"]
        if since and until and since > until:
            raise CommandError(f"--since: {since} is later than --until, {until}.")
        for line in FORMATS[options["format"]](_events(options["order"], since, until)):
            self.stdout.write(line, ending="")


def _events(order: Order | None, since: date | None, until: date | None) -> QuerySet[AuditEvent]:
    events = AuditEvent.objects.all()
    if order is not None:
        events = events.filter(order=order)
    if since is not None:
        events = events.filter(occurred_at__gte=make_aware(datetime.combine(since, time.min)))
    if until is not None:
        events = events.filter(occurred_at__lte=make_aware(datetime.combine(until, time.max)))
    return events


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is not a day such as 2026-11-23.") from None


def _order(text: str) -> Order:
    if not (text.isascii() and text.isdigit() and len(text) <= 15):
        raise ArgumentTypeError(f"{text!r} is not an order's number such as 1005.")
    order = Order.objects.filter(pk=int(text) - FIRST_NUMBER).first()
    if order is None:
        raise ArgumentTypeError(f"there is no order {text}.")
    return order
