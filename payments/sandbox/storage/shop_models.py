"""What the sandbox remembers of a shop: terminals, books, and how its refunds fare.

Every record is immutable: a change is a new record in its place.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal


@dataclass(frozen=True)
class Terminal:
    """A shop's terminal.

    `external_id` is the shop's own name for a terminal that registerTerminal made: a cash register,
    which keeps one open invoice, `latest_invoice`. The published test terminal has none. `active`
    is False once it is unregistered.
    """

    terminal_id: str
    name: str
    password_digest: str
    external_id: str | None = None
    seqr_id: str | None = None
    latest_invoice: str | None = None
    active: bool = True

    @property
    def is_cash_register(self) -> bool:
        return self.external_id is not None


@dataclass(frozen=True)
class Transaction:
    """One row of the reports: a sale that the shop has confirmed, or a refund as a negative one."""

    terminal_id: str
    cashier_id: str | None
    amount: Decimal
    currency: str
    ers_reference: str | None


@dataclass(frozen=True)
class Period:
    """The transactions between two marks, of the whole shop or of one terminal.

    They are those whose number is above `after` and at most `last`.
    """

    period_id: str
    terminal_id: str | None
    after: int
    last: int
    marked_at: datetime


@dataclass(frozen=True)
class RefundRefusal:
    """Refunds are refused with `code`: of one service, of one customer, or the next `count`."""

    code: int
    service_id: str | None = None
    msisdn: str | None = None
    count: int | None = None
