"""The tests that run a line, measured by running the suite once."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from coverage import CoverageData

from tests.proof.mutation.fault import Fault
from tests.proof.mutation.source_lines import (
    is_run_by_import,
    is_run_once,
    lines_of_function,
)

PLUGIN = "tests.proof.mutation.coverage_plugin"
DATA_FILE = ".coverage"
OPTIONS = ("-q", "-rfE", "--tb=no", "-p", PLUGIN)
FAILED_TEST = re.compile(r"^(?:FAILED|ERROR) (\S+::.+?)(?: - .*)?$", re.MULTILINE)


class LineMap:
    """Which tests have run which lines, in copies of the repository that share the tests."""

    def __init__(self, copies: Sequence[Path]) -> None:
        self._data: list[tuple[Path, CoverageData]] = []
        for copy in copies:
            data = CoverageData(str(copy / DATA_FILE))
            data.read()
            self._data.append((copy, data))

    def tests_running(self, fault: Fault) -> set[str]:
        """Return the tests that ran the line of a fault, or the function around it.

        A line within a statement of several lines, or of a decorator, counts as the function's.
        Returns none for other code that runs when its module is imported: a test that happens to
        import it first is no better than any other. Code that a process runs once counts as run by
        each test that ran the file: the later ones use its result.
        """
        by_line = self._by_line(fault.file)
        tree = ast.parse(fault.before)
        if is_run_once(tree, fault.line):
            return set[str]().union(*by_line.values())
        if fault.line in by_line and not is_run_by_import(tree, fault.line):
            return by_line[fault.line]
        lines = lines_of_function(tree, fault.line)
        return set[str]().union(*(by_line.get(each, set()) for each in lines))

    def _by_line(self, file: str) -> dict[int, set[str]]:
        by_line: dict[int, set[str]] = {}
        for copy, data in self._data:
            for line, contexts in data.contexts_by_lineno(str(copy / file)).items():
                if tests := {context for context in contexts if context}:
                    by_line.setdefault(line, set()).update(tests)
        return by_line


def measure_lines(copies: Sequence[Path], tests: Sequence[str]) -> tuple[LineMap, set[str]]:
    """Run the tests once, shared out among copies of the repository.

    Return what each ran, and the tests that failed, which prove nothing about a fault.
    """
    reports = [(copy / "pytest.txt").open("w+") for copy in copies]
    runs = [
        subprocess.Popen(
            [*_coverage(), "-m", "pytest", *OPTIONS, *tests[place :: len(copies)]],
            cwd=copy,
            stdout=report,
        )
        for place, (copy, report) in enumerate(zip(copies, reports, strict=True))
    ]
    failed = set[str]()
    for run, report in zip(runs, reports, strict=True):
        run.wait()
        report.seek(0)
        failed |= {test.partition("[")[0] for test in FAILED_TEST.findall(report.read())}
        report.close()
    return LineMap(copies), failed


def _coverage() -> list[str]:
    options = ["--data-file", DATA_FILE, "--source", "orders,payments,seqrshop"]
    return [sys.executable, "-m", "coverage", "run", *options]
