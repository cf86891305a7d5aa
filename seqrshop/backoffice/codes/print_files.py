"""Print files: proposed with the codes that a person chose, then made in the background."""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Iterable
from datetime import timedelta

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from orders.audit import by_staff, record_file_event
from orders.codes.prints import latest_revisions
from orders.codes.sheets import CodeNotReadable, make_file
from orders.models import EventName, PrintFile, PrintFileStatus, PrintLayout, QrCode
from payments.leases import LEASE
from seqrshop.backoffice.bulk.of_menu import CHANGE_CODE_PERMISSION
from seqrshop.backoffice.shop_scope import rows_of_person

logger = logging.getLogger(__name__)

MAX_CODES = 1_000
LEASE_DURATION = timedelta(minutes=2)  # the PDF of 1,000 codes is written in less
SAVE_SECONDS = 1.0  # between two savings of the progress
FILE_LIFETIME = timedelta(days=7)


class TakenOver(Exception):
    """Another process makes the file, or it is no longer wanted."""


def propose_file(person: User, codes: Iterable[int]) -> PrintFile:
    """Store the codes that a person wants to print."""
    return PrintFile.objects.create(created_by=person, code_ids=list(codes))


def forget_old_files() -> None:
    """Delete the files of more than a week ago, with their content."""
    PrintFile.objects.filter(created_at__lt=Now() - FILE_LIFETIME).delete()


def start_file(file_id: int, layout: PrintLayout, size_mm: int) -> bool:
    """Start to make a file, or to make it again in another form. The caller enqueues it.

    Returns False if it is being made.
    """
    idle = PrintFile.objects.filter(pk=file_id).exclude(status=PrintFileStatus.RUNNING)
    return bool(
        idle.update(
            status=PrintFileStatus.RUNNING,
            layout=layout,
            size_mm=size_mm,
            steps=0,
            steps_done=0,
            content=None,
            lease_until=None,
        )
    )


def files_to_resume() -> list[int]:
    """Return the IDs of the files that should be made, and that no process works on."""
    running = PrintFile.objects.filter(LEASE.lapsed_at(Now()), status=PrintFileStatus.RUNNING)
    return list(running.values_list("pk", flat=True))


def make_print_file(file_id: int) -> None:
    """Make a file, unless another process does. If this process is killed, another starts anew.

    Takes the codes that are in the person's shops now, as last generated.
    """
    runner = uuid.uuid4()
    free = PrintFile.objects.filter(LEASE.lapsed_at(Now()), status=PrintFileStatus.RUNNING)
    if not free.filter(pk=file_id).update(runner=runner, lease_until=Now() + LEASE_DURATION):
        return
    own = PrintFile.objects.filter(pk=file_id, runner=runner, status=PrintFileStatus.RUNNING)
    file = PrintFile.objects.select_related("created_by").get(pk=file_id)
    try:
        _make(file, own)
    except TakenOver:
        return
    except CodeNotReadable as error:
        logger.error("print file %s cannot be read back: %s", file_id, error)
        _end(own, PrintFileStatus.FAILED)
    except Exception:  # the person who waits must not wait for ever
        logger.exception("print file %s could not be made", file_id)
        _end(own, PrintFileStatus.FAILED)


def _make(file: PrintFile, own: QuerySet[PrintFile]) -> None:
    saved_at = time.monotonic()

    def progress(done: int, steps: int) -> None:
        nonlocal saved_at
        if time.monotonic() - saved_at < SAVE_SECONDS:
            return
        saved_at = time.monotonic()
        renewed = Now() + LEASE_DURATION
        if not own.update(steps=steps, steps_done=done, lease_until=renewed):
            raise TakenOver

    codes = QrCode.objects.filter(pk__in=file.code_ids)
    revisions = list(latest_revisions(rows_of_person(file.created_by, codes)))
    if not (revisions and file.created_by.has_perm(CHANGE_CODE_PERMISSION)):
        _end(own, PrintFileStatus.FAILED)
        return
    content = make_file(PrintLayout(file.layout), file.size_mm, revisions, progress)
    detail = f"codes: {len(revisions)}; {file.layout.lower()}, {file.size_mm} mm"
    revision_ids = [revision.pk for revision in revisions]
    with transaction.atomic():
        if _end(own, PrintFileStatus.READY, content=content, revision_ids=revision_ids):
            source = by_staff(file.created_by)
            name = file_name_of(file)
            record_file_event(name, EventName.PRINT_FILE_MADE, source, detail=detail)


def file_name_of(file: PrintFile) -> str:
    """Return the name under which a file is downloaded."""
    return f"codes-{file.pk}.{'zip' if file.layout == PrintLayout.IMAGES else 'pdf'}"


def _end(own: QuerySet[PrintFile], status: PrintFileStatus, **values: object) -> bool:
    return bool(own.update(status=status, ended_at=Now(), lease_until=None, **values))
