"""`make mutants` goes on where it was stopped, as long as nothing has changed that matters."""

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from tests.proof.mutants.mutation import Mutation
from tests.proof.mutants.progress import Progress, states_in

TEST = "tests/payments/test_refresh.py::test_lock"
LOCKS = Mutation("skip the row locks", "payments/locks.py", "lock()", "pass", TEST)
EVENTS = Mutation("write no audit event", "orders/events.py", "write()", "pass", TEST)


def unchanged(_test: str) -> str:
    """Return the state of a repository where nothing changes."""
    return "state"


def test_next_run_knows_what_the_one_before_has_found(tmp_path: Path) -> None:
    before = Progress(tmp_path / "verdicts", unchanged)
    before.keep_green(TEST)
    before.keep(LOCKS, TEST, is_caught=True)
    before.keep(LOCKS, "model.py", is_caught=False)

    after = Progress(tmp_path / "verdicts", unchanged)

    assert after.is_green(TEST)
    assert not after.is_green("model.py")
    assert after.is_caught(LOCKS, TEST) is True
    assert after.is_caught(LOCKS, "model.py") is False
    assert after.is_caught(EVENTS, TEST) is None


def test_line_cut_short_by_a_kill_is_left_out_and_spoils_no_later_one(tmp_path: Path) -> None:
    file = tmp_path / "verdicts"
    Progress(file, unchanged).keep(LOCKS, TEST, is_caught=True)
    file.write_text(f'{file.read_text()}\n{{"mutation": "write no au')
    Progress(file, unchanged).keep(EVENTS, "model.py", is_caught=True)

    progress = Progress(file, unchanged)

    assert progress.is_caught(LOCKS, TEST) is True
    assert progress.is_caught(EVENTS, TEST) is None
    assert progress.is_caught(EVENTS, "model.py") is True


def test_mutation_of_the_same_name_with_another_text_is_unknown(tmp_path: Path) -> None:
    progress = Progress(tmp_path / "verdicts", unchanged)
    progress.keep(LOCKS, TEST, is_caught=True)

    assert progress.is_caught(replace(LOCKS, new="return"), TEST) is None


@pytest.mark.parametrize(
    ("changed", "is_known"),
    [
        ("payments/locks.py", False),
        ("templates/page.html", False),
        ("tests/conftest.py", False),
        ("tests/payments/test_refresh.py", False),
        ("tests/payments/helpers.py", False),
        ("tests/orders/test_other.py", True),
        ("docs/proof.md", True),
    ],
)
def test_verdict_holds_until_the_shop_or_the_tests_folder_changes(
    changed: str, is_known: bool, tmp_path: Path
) -> None:
    repository = tmp_path / "repository"
    for name in (changed, "payments/locks.py", "tests/payments/test_refresh.py"):
        write(repository / name, "before")
    git(repository, "init", "--quiet")
    git(repository, "add", ".")
    Progress(tmp_path / "verdicts", states_in(repository)).keep(LOCKS, TEST, is_caught=True)

    write(repository / changed, "after")
    git(repository, "add", ".")
    progress = Progress(tmp_path / "verdicts", states_in(repository))

    assert (progress.is_caught(LOCKS, TEST) is not None) == is_known


def write(file: Path, text: str) -> None:
    """Write a file and the folders above it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def git(repository: Path, *arguments: str) -> None:
    """Run git. Raises CalledProcessError."""
    subprocess.run(["git", *arguments], cwd=repository, check=True, capture_output=True)
