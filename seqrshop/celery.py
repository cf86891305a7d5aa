"""The Celery application: `celery -A seqrshop worker`, `celery -A seqrshop beat`."""

import os
from collections.abc import Mapping
from typing import Any

from celery import Celery, Task
from celery.app.amqp import AMQP
from celery.signals import (
    after_task_publish,
    beat_init,
    import_modules,
    worker_ready,
    worker_shutting_down,
)
from django.conf import settings
from kombu import Connection

from seqrshop.presence import Presence, publish, this_process
from seqrshop.process_metrics import celery as _celery_metrics  # noqa: F401 - connects to signals
from seqrshop.redis_client import BROKER_TIMEOUT_SECONDS
from seqrshop.startup import require_valid_settings, stop_without_traceback
from seqrshop.telemetry import log_context

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "seqrshop.settings")

# A worker may wait seconds for its next message; a request must not wait to enqueue one.
PUBLISH_OPTIONS = {
    "socket_connect_timeout": BROKER_TIMEOUT_SECONDS,
    "socket_timeout": BROKER_TIMEOUT_SECONDS,
    "max_retries": 0,
}
RECONNECT_INTERVAL_SECONDS = 1
REQUEST_ID = "request_id"  # in a task's headers, and in its log lines


class BrokerConnection(Connection):
    """A connection whose owner reconnects each second; Celery's pauses grow to half a minute."""

    def ensure_connection(self, *args: Any, **options: Any) -> "BrokerConnection":
        """Connect, and retry at even intervals."""
        pauses = {
            "interval_start": RECONNECT_INTERVAL_SECONDS,
            "interval_step": 0,
            "interval_max": RECONNECT_INTERVAL_SECONDS,
        }
        super().ensure_connection(*args, **{**options, **pauses})
        return self


class BrokerAmqp(AMQP):
    """Makes BrokerConnections."""

    Connection = BrokerConnection


class ShopTask(Task):  # type: ignore[type-arg]  # generic in the stubs only
    """A task whose log lines carry the id of the request that enqueued it, or of a task before it.

    A task that Beat enqueues begins with an id of its own.
    """

    def apply_async(
        self, *args: Any, headers: Mapping[str, Any] | None = None, **options: Any
    ) -> Any:
        """Enqueue the task with the id of the present request or task in its headers."""
        request_id = log_context.current_ids().get(REQUEST_ID)
        carried = {REQUEST_ID: request_id} if request_id else {}
        return super().apply_async(*args, headers={**carried, **(headers or {})}, **options)

    def before_start(self, task_id: str, _args: Any, _kwargs: Any) -> None:
        """Start the log context; it lasts until the next task of this thread."""
        request_id = (self.request.headers or {}).get(REQUEST_ID, task_id)
        log_context.start(request_id=request_id, task=self.name, task_id=task_id)


class ShopCelery(Celery):
    """Celery that reconnects quickly, and enqueues within a short time or not at all."""

    amqp_cls = f"{__name__}:BrokerAmqp"
    task_cls = f"{__name__}:ShopTask"

    def connection_for_write(self, url: str | None = None, **options: Any) -> Connection:
        """Return a connection that waits BROKER_TIMEOUT_SECONDS at most for each answer."""
        return super().connection_for_write(url, **{"transport_options": PUBLISH_OPTIONS} | options)


app = ShopCelery("seqrshop")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["payments", "seqrshop.backoffice", "seqrshop.storefront"])
app.steps["worker"].add("payments.poll_worker:PollerStep")


@app.on_configure.connect
def load_settings(**_arguments: object) -> None:
    """Load Django's settings, and exit with one sentence where one is wrong."""
    with stop_without_traceback():
        settings.INSTALLED_APPS  # noqa: B018 - the first access loads them


@import_modules.connect(sender=app)
def check_settings(**_arguments: object) -> None:
    """Check the settings of a worker or beat, after Celery's own receiver has set up Django."""
    with stop_without_traceback():
        require_valid_settings()


# --- Which processes run, for `manage.py doctor` ------------------------------------------------

# The process of the Procfile that consumes each queue.
KIND_BY_QUEUE = {"customer": "worker", "background": "background", "poll": "poller"}


@worker_ready.connect
def publish_presence(sender: Any, **_details: object) -> None:
    """Publish that a worker runs, until it is stopped."""
    queues = sender.app.amqp.queues.consume_from
    kinds = {kind for queue, kind in KIND_BY_QUEUE.items() if queue in queues}
    for kind in kinds:
        presence = Presence(this_process(kind, sender.hostname))
        presence.start()
        worker_shutting_down.connect(lambda each=presence, **_: each.stop(), weak=False)


@beat_init.connect
def publish_ticks(**_details: object) -> None:
    """Publish that Beat runs with each task that it enqueues: that is what it is for."""
    process = this_process("beat")
    after_task_publish.connect(lambda **_: publish(process), weak=False)
