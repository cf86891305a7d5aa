"""The alert rules and the dashboard are valid, and read metrics that the shop has."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings as django_settings
from pytest_django import Settings

from tests.ops.alert_cases import CASES, Case
from tests.ops.everything import TOKEN, publish_everything, read_families

MONITORING = django_settings.BASE_DIR / "deploy" / "monitoring"
RULES = MONITORING / "alerts.yml"
OPERATIONS = (django_settings.BASE_DIR / "docs" / "operations.md").read_text()
OTHER_EXPORTERS = {"up", "ALERTS", "probe_ssl_earliest_cert_expiry"}
NAME = re.compile(r"\b(?:seqr(?:shop)?_\w+|probe_\w+|ALERTS|up)\b")


def program(name: str) -> str:
    """Return the path of a program of Prometheus. Fails where it is not installed."""
    path = shutil.which(name)
    assert path is not None, f"{name} is missing: install Debian's package prometheus."
    return path


def alert_rules() -> list[dict[str, Any]]:
    """Return the alerts of all groups."""
    groups = yaml.safe_load(RULES.read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def panels() -> list[dict[str, Any]]:
    """Return the dashboard's panels."""
    found: list[dict[str, Any]] = json.loads((MONITORING / "grafana-dashboard.json").read_text())[
        "panels"
    ]
    return found


def panel_expressions() -> dict[str, str]:
    """Return the expression of each target of a panel, by the panel's title and the target's ID."""
    return {
        f"{panel['title']} {target['refId']}": target["expr"]
        for panel in panels()
        for target in panel.get("targets", [])
    }


def run_promtool(*arguments: str | Path) -> str:
    """Return what promtool prints. Fails where it finds an error."""
    done = subprocess.run(
        [program("promtool"), *map(str, arguments)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_promtool_accepts_the_rules_and_the_example_of_a_configuration() -> None:
    run_promtool("check", "rules", "--lint=all", "--lint-fatal", RULES)
    run_promtool("check", "config", "--syntax-only", MONITORING / "prometheus.yml")


def test_each_alert_fires_at_its_limit_and_not_before(tmp_path: Path) -> None:
    files = [_test_file(tmp_path, rule) for rule in alert_rules()]

    run_promtool("test", "rules", *files)


def _test_file(folder: Path, rule: dict[str, Any]) -> Path:
    """Write the cases of one alert, which load no other rule: promtool is then forty times faster.

    Returns the path of the file.
    """
    alert = rule["alert"]
    rules, tests = folder / f"{alert}.rules.yml", folder / f"{alert}.yml"
    rules.write_text(json.dumps({"groups": [{"name": alert, "rules": [rule]}]}))
    cases = [case for case in CASES if case.alert == alert]
    firing = [_promtool_test(case, case.series, True) for case in cases]
    quiet = [_promtool_test(case, case.series | case.quiet, False) for case in cases]
    suite = {"rule_files": [str(rules)], "evaluation_interval": "2s", "tests": firing + quiet}
    tests.write_text(json.dumps(suite))
    return tests


def _promtool_test(case: Case, series: dict[str, str], fires: bool) -> dict[str, Any]:
    alert = f'count(ALERTS{{alertname="{case.alert}",alertstate="firing"}})'
    return {
        "interval": "2s",
        "input_series": [{"series": name, "values": text} for name, text in series.items()],
        "promql_expr_test": [
            {
                "expr": alert,
                "eval_time": f"{2 * case.after}s",
                "exp_samples": [{"labels": "{}", "value": 1}] if fires else [],
            }
        ],
    }


def test_prometheus_can_read_each_expression_of_the_dashboard(tmp_path: Path) -> None:
    rules = tmp_path / "panels.yml"
    recorded = [
        {"record": f"panel_{number}", "expr": expression}
        for number, expression in enumerate(panel_expressions().values())
    ]
    rules.write_text(json.dumps({"groups": [{"name": "panels", "rules": recorded}]}))

    run_promtool("check", "rules", rules)


@pytest.mark.usefixtures("no_heartbeat", "transactional_db")
def test_rules_and_dashboard_read_metrics_that_the_shop_has(settings: Settings) -> None:
    settings.METRICS_TOKEN = TOKEN
    publish_everything()

    samples = {sample.name for family in read_families() for sample in family.samples}

    expressions = {rule["alert"]: rule["expr"] for rule in alert_rules()} | panel_expressions()
    for name, expression in expressions.items():
        names = set(NAME.findall(expression))
        assert names, name
        assert names <= samples | OTHER_EXPORTERS, name


def test_each_alert_has_a_case_a_severity_a_text_and_a_runbook() -> None:
    rules = {rule["alert"]: rule for rule in alert_rules()}

    assert len(rules) == len(alert_rules())
    assert rules.keys() == {case.alert for case in CASES}
    for name, rule in rules.items():
        assert rule["labels"]["severity"] in ("page", "ticket"), name
        annotations = rule["annotations"]
        assert annotations.keys() == {"summary", "description", "runbook"}, name
        assert annotations["runbook"] == f"docs/operations.md#{name.lower()}"
        assert f"\n### {name}\n" in OPERATIONS, name


def test_example_of_alertmanager_inhibits_alerts_that_exist() -> None:
    example = yaml.safe_load((MONITORING / "alertmanager.yml").read_text())
    matchers = [
        matcher
        for rule in example["inhibit_rules"]
        for matcher in (*rule["source_matchers"], *rule["target_matchers"])
    ]

    names = {name for matcher in matchers for name in re.findall(r"\b[A-Z]\w+", matcher)}

    assert names
    assert names <= {rule["alert"] for rule in alert_rules()}


def test_dashboards_panels_are_described_and_do_not_overlap() -> None:
    places: set[tuple[int, int]] = set()
    for panel in panels():
        grid = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(grid["x"], grid["x"] + grid["w"])
            for y in range(grid["y"], grid["y"] + grid["h"])
        }
        assert not cells & places, panel["title"]
        assert grid["x"] + grid["w"] <= 24
        assert panel["type"] == "row" or panel["description"], panel["title"]
        places |= cells

    ids = [panel["id"] for panel in panels()]
    assert len(set(ids)) == len(ids)
