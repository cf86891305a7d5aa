"""`export_audit` writes the audit, or a part of it."""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from orders import audit_export
from orders.audit import ChangeSource, by_staff, new_event, record_event
from orders.models import AuditEvent, EventName, Order, SourceName
from payments.call_audit import record_call
from payments.seqr import CallRecord
from tests.factories import OrderFactory

pytestmark = pytest.mark.django_db
BY_TEST = ChangeSource(SourceName.STAFF)


def exported(*options: str) -> str:
    """Return the output of the command."""
    out = io.StringIO()
    call_command("export_audit", *options, stdout=out)
    return out.getvalue()


def rows(*options: str) -> list[dict[str, str]]:
    """Return the lines of the CSV output, by their columns."""
    return list(csv.DictReader(io.StringIO(exported(*options), newline="")))


def add_event(order: Order, detail: str = "", at: str = "") -> AuditEvent:
    """Record an event of an order, perhaps in the past."""
    event = new_event(order, EventName.ORDER_SERVED, BY_TEST, detail=detail)
    if at:
        event.occurred_at = datetime.fromisoformat(at)
    event.save()
    event.refresh_from_db()
    return event


def test_each_event_is_a_line_with_all_its_fields() -> None:
    order, clerk = OrderFactory.create(), User.objects.create_user("astrid")
    record_event(
        order,
        EventName.ORDER_SERVED,
        by_staff(clerk),
        from_state="paid",
        to_state="served",
    )
    record_call(CallRecord("cancelInvoice", "0123abcd", 12, 50, "SEQR said no"), order.pk, BY_TEST)
    served, call = AuditEvent.objects.order_by("id")

    lines = rows()

    assert lines == [
        {
            "id": str(served.pk),
            "occurred_at": served.occurred_at.isoformat(timespec="microseconds"),
            "order": order.number,
            "subject_type": "order",
            "subject": order.number,
            "event": "order_served",
            "from": "paid",
            "to": "served",
            "source": "staff",
            "actor": "astrid",
            "detail": "",
            "result_code": "",
            "duration_ms": "",
        },
        {
            "id": str(call.pk),
            "occurred_at": call.occurred_at.isoformat(timespec="microseconds"),
            "order": order.number,
            "subject_type": "call",
            "subject": "0123abcd",
            "event": "cancelInvoice",
            "from": "",
            "to": "",
            "source": "staff",
            "actor": "",
            "detail": "SEQR said no",
            "result_code": "50",
            "duration_ms": "12",
        },
    ]


def test_time_has_microseconds_and_a_zone() -> None:
    add_event(OrderFactory.create(), at="2026-07-01T12:00:00.000500+02:00")

    assert rows()[0]["occurred_at"] == "2026-07-01T10:00:00.000500+00:00"


def test_json_lines_hold_numbers_and_null_for_empty_fields() -> None:
    record_call(
        CallRecord("getClientSessionInfo", "0123abcd", 12, None, "Å, inget svar"), None, BY_TEST
    )

    (line,) = exported("--format", "jsonl").splitlines()

    call = json.loads(line)
    assert list(call) == list(audit_export.COLUMNS)
    assert (call["duration_ms"], call["result_code"], call["order"]) == (12, None, None)
    assert "Å, inget svar" in line


@pytest.mark.parametrize("prefix", ["=", "+", "-", "@", "\t", "\r", " =", '"='])
def test_csv_escapes_formulas(prefix: str) -> None:
    formula = f'{prefix}HYPERLINK("http://x.example", "räkna")'
    add_event(OrderFactory.create(), detail=formula)

    assert rows()[0]["detail"] == f"'{formula}"
    assert json.loads(exported("--format", "jsonl"))["detail"] == formula


@pytest.mark.parametrize("separator", [";", "|", "\t", "\n", "; ", ';"', '| "'])
@pytest.mark.parametrize("prefix", ["=", "+", "-", "@", "＝"])
def test_csv_escapes_formulas_where_a_spreadsheet_separates_cells_otherwise(
    separator: str, prefix: str
) -> None:
    """In Sweden, Excel separates cells by semicolons."""
    add_event(OrderFactory.create(), detail=f"cold{separator}{prefix}1+1")

    detail = rows()[0]["detail"]

    cell = re.split(r"[;|\t\n]", detail, maxsplit=1)[1]
    assert cell == f"'{separator[1:]}{prefix}1+1"


def test_csv_leaves_other_texts_unchanged() -> None:
    add_event(OrderFactory.create(), detail="5 - 3 = 2; see row 7 | 2026-07-02, +46 70")

    assert rows()[0]["detail"] == "5 - 3 = 2; see row 7 | 2026-07-02, +46 70"


def test_order_option_selects_by_order_number() -> None:
    order, other = OrderFactory.create(), OrderFactory.create()
    add_event(order, "of this order")
    add_event(other, "of another")

    assert [line["detail"] for line in rows("--order", order.number)] == ["of this order"]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--since", "2026-07-02"], ["on the 2nd", "late on the 2nd", "on the 3rd"]),
        (["--until", "2026-07-02"], ["on the 1st", "on the 2nd", "late on the 2nd"]),
        (["--since", "2026-07-02", "--until", "2026-07-02"], ["on the 2nd", "late on the 2nd"]),
        (["--since", "0001-01-01", "--until", "9999-12-31"], None),
    ],
)
def test_since_and_until_select_whole_days_in_stockholm(
    options: list[str], expected: list[str] | None
) -> None:
    order = OrderFactory.create()
    add_event(order, "on the 1st", at="2026-07-01T21:59:59.999999+00:00")
    add_event(order, "on the 2nd", at="2026-07-01T22:00:00+00:00")
    add_event(order, "late on the 2nd", at="2026-07-02T21:59:59.999999+00:00")
    add_event(order, "on the 3rd", at="2026-07-02T22:00:00+00:00")

    events = [line["detail"] for line in rows(*options)]

    assert events == (expected or ["on the 1st", "on the 2nd", "late on the 2nd", "on the 3rd"])


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--order", "latte"], "argument --order: 'latte' is not an order's number such as 1005."),
        (["--order", "-5"], "argument --order: "),
        (["--order", "999999999999999"], "argument --order: there is no order 999999999999999."),
        (
            ["--since", "yesterday"],
            "argument --since: 'yesterday' is not a day such as 2026-11-23.",
        ),
        (["--until", "2026-02-30"], "argument --until: '2026-02-30' is not a day such as"),
        (["--format", "xlsx"], "argument --format: invalid choice: 'xlsx'"),
        (
            ["--since", "2026-07-02", "--until", "2026-07-01"],
            "--since: 2026-07-02 is later than --until, 2026-07-01.",
        ),
    ],
)
def test_invalid_option_is_refused_by_name(options: list[str], sentence: str) -> None:
    with pytest.raises(CommandError) as caught:
        exported(*options)

    assert sentence in str(caught.value)


def test_refused_option_sets_the_exit_status() -> None:
    command = [sys.executable, "manage.py", "export_audit", "--since", "yesterday"]

    run = subprocess.run(
        command,
        cwd=Path(audit_export.__file__).parent.parent,
        capture_output=True,
        text=True,
        check=False,
    )

    assert run.returncode != 0
    assert run.stdout == ""
    assert "argument --since: 'yesterday' is not a day such as 2026-11-23." in run.stderr


def test_long_audit_is_read_in_batches_of_one_query(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_export, "READ_BATCH_SIZE", 10)
    order = OrderFactory.create()
    for _ in range(25):
        add_event(order)
    parts = audit_export.csv_lines(AuditEvent.objects.all())

    with CaptureQueriesContext(connection) as queries:
        first = [next(parts), next(parts)]
    reads = [each["sql"] for each in queries if "orders_auditevent" in each["sql"]]
    rest = list(parts)

    assert len("".join([*first, *rest]).splitlines()) == 26
    assert (len(reads), len(rest)) == (1, 2)
    assert "LIMIT 10" in reads[0]


def test_export_reads_no_table_beside_the_audit_but_once_for_its_users(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(audit_export, "READ_BATCH_SIZE", 10)
    order, clerk = OrderFactory.create(), User.objects.create_user("astrid")
    for _ in range(25):
        record_event(order, EventName.ORDER_SERVED, by_staff(clerk))

    with CaptureQueriesContext(connection) as queries:
        text = "".join(audit_export.csv_lines(AuditEvent.objects.all()))

    others = [each["sql"] for each in queries if "FROM" in each["sql"]]
    assert len([sql for sql in others if "orders_auditevent" not in sql]) == 1
    assert not any("JOIN" in sql for sql in others)
    assert text.count("astrid") == 25
