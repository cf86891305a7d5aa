"""An interrupted `make mutants` goes on where it was stopped."""

from pathlib import Path

from tests.proof.mutants.progress import Progress


def test_next_run_knows_what_the_one_before_has_found(tmp_path: Path) -> None:
    file = tmp_path / "commit.jsonl"
    before = Progress(file)
    before.keep_green("own test")
    before.keep("skip the row locks", "own test", is_caught=True)
    before.keep("skip the row locks", "model-based test", is_caught=False)

    after = Progress(file)

    assert after.is_green("own test")
    assert not after.is_green("model-based test")
    assert after.is_caught("skip the row locks", "own test") is True
    assert after.is_caught("skip the row locks", "model-based test") is False
    assert after.is_caught("write no audit event", "own test") is None


def test_line_cut_short_by_a_kill_is_left_out_and_spoils_no_later_one(tmp_path: Path) -> None:
    file = tmp_path / "commit.jsonl"
    Progress(file).keep("skip the row locks", "own test", is_caught=True)
    file.write_text(f'{file.read_text()}\n{{"mutation": "write no au')
    Progress(file).keep("do not update the order", "own test", is_caught=True)

    progress = Progress(file)

    assert progress.is_caught("skip the row locks", "own test") is True
    assert progress.is_caught("write no audit event", "own test") is None
    assert progress.is_caught("do not update the order", "own test") is True
