"""`make` explains itself, and `make check` and `make test` report the time of each part."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from seqrshop.local import ROOT, check

pytest_plugins = ["pytester"]

PASSING = [sys.executable, "-c", ""]
FAILING = [sys.executable, "-c", "raise SystemExit(3)"]


@pytest.fixture
def _no_linters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "LINTERS", {"a linter": PASSING})


@pytest.mark.usefixtures("_no_linters")
def test_summary_names_each_part_with_its_time(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(check.TESTS, "unit", {"some tests": PASSING})

    exit_code = check.main(["unit"])

    summary = capfd.readouterr().out.partition("── summary\n")[2]
    assert exit_code == 0
    assert re.findall(r"^(\w[\w ]*?)  +(\w+) +\d+\.\d s$", summary, re.MULTILINE) == [
        ("a linter", "passed"),
        ("some tests", "passed"),
        ("all", "passed"),
    ]


@pytest.mark.usefixtures("_no_linters")
def test_failed_part_fails_the_run_and_later_parts_still_run(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(check.TESTS, "unit", {"first": FAILING, "second": PASSING})

    exit_code = check.main(["unit"])

    summary = capfd.readouterr().out.partition("── summary\n")[2]
    assert exit_code == 1
    assert re.search(r"^first +failed \(3\)", summary, re.MULTILINE)
    assert re.search(r"^second +passed", summary, re.MULTILINE)
    assert re.search(r"^all +failed", summary, re.MULTILINE)


@pytest.mark.parametrize(
    ("programs", "missing"),
    [
        ((), "chromium, chromium-headless-shell, curl, php-cli, php-soap, prometheus"),
        (("chromium", "chromium-headless-shell", "curl", "php"), "php-soap, prometheus"),
        (("chromium", "curl", "php"), "chromium-headless-shell, php-soap, prometheus"),
    ],
)
def test_missing_programs_are_named_where_they_cannot_be_installed(
    programs: tuple[str, ...],
    missing: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    for name in programs:
        program = tmp_path / name
        program.write_text("#!/bin/sh\nexit 1\n")  # as PHP without its SOAP extension does
        program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))

    installed = check.ensure_programs()

    assert not installed
    expected = f"The tests need {missing}; install Debian's packages of that name.\n"
    assert capfd.readouterr().err == expected


def test_bare_make_lists_every_target() -> None:
    makefile = (ROOT / "Makefile").read_text()
    targets = re.findall(r"^([a-z-]+):", makefile, re.MULTILINE)

    shown = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True).stdout

    assert re.findall(r"^make ([a-z-]+) +\S", shown, re.MULTILINE) == targets
    assert {"help", "run", "check", "test"} <= set(targets)


def test_unit_tests_are_those_without_browser_commit_or_process(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest

        @pytest.fixture
        def sandbox_process(): ...
        @pytest.fixture
        def transactional_db(): ...

        def test_plain(): ...
        @pytest.mark.django_db
        def test_rolled_back(): ...
        @pytest.mark.django_db(transaction=True)
        def test_committed(): ...
        def test_committed_by_fixture(transactional_db): ...
        def test_at_the_sandbox(sandbox_process): ...
        @pytest.mark.browser
        def test_in_chromium(): ...
        @pytest.mark.slow
        def test_slow(): ...
        """
    )
    pytester.makeini("[pytest]\nmarkers = browser\n    django_db\n    slow\n    unit\n")

    collected = pytester.runpytest(
        *("-p", "no:django", "-p", "tests.suite_plugin", "-m", "unit", "--collect-only", "-q")
    )

    assert re.findall(r"::(test_\w+)", collected.stdout.str()) == ["test_plain", "test_rolled_back"]
