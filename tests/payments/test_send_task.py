"""The task that sends an invoice tries twice more, and then leaves it to recovery."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from celery.exceptions import Retry

from payments import tasks
from payments.invoices import send
from payments.seqr import SeqrAuthenticationError, SeqrError, SeqrUnavailable

AWAY = SeqrUnavailable("sendInvoice", "no connection")
REFUSED = SeqrAuthenticationError("sendInvoice", "SEQR answered 10.", 10)


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[SeqrError]:
    """The errors with which each sending fails, the next one first."""
    errors: list[SeqrError] = []

    def fail(_invoice_id: int) -> None:
        raise errors.pop(0)

    monkeypatch.setattr(send, "send_invoice", fail)
    return errors


@pytest.mark.parametrize(("retries", "countdown"), [(0, 1), (1, 2)])
def test_invoice_is_sent_again_after_a_pause(
    sent: list[SeqrError], monkeypatch: pytest.MonkeyPatch, retries: int, countdown: int
) -> None:
    sent.append(AWAY)
    given: dict[str, Any] = {}

    def retry(**options: Any) -> Retry:
        given.update(options)
        return Retry()

    monkeypatch.setattr(tasks.send_invoice, "retry", retry)
    tasks.send_invoice.push_request(retries=retries)
    try:
        with pytest.raises(Retry):
            tasks.send_invoice.run(7)
    finally:
        tasks.send_invoice.pop_request()

    assert given == {"countdown": countdown, "exc": AWAY}


def test_third_failure_is_left_to_recovery(
    sent: list[SeqrError], caplog: pytest.LogCaptureFixture
) -> None:
    sent += [AWAY] * 3

    result = tasks.send_invoice.apply((7,))

    assert (result.state, sent) == ("SUCCESS", [])
    assert [each for each in caplog.messages if each.startswith("invoice")] == [
        f"invoice 7: {AWAY}"
    ]


def test_refusal_of_our_settings_waits_for_a_person(
    sent: list[SeqrError], caplog: pytest.LogCaptureFixture
) -> None:
    sent += [REFUSED, REFUSED]

    result = tasks.send_invoice.apply((7,))

    assert (result.state, len(sent)) == ("SUCCESS", 1)
    [record] = [each for each in caplog.records if each.name == "payments.tasks"]
    assert record.levelno == logging.ERROR
    assert record.getMessage() == f"invoice 7 waits for a person: {REFUSED}"
