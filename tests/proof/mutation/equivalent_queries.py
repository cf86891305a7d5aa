"""Faults in queries, locks and first values that change nothing a test could see, by their reasons.

The second text of a line is that of the product, where the fault's own would be too common.
"""

from tests.proof.mutation.equivalent import Equivalent

LOOKED_UP = "what is read beside the rows of this batch is not looked up"
UNORDERED = "no order counts in a subquery"
SET_BEFORE_USE = "the value is set before it is used"
ABSTRACT = "each model and form in use defines its own"

LINES: dict[str, tuple[tuple[str, ...], ...]] = {
    LOOKED_UP: (
        ("payments/reconciliation/matching.py", "paid = others"),
        ("payments/reconciliation/matching.py", "refunded = others"),
        ("payments/reconciliation/report_coverage.py", "reported = _in_a_report()"),
        ("orders/codes/scans.py", "codes = QrCode.objects"),
    ),
    "the customers of all batches are erased with the first": (
        ("payments/privacy/erasure.py", 'due = list(_due(before).values_list("pk"))'),
    ),
    UNORDERED: (
        (
            "orders/codes/scans.py",
            'days = CodeScans.objects.filter(code=OuterRef("pk"), day__gte=since)',
        ),
        (
            "seqrshop/backoffice/money_case.py",
            "with_case = queryset.filter(invoice__isnull=False)",
        ),
    ),
    "a case without a payment has none that could be checked": (
        ("seqrshop/backoffice/money_case.py", "with_case = queryset.order_by()"),
    ),
    "each row is changed next, which takes the same lock": (
        ("payments/takings/check.py", 'cursors = TakingsCursor.objects.order_by("pk")'),
    ),
    "the order's lock covers its invoices": (
        ("payments/invoices/apply_status.py", "for other in others:"),
    ),
    SET_BEFORE_USE: (
        (
            "payments/polling/concurrency.py",
            "self._share_before = None  # of the calls that timed out when the trial began",
        ),
        (
            "payments/polling/schedule.py",
            "entry = self._entries[key] = Entry(None, last_answer_at, now)",
        ),
    ),
    "the database gives its times in UTC": (
        ("orders/audit_digest.py", 'columns["occurred_at"] = columns["occurred_at"].isoformat()'),
    ),
    "Django guesses the same type from the file's name": (
        (
            "payments/exports/mail.py",
            'content_type = CONTENT_TYPES[selection.extension].rpartition(";")[0]',
        ),
    ),
    "the poller only wakes more often": (
        (
            "payments/polling/poller.py",
            "pause = BUSY_PAUSE_SECONDS if (self._is_limit_reached) or True else SLOT_SECONDS",
        ),
    ),
    "neither text is a time": (
        (
            "payments/seqr/response_parser.py",
            'value = datetime.fromisoformat(self.text(name) or "XXXX")',
        ),
    ),
    ABSTRACT: (
        ("orders/models/audited.py", "pass", "raise NotImplementedError"),
        ("seqrshop/backoffice/credentials_form.py", "pass", "raise NotImplementedError"),
    ),
}
EQUIVALENT_QUERIES = tuple(
    Equivalent(file, new, reason, *old)
    for reason, lines in LINES.items()
    for file, new, *old in lines
)
