"""What is kept of each call: its decisive fields, read from the messages themselves.

Only listed fields are kept, so that nothing secret or personal gets into the evidence.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from django.utils import timezone

from payments.seqr import CallRecord, message_fields

HIDDEN = "(hidden)"
HIDDEN_FIELDS = frozenset({"password", "notificationUrl", "backURL"})
PAID_AMOUNT = "receipt.invoice.totalAmount."
REQUEST_FIELDS = frozenset(
    {
        "channel",
        "clientId",
        "clientReference",
        "clientRequestTimeout",
        "id",
        "type",
        "userId",
        "paymentMode",
        "acknowledgmentMode",
        "issueDate",
        "title",
        "clientInvoiceId",
        "itemDescription",
        "itemQuantity",
        "currency",
        "value",
        "cashierId",
        "footer",
        "invoiceReference",
        "invoiceVersion",
        "ersReference",
        "mimeType",
        "receiptType",
        "reportId",
        "language",
    }
)
ANSWER_FIELDS = frozenset(
    {
        "resultCode",
        "resultDescription",
        "ersReference",
        "invoiceReference",
        "invoiceQRCode",
        "status",
        "version",
        "transactionPeriodId",
        "paymentDate",
        "paymentReference",
    }
)
MAX_ANSWER_LENGTH = 200  # of a field


@dataclass
class RecordedCall:
    """A call as the evidence shows it. Times are UTC.

    `answer` is empty without a readable response. `error` says why the call failed, or is empty.
    """

    operation: str
    sent_at: str
    request: dict[str, str]
    answer: dict[str, str] = field(default_factory=dict)
    duration_ms: int | None = None
    error: str = ""


def utc_now() -> str:
    """Return the time as the evidence writes it, to the second."""
    return timezone.now().strftime("%Y-%m-%dT%H:%M:%SZ")


class CallRecorder:
    """Observes a client's messages, and passes on each call: once it is sent, once it has ended."""

    def __init__(
        self, on_sent: Callable[[RecordedCall], None], on_ended: Callable[[RecordedCall], None]
    ) -> None:
        self._on_sent = on_sent
        self._on_ended = on_ended
        self._call = RecordedCall("", "", {})

    def sent(self, operation: str, envelope: bytes) -> None:
        """Start a call."""
        self._call = RecordedCall(operation, utc_now(), _request_fields(envelope))
        self._on_sent(self._call)

    def answered(self, body: bytes) -> None:
        """Keep the fields of its response."""
        self._call.answer = {
            path: text[:MAX_ANSWER_LENGTH]
            for path, text in message_fields(body)
            if path.rpartition(".")[2] in ANSWER_FIELDS or path.startswith(PAID_AMOUNT)
        }

    def ended(self, record: CallRecord) -> None:
        """End the call, with the gateway's own record of it."""
        self._call.duration_ms = record.duration_ms
        self._call.error = record.reason
        if record.result_code is not None:
            self._call.answer.setdefault("resultCode", str(record.result_code))
        self._on_ended(self._call)


def _request_fields(envelope: bytes) -> dict[str, str]:
    """Return the listed fields of a request by their paths, and that a hidden one was there."""
    kept = {}
    key = ""
    for path, text in message_fields(envelope):
        name = path.rpartition(".")[2]
        if path.endswith("entry.key"):
            key = text
        elif path.endswith("entry.value"):
            kept[f"parameters.{key}"] = text
        elif name in HIDDEN_FIELDS:
            kept[path] = HIDDEN
        elif name in REQUEST_FIELDS:
            kept[path] = text
    return kept
