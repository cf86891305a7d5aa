"""Each of the shop's statuses with each answer of SEQR's, for ever: an end, or a case."""

from collections.abc import Iterator
from itertools import cycle, product

import pytest
from django.contrib.auth.models import User
from pytest_django import Settings

from payments.gateway import forget_connections
from payments.models import MoneyCase
from tests.fault_proxy import use_seqr_at
from tests.grids import TRIES_ALL
from tests.payments.steps import reloaded
from tests.proof.endless.answers import ANSWERS, NEW_ERS_REFERENCE, Answer, EndlessSeqr
from tests.proof.endless.drive import (
    audit_lines_of_further_rounds,
    close_open_cases,
    is_free,
    run_a_day,
)
from tests.proof.endless.expected import KINDS, expected_outcome, kind_of
from tests.proof.endless.invoices import OUR_STATUSES
from tests.proof.endless.table import DOCUMENT, document


def sample_cells() -> list[tuple[str, Answer]]:
    """Return the cells that `make test` tries: each answer with one of the shop's statuses.

    `make proof` tries every cell.
    """
    return list(zip(cycle(OUR_STATUSES), ANSWERS, strict=False))


CELLS = list(product(OUR_STATUSES, ANSWERS)) if TRIES_ALL else sample_cells()
MAX_FURTHER_LINES = 1  # in 20 seconds, of all failures together


@pytest.fixture
def endless_seqr(settings: Settings) -> Iterator[EndlessSeqr]:
    """A SEQR that gives one answer to every call."""
    with EndlessSeqr() as server:
        use_seqr_at(settings, server.address)
        yield server
    forget_connections()


@pytest.mark.django_db
@pytest.mark.parametrize(("ours", "answer"), CELLS, ids=lambda each: getattr(each, "name", each))
def test_answer_for_ever_leads_to_an_end_or_to_a_case_that_frees_the_customer(
    endless_seqr: EndlessSeqr, boss: User, ours: str, answer: Answer
) -> None:
    outcome = outcome_of(endless_seqr, answer, ours, boss)

    assert outcome == expected_outcome(ours, kind_of(answer))


def outcome_of(endless_seqr: EndlessSeqr, answer: Answer, ours: str, boss: User) -> str:
    """Let a day pass with one answer; return what becomes of the invoice, and of its customer."""
    invoice = OUR_STATUSES[ours]()
    endless_seqr.answer = answer
    endless_seqr.ers_reference = invoice.ers_reference or NEW_ERS_REFERENCE
    run_a_day(invoice)

    assert audit_lines_of_further_rounds() <= MAX_FURTHER_LINES
    ends_by_itself = is_free(invoice)
    status = reloaded(invoice).status
    cases = ", ".join(sorted(open_case_kinds()))
    closed = close_open_cases(boss)
    assert is_free(invoice)
    if ends_by_itself:
        return f"{status}; {cases}" if cases else status
    opened = ", ".join(sorted(set(open_case_kinds()) - set(closed)))
    after = reloaded(invoice).status
    return f"{cases} → {after}; {opened}" if opened else f"{cases} → {after}"


def open_case_kinds() -> list[str]:
    """Return the kinds of the open cases, those about the settings included."""
    return list(MoneyCase.objects.filter(closed_at=None).values_list("kind", flat=True))


def test_sample_has_each_status_and_each_answer() -> None:
    sample = sample_cells()

    assert {ours for ours, _ in sample} == set(OUR_STATUSES)
    assert {answer for _, answer in sample} == set(ANSWERS)


def test_every_answer_is_of_one_kind() -> None:
    assert {kind_of(answer) for answer in ANSWERS} == set(KINDS)


def test_grid_is_in_the_docs() -> None:
    """Renew it by: python -m tests.proof.endless.table."""
    written = DOCUMENT.read_text(encoding="utf-8")

    assert document(written) == written
