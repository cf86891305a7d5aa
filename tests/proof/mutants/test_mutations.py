"""Checks that each mutation of `make mutants` can still be applied."""

from pathlib import Path

import pytest

from tests.proof.mutants.mutation import Mutation
from tests.proof.mutants.mutations import MUTATIONS

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_mutated_text_occurs_once_and_own_test_exists(mutation: Mutation) -> None:
    source = (ROOT / mutation.file).read_text()
    test_file, _, test_name = mutation.test.partition("::")

    assert source.count(mutation.old) == 1
    assert f"def {test_name}" in (ROOT / test_file).read_text()
