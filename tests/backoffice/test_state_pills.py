"""The colours of states: which need somebody, and which are in progress."""

from __future__ import annotations

import re

import pytest
from django.db.models import TextChoices

from orders.models import OrderState
from payments.models import InvoiceStatus, PeriodStatus, RefundStatus
from seqrshop.backoffice.state_pills import pill, word_pill


def states_by_tone(states: type[TextChoices]) -> dict[str, str]:
    """Return the values of the states that each tone marks, but for the muted ones."""
    found: dict[str, list[str]] = {}
    for state in states:
        marked = re.fullmatch(r'<span class="pill pill-(\w+)">(.+)</span>', pill(state))
        assert marked is not None
        assert marked[2] == state.label
        found.setdefault(marked[1], []).append(state.value.lower())
    found.pop("muted")
    return {tone: " ".join(values) for tone, values in found.items()}


@pytest.mark.parametrize(
    ("states", "tones"),
    [
        (
            OrderState,
            {
                "busy": "created sending awaiting_payment cancel_pending",
                "ok": "paid preparing ready",
                "bad": "failed needs_attention",
                "warn": "partly_refunded",
            },
        ),
        (
            RefundStatus,
            {
                "warn": "requested",
                "busy": "created sending",
                "ok": "refunded",
                "bad": "rejected unknown",
            },
        ),
        (PeriodStatus, {"busy": "marking marked", "ok": "reconciled", "bad": "lost"}),
    ],
)
def test_state_that_is_not_over_has_a_colour(
    states: type[TextChoices], tones: dict[str, str]
) -> None:
    assert states_by_tone(states) == tones


def test_payment_that_somebody_has_to_look_at_is_red() -> None:
    tones = states_by_tone(InvoiceStatus)

    assert tones["ok"] == "paid"
    assert tones["warn"] == "partially_paid"
    assert set(tones["bad"].split()) == {"needs_attention", "duplicate", "failed"}
    assert set(tones["busy"].split()) == {
        "created",
        "sending",
        "issued",
        "pending_issuer_acknowledge",
        "reserved",
        "cancel_pending",
    }


def test_word_of_a_pill_is_escaped() -> None:
    assert word_pill("bad", "<b>") == '<span class="pill pill-bad">&lt;b&gt;</span>'
