"""Records of resellers, their terminals, transactions and periods, and of refunds to be refused.

Every record is immutable: a change puts a new record in its place.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal


@dataclass(frozen=True)
class Reseller:
    """A merchant with a contract with SEQR, and the one user that calls on its behalf."""

    reseller_id: str
    name: str
    user_id: str
    password_digest: str


@dataclass(frozen=True)
class Terminal:
    """A terminal of a reseller.

    registerTerminal makes a cash register: `external_id` is the shop's name for it, and
    `latest_invoice` is the only invoice that it keeps open. A terminal that SEQR gives to a web
    shop has neither. `active` is False once the terminal is retired or unregistered.
    """

    terminal_id: str
    reseller_id: str
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
    """A row of the reports: a confirmed sale, or a refund with a negative amount."""

    terminal_id: str
    cashier_id: str | None
    amount: Decimal
    currency: str
    ers_reference: str | None


@dataclass(frozen=True)
class Period:
    """The transactions between two marks, of a whole reseller or of one of its terminals.

    It holds the transactions with a number above `after` and up to `last`. `closes_terminals`: the
    mark of the whole reseller's period also ended each terminal's.
    """

    period_id: str
    reseller_id: str
    terminal_id: str | None
    after: int
    last: int
    marked_at: datetime
    closes_terminals: bool = False


@dataclass(frozen=True)
class RefundRefusal:
    """Refuses refunds with `code`: of one shop, of one customer, or the next `count`."""

    code: int
    service_id: str | None = None
    msisdn: str | None = None
    count: int | None = None
