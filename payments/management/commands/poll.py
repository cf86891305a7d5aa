"""manage.py poll: queries SEQR about every open invoice, until SIGTERM."""

import signal
import threading
from functools import partial
from typing import Any

from django.core.management.base import BaseCommand

from payments import tasks
from payments.polling import run_shards
from seqrshop.startup import SETTINGS_TAG


class Command(BaseCommand):
    """Polls the shards that no other poller polls. Needs neither the broker nor Beat."""

    help = "Query SEQR about every open invoice once a second, until SIGTERM."
    requires_system_checks = [SETTINGS_TAG]  # the others load all pages

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Poll until SIGTERM or SIGINT; then write the last answers and release the shards."""
        stopping = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopping.set())
        run_shards(stopping, partial(tasks.enqueue, tasks.answer_loyalty_cards))
