"""The gateway to SEQR. It knows nothing of Django or of the shop.

client.py      one method per SOAP operation
messages.py    what is said and answered, as immutable values
errors.py      what can go wrong, named by what the caller may do
results.py     SEQR's result codes and the error that each becomes
links.py       printed codes, invoice addresses, the way back into the app
envelopes.py   requests, rendered by zeep from the WSDL in wsdl/
transport.py   HTTP over libcurl, bounded in time and size
answers.py     reading XML that is not trusted
readers.py     what each operation's answer says
"""

from payments.seqr.client import SeqrClient, SeqrConfig
from payments.seqr.errors import (
    SeqrAuthenticationError,
    SeqrConfigurationError,
    SeqrConflict,
    SeqrError,
    SeqrOutcomeUnknown,
    SeqrProtocolError,
    SeqrRejected,
    SeqrUnavailable,
    SeqrUnknownStatus,
)
from payments.seqr.links import LEAVE_URL, app_url, invoice_url, service_code_url
from payments.seqr.messages import (
    AcknowledgmentMode,
    Amount,
    ClientSession,
    CustomerToken,
    Invoice,
    InvoiceRow,
    InvoiceStatus,
    PaymentMode,
    PaymentStatus,
    Receipt,
    SentInvoice,
)
from payments.seqr.results import ResultCode

__all__ = [
    "LEAVE_URL",
    "AcknowledgmentMode",
    "Amount",
    "ClientSession",
    "CustomerToken",
    "Invoice",
    "InvoiceRow",
    "InvoiceStatus",
    "PaymentMode",
    "PaymentStatus",
    "Receipt",
    "ResultCode",
    "SentInvoice",
    "SeqrAuthenticationError",
    "SeqrClient",
    "SeqrConfig",
    "SeqrConfigurationError",
    "SeqrConflict",
    "SeqrError",
    "SeqrOutcomeUnknown",
    "SeqrProtocolError",
    "SeqrRejected",
    "SeqrUnavailable",
    "SeqrUnknownStatus",
    "app_url",
    "invoice_url",
    "service_code_url",
]
