"""Each fault that `make mutants` plants can still be planted."""

from pathlib import Path

import pytest

from tests.proof.mutants.mutations import MUTANTS, Mutant

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_faults_text_stands_once_in_its_file_and_its_own_test_is_there(mutant: Mutant) -> None:
    source = (ROOT / mutant.file).read_text()
    test_file, _, test_name = mutant.test.partition("::")

    assert source.count(mutant.old) == 1
    assert not mutant.test or f"def {test_name}" in (ROOT / test_file).read_text()
