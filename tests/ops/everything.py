"""A shop that has a sample of each metric, and how /metrics and the documentation list them."""

from __future__ import annotations

import re
from datetime import date

from django.conf import settings
from django.test import Client
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from orders.models import AuditDigest
from seqrshop.process_metrics import PAYMENT_RECORDING_SECONDS, REQUEST_SECONDS, count_request
from seqrshop.process_metrics.definitions import CALL_SECONDS, CALLS
from seqrshop.process_metrics.publisher import publish, record_success
from tests.factories import ShopFactory
from tests.ops.shards import publish_heartbeat

TOKEN = "token-of-the-tests"
MONITORING = (settings.BASE_DIR / "docs" / "monitoring.md").read_text()


def publish_everything() -> None:
    """Publish a sample of each metric."""
    publish_heartbeat(errors=1, paid_after=1)
    ShopFactory.create()
    AuditDigest.objects.create(
        day=date(2026, 11, 28), event_count=0, event_marks=b"", previous="", digest="0" * 64
    )
    CALLS.add("sendInvoice", "0", "T1")
    CALL_SECONDS.observe(0.3, "sendInvoice")
    count_request("order", "GET", 200)
    REQUEST_SECONDS.observe(0.1, "order")
    PAYMENT_RECORDING_SECONDS.observe(0.5)
    record_success("payments.tasks.run_recovery")
    publish()


def read_families() -> list[Metric]:
    """Return the metrics of /metrics, as Prometheus parses them."""
    response = Client().get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert response.status_code == 200
    assert response["Content-Type"].startswith("text/plain; version=0.0.4")
    return list(text_string_to_metric_families(response.content.decode()))


def documented_types() -> dict[str, str]:
    """Return the type of each metric in docs/monitoring.md."""
    rows = re.findall(r"^\| (`.*?) \| (\w+):", MONITORING, re.MULTILINE)
    return {name: kind for names, kind in rows for name in re.findall(r"`(seqr\w+)", names)}
