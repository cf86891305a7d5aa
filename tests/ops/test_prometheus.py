"""Prometheus loads the rules, scrapes the shop, and evaluates every rule and panel."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit
from urllib.request import urlopen

import pytest
import yaml
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from seqrshop.local.servers import free_port
from tests.ops.everything import TOKEN, publish_everything
from tests.ops.test_alerts import MONITORING, alert_rules, panel_expressions, program
from tests.processes import ManagedProcess

Eventually = Callable[[Callable[[], bool]], None]
pytestmark = pytest.mark.slow


class Prometheus:
    """A running Prometheus."""

    def __init__(self, port: int) -> None:
        self._address = f"http://127.0.0.1:{port}/api/v1"

    def get(self, path: str, **parameters: str) -> Any:
        """Return the data of an answer. Raises HTTPError, for an expression that fails too."""
        with urlopen(f"{self._address}/{path}?{urlencode(parameters)}", timeout=30) as response:  # noqa: S310
            return json.load(response)["data"]

    def query(self, expression: str) -> list[Any]:
        """Return the samples of an expression now."""
        found: list[Any] = self.get("query", query=expression)["result"]
        return found


@pytest.fixture
def prometheus(
    live_server: LiveServer, no_heartbeat: None, settings: Settings, tmp_path: Path
) -> Iterator[Prometheus]:
    """Prometheus as in the example of its configuration, with two targets that return the same."""
    settings.METRICS_TOKEN = TOKEN
    publish_everything()
    example = yaml.safe_load((MONITORING / "prometheus.yml").read_text())
    scrape = next(each for each in example["scrape_configs"] if each["job_name"] == "seqrshop")
    port = urlsplit(live_server.url).port
    (tmp_path / "token").write_text(TOKEN)
    scrape["authorization"]["credentials_file"] = str(tmp_path / "token")
    scrape["static_configs"] = [{"targets": [f"127.0.0.1:{port}", f"localhost:{port}"]}]
    example |= {"scrape_configs": [scrape], "rule_files": [str(MONITORING / "alerts.yml")]}
    (tmp_path / "prometheus.yml").write_text(json.dumps(example))
    own_port = free_port()
    command = [
        program("prometheus"),
        f"--config.file={tmp_path / 'prometheus.yml'}",
        f"--storage.tsdb.path={tmp_path / 'data'}",
        f"--web.listen-address=127.0.0.1:{own_port}",
    ]
    process = ManagedProcess(command, log=tmp_path / "log")
    process.start()
    try:
        process.wait_until(lambda: Prometheus(own_port).get("status/runtimeinfo"))
        yield Prometheus(own_port)
    finally:
        process.stop(signal.SIGTERM)


def test_prometheus_scrapes_two_targets_and_evaluates_every_rule_and_panel(
    prometheus: Prometheus, eventually: Eventually
) -> None:
    eventually(lambda: len(prometheus.query("seqrshop_info offset 2s")) == 2)

    assert {sample["value"][1] for sample in prometheus.query("up")} == {"1"}
    loaded = [rule for group in prometheus.get("rules")["groups"] for rule in group["rules"]]
    assert [rule["name"] for rule in loaded if rule.get("lastError")] == []
    assert len(loaded) == len(alert_rules())
    for expression in (*(rule["expr"] for rule in alert_rules()), *panel_expressions().values()):
        prometheus.query(expression)
