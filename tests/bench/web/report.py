"""The tables: targets, journeys, CPU and statements by process, single requests."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import psycopg

from tests.bench.machine import describe_machine
from tests.bench.page import table
from tests.bench.stats import median_and_range, percentile
from tests.bench.web.measure import (
    BARE_PAGE,
    CUSTOMERS,
    FEWER_CUSTOMERS,
    LIVE,
    POLLING,
    SESSION,
    STATUS,
    Journeys,
    Requests,
)
from tests.bench.web.measure import (
    PAGE as ORDER_PAGE,
)
from tests.bench.web.results import Results, journey_statements, ratios, site_cpu_ms, targets
from tests.bench.web.sites import BARE, LOAD, POSTGRESQL, REDIS, SANDBOX, SHOP, USUAL

LIBRARIES = ("celery", "django", "gunicorn", "psycopg", "uvicorn", "zeep")
DESIGNS = (SHOP, USUAL)
PROCESSES = ("web", "worker", "background", "poller", "beat")
SERVERS = (POSTGRESQL, REDIS)
STEPS = ("session", "order", "status")
P50, P99 = 0.5, 0.99


def machine(database_url: str, load_average: float) -> str:
    """Return sentences about the machine, and about how busy it was before."""
    with psycopg.connect(database_url) as connection:
        postgres = connection.info.parameter_status("server_version") or "?"
    return (
        f"{describe_machine(postgres, LIBRARIES)} Two cores, shared by everything: the sites, "
        "their servers, the sandbox and the customers. The load average before was "
        f"{load_average:.1f}."
    )


def tables(results: Results, described: str) -> str:
    """Return all tables in Markdown: medians of the runs, with minimum and maximum."""
    parts = [
        f"Measured on {datetime.now(UTC):%Y-%m-%d}: {described}",
        table(("target", "measured", ""), targets(results)),
        _journeys(results),
        _cpu(results),
        _statements(results),
        _requests(results),
        _profile(results),
        _failures(results),
    ]
    return "\n\n".join(parts)


def _journeys(results: Results) -> str:
    def row(name: str, form: str, value: Callable[[Journeys], float]) -> list[str]:
        values = [[value(each) for each in results.journeys(site)] for site in DESIGNS]
        ratio = median_and_range(ratios(results, SHOP, USUAL, value), "{:.2f}")
        return [name, *(median_and_range(each, form) for each in values), ratio]

    lines = [
        row("paid orders a second", "{:.1f}", lambda run: run.paid_per_second),
        row("CPU of a paid order", "{:.0f} ms", lambda run: site_cpu_ms(run.cpu_ms)),
        row("journey, p50", "{:.2f} s", lambda run: percentile(run.seconds, P50)),
        row("journey, p99", "{:.2f} s", lambda run: percentile(run.seconds, P99)),
        *(
            row(f"{step}, p{part * 100:.0f}", "{:.0f} ms", _step(step, part))
            for step in STEPS
            for part in (P50, P99)
        ),
        row("status requests of an order", "{:.1f}", lambda run: _per_order(run, "status")),
    ]
    return table((f"{CUSTOMERS} customers at once", *DESIGNS, "ratio"), lines)


def _step(step: str, part: float) -> Callable[[Journeys], float]:
    return lambda run: 1000 * percentile(run.steps[step], part)


def _per_order(run: Journeys, step: str) -> float:
    return len(run.steps[step]) / run.paid


def _cpu(results: Results) -> str:
    def line(name: str) -> list[str]:
        cells = [
            _cpu_cell([run.cpu_ms.get(name) for run in results.journeys(site)]) for site in DESIGNS
        ]
        return [name, *cells]

    together = [
        "**together**",
        *(
            median_and_range(
                [site_cpu_ms(run.cpu_ms) for run in results.journeys(site)], "{:.1f} ms"
            )
            for site in DESIGNS
        ),
    ]
    lines = [*(line(name) for name in (*PROCESSES, *SERVERS)), together, line(SANDBOX), line(LOAD)]
    return table(("CPU of a paid order", *DESIGNS), lines)


def _cpu_cell(values: Sequence[float | None]) -> str:
    known = [value for value in values if value is not None]
    return median_and_range(known, "{:.1f} ms") if known else "—"


def _statements(results: Results) -> str:
    counted = [results.statements(site) for site in DESIGNS]
    lines = [
        [name, *(f"{each[name]:.1f}" if name in each else "—" for each in counted)]
        for name in PROCESSES
    ]
    journeys = [f"{journey_statements(each):.1f}" for each in counted]
    lines.append(["**web, worker, background**", *journeys])
    statuses = [f"{results.runs[site][0].statuses:.1f}" for site in DESIGNS]
    lines.append(["status requests meanwhile", *statuses])
    return table(("statements of a paid order", *DESIGNS), lines)


def _requests(results: Results) -> str:
    rows = [(site, kind) for kind in (STATUS, SESSION, ORDER_PAGE, LIVE) for site in DESIGNS]
    rows += [(BARE, BARE_PAGE), *((site, POLLING) for site in DESIGNS)]
    lines = [_request_line(results, site, kind) for site, kind in rows]
    name = f"status, {FEWER_CUSTOMERS} customers in whole journeys"
    for site in DESIGNS:
        statuses = [run.steps["status"] for run in results.fewer(site)]
        lines.append([name, site, "", "", *_times(statuses)])
    head = ("requests", "of", "CPU in web", "CPU in PostgreSQL", "p50", "p99")
    return table(head, lines)


def _profile(results: Results) -> str:
    lines = [(group, f"{share:.0%}") for group, share in results.shares]
    return table(("CPU of a journey's requests in web (cProfile)", "share"), lines)


def _request_line(results: Results, site: str, kind: str) -> list[str]:
    requests: list[Requests] = [run.requests[kind] for run in results.runs[site]]
    return [
        kind,
        site,
        median_and_range([each.web_cpu_ms for each in requests], "{:.2f} ms"),
        median_and_range([each.database_cpu_ms for each in requests], "{:.2f} ms"),
        *_times([each.taken for each in requests]),
    ]


def _times(taken: Sequence[Sequence[float]]) -> list[str]:
    return [
        median_and_range([1000 * percentile(each, part) for each in taken], "{:.1f} ms")
        for part in (P50, P99)
    ]


def _failures(results: Results) -> str:
    """Return a sentence about every unexpected answer; such journeys are not in the rates."""
    found = [
        f"{site}: {text}, {number} times"
        for site in (*DESIGNS, BARE)
        for text, number in sorted(results.failures(site).items())
    ]
    paid = {site: sum(run.paid for run in results.journeys(site)) for site in DESIGNS}
    counted = " and ".join(f"{number:,} of {site}" for site, number in paid.items())
    if not found:
        return f"Of the paid orders ({counted}) and of all requests, none got an unexpected answer."
    return f"Paid orders: {counted}. Unexpected answers: {'; '.join(found)}."
