"""The runs of all sites, what they cost together, and the targets."""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

from tests.bench.stats import percentile
from tests.bench.verdicts import at_least, at_most
from tests.bench.web.measure import CUSTOMERS, FEWER_CUSTOMERS, SESSION, STATUS, Journeys, Run
from tests.bench.web.sites import LOAD, SANDBOX, SHOP

NOT_THE_SITE = (SANDBOX, LOAD)  # SEQR and the customers
JOURNEY_PROCESSES = ("web", "worker", "background")  # the others' statements come with the time


@dataclass
class Results:
    """All runs, by the name of the site."""

    runs: dict[str, list[Run]] = field(default_factory=lambda: defaultdict(list))
    shares: Sequence[tuple[str, float]] = ()  # of the CPU of the shop's requests, by group

    def add(self, site: str, run: Run) -> None:
        """Add a run of a site."""
        self.runs[site].append(run)

    def journeys(self, site: str) -> list[Journeys]:
        """Return the journeys of CUSTOMERS at once, one of each run."""
        return [run.journeys for run in self.runs[site] if run.journeys]

    def fewer(self, site: str) -> list[Journeys]:
        """Return the journeys of FEWER_CUSTOMERS at once, one of each run."""
        return [run.fewer for run in self.runs[site] if run.fewer]

    def statements(self, site: str) -> Mapping[str, float]:
        """Return the statements of a paid order, by process."""
        return self.runs[site][0].statements

    def failures(self, site: str) -> Counter[str]:
        """Return every unexpected answer of a site, by its text."""
        found: Counter[str] = Counter()
        for run in self.runs[site]:
            for part in (run.journeys, run.fewer, *run.requests.values()):
                found += part.failures if part else Counter()
        return found


def site_cpu_ms(cpu_ms: Mapping[str, float]) -> float:
    """Return the CPU of one paid order in all processes of a site, its servers included."""
    return sum(value for name, value in cpu_ms.items() if name not in NOT_THE_SITE)


def journey_statements(statements: Mapping[str, float]) -> float:
    """Return the statements that an order causes; the poller's and Beat's come with the time."""
    return sum(statements.get(name, 0.0) for name in JOURNEY_PROCESSES)


def ratios(
    results: Results, site: str, other: str, value: Callable[[Journeys], float]
) -> Sequence[float]:
    """Return a value of one site divided by that of another, for each run."""
    pairs = zip(results.journeys(site), results.journeys(other), strict=True)
    return [value(mine) / value(theirs) for mine, theirs in pairs]


def targets(results: Results) -> list[tuple[str, str, str]]:
    """Return each target, the median of the runs, and whether it is met."""
    journeys, fewer = results.journeys(SHOP), results.fewer(SHOP)

    def web_cpu(kind: str) -> float:
        return median(run.requests[kind].web_cpu_ms for run in results.runs[SHOP])

    return [
        at_least(
            f"paid orders a second, {CUSTOMERS} customers at once",
            28,
            median(each.paid_per_second for each in journeys),
        ),
        at_most(
            "CPU of a paid order, all processes, ms",
            50,
            median(site_cpu_ms(each.cpu_ms) for each in journeys),
        ),
        at_most("statements of a paid order", 60, journey_statements(results.statements(SHOP))),
        at_most(f"{STATUS}: CPU in web, ms", 2, web_cpu(STATUS)),
        at_most(f"{SESSION}: CPU in web, ms", 4, web_cpu(SESSION)),
        at_most(
            f"status answer, {FEWER_CUSTOMERS} customers at once: p99, ms",
            150,
            median(1000 * percentile(each.steps["status"], 0.99) for each in fewer),
        ),
    ]
