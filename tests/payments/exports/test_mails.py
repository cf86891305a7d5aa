"""Scheduled exports by mail: what a mail says and has, and how its failures are recorded."""

from __future__ import annotations

import smtplib
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.core.mail import EmailMessage
from pytest_django import Settings

from orders.models import Seller
from payments.exports import mail as export_mail
from payments.exports.export import write_file
from payments.models import DeliveryStatus, ExportDelivery, ExportedContent
from tests.payments.exports.schedules import FIRST, NAME, deliver_all, lapse_leases
from tests.sie_reader import read_sie

pytestmark = pytest.mark.django_db


def test_mail_says_what_it_has_and_which_schedule_has_sent_it(
    new_schedule: Any, settings: Settings
) -> None:
    Seller.objects.update(legal_name="Lyktan\n  AB")
    schedule = new_schedule(recipient="books@example.se", folder="")

    deliver_all()

    [message] = mail.outbox
    [(name, _content, content_type)] = message.attachments
    assert (name, content_type) == (NAME.format(schedule.pk), "text/csv")
    assert message.extra_headers["Auto-Submitted"] == "auto-generated"
    assert message.subject == f"Receipts and VAT, Lyktan AB, {FIRST} to {FIRST}"
    assert message.body == (
        f"Receipts and VAT of Lyktan AB, {FIRST} to {FIRST}, as a file.\n\n"
        "The columns are described in the documentation. This mail is sent by a schedule:\n"
        f"{settings.PUBLIC_BASE_URL}/admin/payments/exportschedule/{schedule.pk}/change/\n"
    )


def test_mail_has_the_file_and_the_same_message_id_in_each_attempt(
    new_schedule: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    new_schedule(recipient="books@example.se", folder="", content=ExportedContent.SIE)
    send = EmailMessage.send
    monkeypatch.setattr(EmailMessage, "send", lambda *_: (_ for _ in ()).throw(OSError("away")))
    deliver_all()
    failed = ExportDelivery.objects.get()
    assert (failed.status, failed.attempts) == (DeliveryStatus.WAITING, 1)
    assert failed.last_error == "The mail server did not take the mail (OSError)."

    monkeypatch.setattr(EmailMessage, "send", send)
    lapse_leases()
    deliver_all()
    deliver_all()

    [message] = mail.outbox
    [(name, content, content_type)] = message.attachments
    assert message.to == ["books@example.se"]
    assert name == f"sie-{FIRST}-{FIRST}-{failed.schedule_id}.si"
    assert content_type == "application/octet-stream"
    assert len(read_sie(content).vouchers) == 1
    assert message.extra_headers["Message-ID"] == (
        f"<export-{failed.schedule_id}-{failed.pk}@seqrshop>"
    )
    assert ExportDelivery.objects.get().last_error == ""


@pytest.mark.parametrize("error", [smtplib.SMTPRecipientsRefused({"a@b.se": (550, b"no")})])
def test_failure_does_not_repeat_the_address(
    new_schedule: Any, monkeypatch: pytest.MonkeyPatch, error: Exception, caplog: Any
) -> None:
    new_schedule(recipient="a@b.se", folder="")
    monkeypatch.setattr(EmailMessage, "send", lambda *_: (_ for _ in ()).throw(error))

    deliver_all()

    assert "a@b.se" not in ExportDelivery.objects.get().last_error + caplog.text


@pytest.mark.parametrize("spare_bytes", [0, -1])
def test_file_too_large_for_a_mail_is_refused(
    new_schedule: Any, monkeypatch: pytest.MonkeyPatch, spare_bytes: int
) -> None:
    new_schedule(recipient="books@example.se", folder="")
    sizes: list[int] = []

    def write_and_limit(selection: Any, path: Path, count: Any) -> None:
        write_file(selection, path, count)
        sizes.append(path.stat().st_size)
        monkeypatch.setattr(export_mail, "MAX_ATTACHMENT_BYTES", sizes[0] + spare_bytes)

    monkeypatch.setattr("payments.exports.mail.write_file", write_and_limit)

    deliver_all()

    refusal = (
        f"The file has {sizes[0]}\N{NO-BREAK SPACE}bytes, too much for a mail. Choose a folder."
    )
    assert len(mail.outbox) == (0 if spare_bytes else 1)
    assert ExportDelivery.objects.get().last_error == (refusal if spare_bytes else "")
