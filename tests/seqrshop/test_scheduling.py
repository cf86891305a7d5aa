"""`make test` assigns files to its processes."""

from types import SimpleNamespace

from seqrshop.local import ROOT
from tests.servers_plugin import LONG_SCOPES, FileScheduling

SHORT_FILE = [f"tests/orders/test_qr.py::test_{number}" for number in range(9)]
BROWSER = ["tests/browser/test_token.py::test_a", "tests/browser/test_faults.py::test_b"]
SEEDS = [f"tests/proof/model_based/test_invariants.py::test_runs[{seed}]" for seed in (1, 2)]
LARGE_REPORT = ["tests/payments/reconciliation/test_large_report.py::test_a"]


class Process:
    """A process of xdist's, which records the tests that it gets to run."""

    def __init__(self, tests: list[str]) -> None:
        self.tests = tests
        self.assigned: list[str] = []
        self.shutting_down = False
        self.gateway = SimpleNamespace(id="gw")  # for a message of xdist's

    def send_runtest_some(self, indexes: list[int]) -> None:
        self.assigned += [self.tests[index] for index in indexes]

    def shutdown(self) -> None:
        self.shutting_down = True


def test_longest_files_start_first_and_browser_tests_share_a_process() -> None:
    tests = [*SHORT_FILE, *LARGE_REPORT, *SEEDS, *BROWSER]
    option = SimpleNamespace(loadscopereorder=True)
    config = SimpleNamespace(option=option, getvalue=lambda _: ["popen"] * 2)
    scheduling = FileScheduling(config, None)
    processes = [Process(tests), Process(tests)]
    for process in processes:
        scheduling.add_node(process)
        scheduling.add_node_collection(process, tests)

    scheduling.schedule()

    first, second = (process.assigned for process in processes)
    assert first[:2] == BROWSER
    assert second[0] == SEEDS[0]
    assert first[2:] + second[1:] == [SEEDS[1], LARGE_REPORT[0]]


def test_every_long_scope_exists() -> None:
    assert [each for each in LONG_SCOPES if each != "browser" and not (ROOT / each).exists()] == []
