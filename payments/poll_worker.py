"""Runs the poller in the Celery worker that consumes the queue `poll`."""

import logging
import threading
from functools import partial
from typing import Any

from celery import bootsteps
from celery.signals import worker_shutting_down

from payments import tasks
from payments.polling import run_shards

logger = logging.getLogger(__name__)

POLL_QUEUE = "poll"  # it has no messages; its workers poll instead


class PollerStep(bootsteps.StartStopStep):
    """Polls the shards that no other worker polls, in threads beside the worker's consumer.

    It starts before the consumer, which waits for the broker.
    """

    name = "payments.poller"

    def __init__(self, worker: Any, **options: Any) -> None:
        super().__init__(worker, **options)
        self._stopping = threading.Event()
        on_loyalty_card = partial(tasks.enqueue, tasks.answer_loyalty_cards)
        self._thread = threading.Thread(
            target=run_shards, args=(self._stopping, on_loyalty_card), name="poller"
        )

    def include_if(self, worker: Any) -> bool:
        """Return whether the worker is a poller."""
        return POLL_QUEUE in worker.app.amqp.queues.consume_from

    def start(self, _worker: Any) -> None:
        """Start to poll."""
        worker_shutting_down.connect(self._stop_polling, weak=False)
        self._thread.start()

    def stop(self, _worker: Any) -> None:
        """Wait until the last answers are written, or the time for it is over.

        A consumer sometimes fails for good when Redis restarts, and Celery then stops the worker.
        Polling needs no broker, so it continues until SIGTERM or SIGINT.
        """
        if not self._stopping.is_set():
            logger.error("the worker has failed; it polls until it is stopped")
        self._thread.join()

    def terminate(self, _worker: Any) -> None:
        """Stop without waiting for SIGTERM."""
        self._stop_polling()
        self._thread.join()

    def _stop_polling(self, **_details: Any) -> None:
        self._stopping.set()
