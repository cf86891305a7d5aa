"""Mails a scheduled export as an attachment."""

from pathlib import Path
from tempfile import TemporaryDirectory

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.translation import gettext

from payments.exports.export import CONTENT_TYPES, write_file
from payments.exports.problem import ExportProblem
from payments.exports.record import RowCount
from payments.exports.selection import Selection
from payments.models import ExportDelivery

MAX_ATTACHMENT_BYTES = 15 * 1024 * 1024  # mail servers refuse messages above 20 to 25 MB


def send_export(delivery: ExportDelivery, selection: Selection, name: str, count: RowCount) -> None:
    """Send a delivery's file to its recipient, and count its rows.

    Raises ExportProblem, and OSError and SMTPException; the text of some of them has the address.
    """
    with TemporaryDirectory() as directory:
        path = Path(directory) / name
        write_file(selection, path, count)
        size = path.stat().st_size
        if size > MAX_ATTACHMENT_BYTES:
            sentence = gettext("The file has %(size)s, too much for a mail. Choose a folder.")
            raise ExportProblem(sentence % {"size": filesizeformat(size)})
        content = path.read_bytes()
    _message(delivery, selection, name, content).send()


def _message(
    delivery: ExportDelivery, selection: Selection, name: str, content: bytes
) -> EmailMessage:
    schedule = delivery.schedule
    words = {
        "content": schedule.get_content_display(),
        "seller": " ".join(str(schedule.seller).split()),  # a line break would end the header
        "first": delivery.first,
        "last": delivery.last,
        "page": settings.PUBLIC_BASE_URL
        + reverse("admin:payments_exportschedule_change", args=[schedule.pk]),
    }
    body = gettext(
        "%(content)s of %(seller)s, %(first)s to %(last)s, as a file.\n\n"
        "The columns are described in the documentation. This mail is sent by a schedule:\n%(page)s"
    )
    message = EmailMessage(
        subject=gettext("%(content)s, %(seller)s, %(first)s to %(last)s") % words,
        body=body % words + "\n",
        to=[schedule.recipient],
        # The same for each attempt, so that mail programs show a mail sent twice as one.
        headers={
            "Message-ID": f"<export-{schedule.pk}-{delivery.pk}@seqrshop>",
            "Auto-Submitted": "auto-generated",
        },
    )
    content_type = CONTENT_TYPES[selection.extension].partition(";")[0]
    message.attach(name, content, content_type)
    return message
