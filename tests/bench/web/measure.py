"""Measures one site: whole journeys, single requests, CPU and statements by process."""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count

import psutil
import psycopg

from tests.bench.machine import cpu_seconds
from tests.bench.web.load_process import Customers, LoadProcess
from tests.bench.web.sites import BARE, LOAD, POSTGRESQL, Machine, Site
from tests.bench.web.statements import log_statements

CUSTOMERS = 40
FEWER_CUSTOMERS = 20
WARM_UP_SECONDS = 4.0
RAMP_SECONDS = 2.0  # until customers are at all steps of their journeys
JOURNEYS_SECONDS = 14.0
FEWER_SECONDS = 14.0
STATEMENTS_SECONDS = 4.0
PROFILE_SECONDS = 12.0
RECEIPTS_SECONDS = 30.0
WARM_UP_REQUESTS = 60
REQUESTS = 400
POLLS = 2_000
STATUS, SESSION, PAGE, LIVE = (
    "`GET /orders/<id>`",
    "`POST session` of a known token",
    "the order page",
    "`/health/live`",
)
BARE_PAGE = "a bare page"
POLLING = f"status, {FEWER_CUSTOMERS} customers who only poll"

_first_numbers = count(100_000, 100_000)  # of the customers of each run


@dataclass(frozen=True)
class Journeys:
    """Whole journeys by a number of customers at once. Times in seconds."""

    customers: int
    paid: int
    paid_per_second: float
    cpu_ms: Mapping[str, float]  # for each paid order, by the kind of process
    seconds: Sequence[float]  # of each journey, from the scan until the page shows it paid
    steps: Mapping[str, Sequence[float]]
    failures: Counter[str]


@dataclass(frozen=True)
class Requests:
    """Single requests of a kind. Times in seconds, CPU in milliseconds for each request."""

    taken: Sequence[float]
    web_cpu_ms: float
    database_cpu_ms: float
    failures: Counter[str]


@dataclass
class Run:
    """What was measured of one site in one run."""

    journeys: Journeys | None = None
    fewer: Journeys | None = None
    requests: dict[str, Requests] = field(default_factory=dict)
    statements: Mapping[str, float] = field(default_factory=dict)  # for each paid order
    statuses: float = 0.0  # status requests for each paid order, while statements were counted


def measure(machine: Machine, site: Site, *, with_statements: bool) -> Run:
    """Warm a site up, measure it, and leave nothing unfinished."""
    with LoadProcess(
        _customers_of(machine, site), machine.folder / "load.log", machine.env
    ) as load:
        bench = Bench(machine, site, load)
        if site.name == BARE:
            return Run(requests={BARE_PAGE: bench.requests("/bare", REQUESTS)})
        bench.journeys(CUSTOMERS, WARM_UP_SECONDS)
        run = Run(
            journeys=bench.journeys(CUSTOMERS, JOURNEYS_SECONDS),
            fewer=bench.journeys(FEWER_CUSTOMERS, FEWER_SECONDS),
        )
        if with_statements:
            run.statements, run.statuses = bench.statements()
        load.run("arrive", customers=FEWER_CUSTOMERS)
        run.requests = {
            STATUS: bench.requests("status", REQUESTS),
            SESSION: bench.requests("session", REQUESTS),
            PAGE: bench.requests(f"/{site.slug}/order", REQUESTS),
            LIVE: bench.requests("/health/live", REQUESTS),
            POLLING: bench.requests("status", POLLS, parallel=FEWER_CUSTOMERS),
        }
        load.run("leave")
        return run


def profile(machine: Machine, site: Site) -> None:
    """Let one customer after the other visit a site whose requests are profiled."""
    with LoadProcess(
        _customers_of(machine, site), machine.folder / "load.log", machine.env
    ) as load:
        load.run("visit", customers=1, seconds=PROFILE_SECONDS)


def _customers_of(machine: Machine, site: Site) -> Customers:
    return Customers(
        site.port, machine.sandbox.port, site.slug, site.service_id, next(_first_numbers)
    )


class Bench:
    """The processes of one site while it is measured."""

    def __init__(self, machine: Machine, site: Site, load: LoadProcess) -> None:
        self._site = site
        self._load = load
        self._log = machine.postgres_log
        self._processes = {**site.processes, **machine.shared, LOAD: load.process}

    def journeys(self, customers: int, seconds: float) -> Journeys:
        """Let customers make journeys; count until all receipts are submitted."""
        before = _cpu(self._processes)
        result = self._load.run("visit", customers=customers, seconds=seconds)
        failures = Counter(result["failures"])
        if left := self._wait_for_receipts():
            failures[f"receipt: not submitted within {RECEIPTS_SECONDS:.0f} s"] += left
        after = _cpu(self._processes)
        paid = len(result["paid_at"])
        if not paid:
            raise RuntimeError(f"{self._site.name}: no order was paid: {dict(failures)}")
        return Journeys(
            customers=customers,
            paid=paid,
            paid_per_second=rate(result["paid_at"], RAMP_SECONDS, seconds),
            cpu_ms={name: 1000 * (after[name] - before[name]) / paid for name in before},
            seconds=result["journeys"],
            steps=result["steps"],
            failures=failures,
        )

    def statements(self) -> tuple[dict[str, float], float]:
        """Count the statements of each paid order by process, and its status requests."""
        with log_statements(self._site.database_url, self._log) as log:
            journeys = self.journeys(CUSTOMERS, STATEMENTS_SECONDS)
        counted = log.by_name()
        return (
            {name: counted[name] / journeys.paid for name in self._site.processes},
            len(journeys.steps["status"]) / journeys.paid,
        )

    def requests(self, kind: str, number: int, *, parallel: int = 1) -> Requests:
        """Send requests of a kind, after some that are not counted."""
        self._load.run("request", kind=kind, count=WARM_UP_REQUESTS, parallel=parallel)
        before = _cpu(self._processes)
        result = self._load.run("request", kind=kind, count=number, parallel=parallel)
        after = _cpu(self._processes)
        return Requests(
            taken=result["taken"],
            web_cpu_ms=1000 * (after["web"] - before["web"]) / number,
            database_cpu_ms=1000 * (after[POSTGRESQL] - before[POSTGRESQL]) / number,
            failures=Counter(result["failures"]),
        )

    def _wait_for_receipts(self) -> int:
        """Wait until no paid order lacks its receipt; return how many still do at the end."""
        deadline = time.monotonic() + RECEIPTS_SECONDS
        with psycopg.connect(
            self._site.database_url, autocommit=True, application_name="bench"
        ) as connection:
            while True:
                row = connection.execute(self._site.unfinished.encode()).fetchone()
                left = int(row[0]) if row else 0
                if not left or time.monotonic() > deadline:
                    return left
                time.sleep(0.2)


def rate(at: Sequence[float], begin: float, end: float) -> float:
    """Return how many of these times a second lie between two times."""
    return sum(begin <= each < end for each in at) / (end - begin)


def _cpu(processes: Mapping[str, psutil.Process]) -> dict[str, float]:
    return {name: cpu_seconds(process) for name, process in processes.items()}
