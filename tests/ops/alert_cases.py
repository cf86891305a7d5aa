"""For each alert, the samples at which it fires, and samples close to them at which it does not.

Series are in promtool's notation: `9x60` is sixty-one samples of 9, `0+1x60` counts up. A sample is
taken, and the rules are evaluated, every 2 seconds; the clock starts at 1970.
"""

from __future__ import annotations

from dataclasses import dataclass

DAY = 86400
MINUTE, HOUR = 30, 1800  # in samples


@dataclass(frozen=True)
class Case:
    """Series, and whether an alert fires so many samples after their beginning.

    `quiet` are series that replace or add to these: with them the alert does not fire.
    """

    alert: str
    series: dict[str, str]
    after: int
    quiet: dict[str, str]


def steady(value: float, samples: int = 2 * HOUR) -> str:
    """Return a series that keeps its value."""
    return f"{value:g}x{samples}"


def rising(a_second: float, samples: int = 2 * HOUR) -> str:
    """Return a counter that rises so much each second."""
    return f"0+{2 * a_second:g}x{samples}"


SHARD = '{shard="0"}'
OPEN = {f"seqr_open_invoices{SHARD}": steady(1)}
NONE_OPEN = {f"seqr_open_invoices{SHARD}": steady(0)}
SERVERS = {"seqrshop_postgresql_up": steady(1), "seqrshop_redis_up": steady(1)}
ANSWERED = 'seqr_calls_total{operation="sendInvoice",code="0",terminal="T1"}'
UNANSWERED = 'seqr_calls_total{operation="sendInvoice",code="none",terminal="T1"}'
SERVED = 'seqrshop_http_requests_total{route="order",method="GET",status="200"}'
FAILED = 'seqrshop_http_requests_total{route="order",method="GET",status="500"}'
OVERLOADED = 'seqrshop_http_requests_total{route="overloaded",method="GET",status="503"}'
RECOVERY = '{task="payments.tasks.run_recovery"}'
EXPORTS = '{task="payments.tasks.deliver_exports"}'
LAST_SUCCESS = "seqrshop_task_last_success_timestamp_seconds"
INTERVAL = "seqrshop_task_interval_seconds"
VERIFIED = f'{LAST_SUCCESS}{{task="verify_audit"}}'


def buckets(name: str, labels: str, bound: str, above: bool) -> dict[str, str]:
    """Return a histogram of one duration a second, below this bound or above it."""
    counts = {bound: 0.0 if above else 1.0, "10.0": 1.0, "+Inf": 1.0}
    return {f'{name}_bucket{{{labels}le="{le}"}}': rising(count) for le, count in counts.items()}


def cases_open(kind: str, count: int) -> dict[str, str]:
    """Return the series of a kind of case."""
    return {f'seqrshop_cases_open{{kind="{kind}"}}': steady(count)}


def gauge(name: str, value: float) -> dict[str, str]:
    """Return the series of a gauge that keeps its value."""
    return {name: steady(value)}


CASES = [
    Case(
        "InvoiceUnasked",
        OPEN | gauge(f"seqr_oldest_answer_age_seconds{SHARD}", 8.5),
        1,
        gauge(f"seqr_oldest_answer_age_seconds{SHARD}", 7.5),
    ),
    Case(
        "InvoiceUnasked",
        OPEN | gauge(f"seqr_oldest_answer_age_seconds{SHARD}", 30),
        1,
        NONE_OPEN,
    ),
    Case(
        "PollerStalled",
        OPEN | gauge(f"seqr_round_age_seconds{SHARD}", 8.5),
        1,
        gauge(f"seqr_round_age_seconds{SHARD}", 7.5),
    ),
    Case("PollerStalled", OPEN, 1, NONE_OPEN),
    Case(
        "InvoicesUnread",
        OPEN | gauge(f"seqr_read_age_seconds{SHARD}", 8.5),
        1,
        gauge(f"seqr_read_age_seconds{SHARD}", 7.5),
    ),
    Case(
        "PollerAway",
        SERVERS
        | gauge('seqr_round_age_seconds{shard="0"}', 31)
        | gauge('seqr_round_age_seconds{shard="1"}', 40),
        6,
        gauge('seqr_round_age_seconds{shard="1"}', 1),
    ),
    Case("PollerAway", SERVERS, 6, {name: steady(0) for name in SERVERS}),
    Case(
        "PaymentReversed",
        {'seqrshop_reversals_total{shop="lyktan"}': "3x30 4x30"},
        35,
        {'seqrshop_reversals_total{shop="lyktan"}': "3x60"},
    ),
    Case(
        "PaymentRecordedLate",
        buckets("seqrshop_payment_recording_seconds", "", "5.0", above=True),
        3 * MINUTE,
        buckets("seqrshop_payment_recording_seconds", "", "5.0", above=False),
    ),
    Case(
        "InvoicesUnsent",
        gauge("seqrshop_invoices_unsent", 1),
        2 * MINUTE,
        {"seqrshop_invoices_unsent": "1x40 0 1x40"},
    ),
    Case(
        "PaymentsPaused",
        gauge("seqrshop_terminals_paused", 1),
        1,
        gauge("seqrshop_terminals_paused", 0),
    ),
    Case(
        "SeqrErrors",
        {ANSWERED: rising(8), UNANSWERED: rising(1)},
        MINUTE,
        {UNANSWERED: rising(0.5)},
    ),
    Case(
        "SeqrErrors",
        {ANSWERED: steady(1), UNANSWERED: rising(0.1)},
        MINUTE + 1,
        {UNANSWERED: "0x20 2x30"},
    ),
    Case(
        "SeqrSlow",
        buckets("seqr_call_duration_seconds", 'operation="sendInvoice",', "2.5", above=True),
        3 * MINUTE,
        buckets("seqr_call_duration_seconds", 'operation="sendInvoice",', "2.5", above=False),
    ),
    Case(
        "SeqrNeedsMoreCalls",
        gauge(f"seqr_polls_needed_in_flight{SHARD}", 801)
        | gauge(f"seqr_polls_max_in_flight{SHARD}", 800),
        2 * MINUTE,
        gauge(f"seqr_polls_max_in_flight{SHARD}", 801),
    ),
    Case("ShopUnreachable", gauge('up{job="seqrshop"}', 0), 20, gauge('up{job="seqrshop"}', 1)),
    Case("DatabaseAway", gauge("seqrshop_postgresql_up", 0), 6, gauge("seqrshop_postgresql_up", 1)),
    Case("RedisAway", gauge("seqrshop_redis_up", 0), 2 * MINUTE, gauge("seqrshop_redis_up", 1)),
    *(
        Case(
            alert,
            gauge(f'seqrshop_processes{{kind="{kind}"}}', 0),
            2 * MINUTE,
            gauge(f'seqrshop_processes{{kind="{kind}"}}', 1),
        )
        for alert, kind in (
            ("WorkerAway", "worker"),
            ("BackgroundAway", "background"),
            ("BeatAway", "beat"),
        )
    ),
    Case(
        "RecoveryStopped",
        gauge(f"{LAST_SUCCESS}{RECOVERY}", -100),
        11,
        gauge(f"{LAST_SUCCESS}{RECOVERY}", -90),
    ),
    Case(
        "ScheduledTaskStopped",
        gauge(f"{LAST_SUCCESS}{EXPORTS}", -790) | gauge(f"{INTERVAL}{EXPORTS}", 60),
        1,
        gauge(f"{LAST_SUCCESS}{EXPORTS}", -770),
    ),
    Case(
        "CustomerQueueDeep",
        gauge('seqrshop_queue_length{queue="customer"}', 21),
        MINUTE,
        gauge('seqrshop_queue_length{queue="customer"}', 20),
    ),
    Case(
        "BackgroundQueueDeep",
        gauge('seqrshop_queue_length{queue="background"}', 501),
        5 * MINUTE,
        {'seqrshop_queue_length{queue="background"}': "501x100 0 501x100"},
    ),
    Case("WebErrors", {SERVED: rising(9), FAILED: rising(1)}, MINUTE, {FAILED: rising(0.4)}),
    Case(
        "WebErrors",
        {SERVED: steady(1), FAILED: rising(0.2)},
        MINUTE,
        {FAILED: "0x10 4x30"},
    ),
    Case("WebOverloaded", {OVERLOADED: rising(1)}, 3 * MINUTE, {OVERLOADED: steady(7)}),
    Case(
        "WebSlow",
        buckets("seqrshop_http_request_duration_seconds", 'route="order",', "1.0", above=True),
        3 * MINUTE,
        buckets("seqrshop_http_request_duration_seconds", 'route="order",', "1.0", above=False),
    ),
    Case(
        "RefundUnknown",
        gauge("seqrshop_refunds_unknown", 1),
        11 * MINUTE,
        gauge("seqrshop_refunds_unknown", 0),
    ),
    Case("RefundsOnHold", cases_open("refunds_held", 1), 1, cases_open("refunds_held", 0)),
    Case(
        "ReportOverdue",
        cases_open("reconciliation_stuck", 1),
        1,
        cases_open("reconciliation_stuck", 0),
    ),
    Case("CaseOpen", cases_open("cancel_stuck", 1), 6 * MINUTE, cases_open("cancel_stuck", 0)),
    Case(
        "ReceiptsPending",
        gauge("seqrshop_receipts_pending", 11),
        HOUR,
        gauge("seqrshop_receipts_pending", 10),
    ),
    Case(
        "EmailsUnsent",
        gauge("seqrshop_emails_unsent", 1),
        15 * MINUTE,
        {"seqrshop_emails_unsent": "1x440 0 1x440"},
    ),
    Case(
        "AuditNotDigested",
        gauge("seqrshop_audit_digested_until_timestamp_seconds", -26 * 3600),
        1,
        gauge("seqrshop_audit_digested_until_timestamp_seconds", -25 * 3600),
    ),
    Case(
        "AuditNotVerified",
        SERVERS | gauge(VERIFIED, -35 * DAY),
        HOUR + 1,
        gauge(VERIFIED, -34 * DAY),
    ),
    Case("AuditNotVerified", SERVERS, HOUR + 1, gauge("seqrshop_redis_up", 0)),
    Case(
        "AuditNotProtected",
        gauge("seqrshop_audit_protected", 0),
        2 * MINUTE,
        gauge("seqrshop_audit_protected", 1),
    ),
    Case(
        "CertificateExpires",
        gauge("probe_ssl_earliest_cert_expiry", 14 * DAY - 10),
        1,
        gauge("probe_ssl_earliest_cert_expiry", 14 * DAY + 10),
    ),
]
