"""`make lint` refuses the words that the glossary replaces."""

from pathlib import Path

import pytest

from seqrshop.local import vocabulary


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty repository."""
    monkeypatch.setattr(vocabulary, "ROOT", tmp_path)
    return tmp_path


def test_unwanted_words_are_reported_with_their_line_and_the_word_to_use(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (root / "docs").mkdir()
    (root / "docs" / "page.md").write_text("An invoice.\nA Bill, and a_swept_row.\n")

    exit_code = vocabulary.main()

    assert exit_code == 1
    assert capsys.readouterr().out.splitlines() == [
        "docs/page.md:2: 'Bill' → invoice",
        "docs/page.md:2: 'swept' → recovery",
    ]


def test_longer_words_and_the_glossary_itself_are_not_reported(root: Path) -> None:
    (root / "docs").mkdir()
    (root / "docs" / "glossary.md").write_text("not bill, but invoice\n")
    (root / "README.md").write_text("billing, a deadline, the desktop, a newsletter\n")

    assert vocabulary.main() == 0
