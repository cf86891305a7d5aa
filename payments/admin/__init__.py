"""The support desk's screen for payments."""

from payments.admin.invoice import InvoiceAdmin
from payments.admin.poll_shard import PollShardAdmin

__all__ = ["InvoiceAdmin", "PollShardAdmin"]
