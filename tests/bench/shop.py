"""The shop's rows: orders that wait for payment, as the storefront creates them."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count, cycle

import psycopg
from django.apps import apps
from django.conf import settings
from django.db import connection
from django.utils import timezone

from orders.encryption import encrypt
from orders.models import (
    AuditEvent,
    Customer,
    Order,
    OrderState,
    Seller,
    Shop,
    SubjectType,
    Terminal,
)
from payments.models import Invoice, InvoiceStatus
from tests.bench.fake_responses import AMOUNT
from tests.bench.fake_seqr_process import Payment, SeqrProcess
from tests.database_roles import execute_as_owner, owner_url

LIFETIME = timedelta(seconds=600)
BATCH_SIZE = 1000  # rows of a statement: within its time limit, and its 65,535 parameters

_numbers = count(10_000_000_000)


class BenchShop:
    """A shop, its terminals and its open invoices, which are also at the fake SEQR.

    The invoices are issued by the terminals in turn. The shop's own one is that of the settings.
    """

    def __init__(self, seqr: SeqrProcess) -> None:
        self._seqr = seqr

    def fill(self, open_invoices: int, terminals: int = 1) -> list[int]:
        """Reset to a number of invoices, each queried before; return their references."""
        self._seqr.forget()
        tables = [
            connection.ops.quote_name(model._meta.db_table)
            for name in ("orders", "payments")
            for model in apps.get_app_config(name).get_models()
        ]
        execute_as_owner(f"TRUNCATE {', '.join(tables)} CASCADE")
        own, *others = _create_terminals(terminals)
        self._turns = cycle([own, *others])
        self.shop = Shop.objects.create(
            name="Lyktan", slug="lyktan", service_id="LYKTAN", seller=own.seller, terminal=own
        )
        references = self.issue(open_invoices, version=1, age=LIFETIME)
        with psycopg.connect(owner_url(), autocommit=True) as owner:
            owner.execute("VACUUM ANALYZE")
        return references

    def issue(self, number: int, *, version: int = 0, age: timedelta = timedelta(0)) -> list[int]:
        """Issue further invoices; return their references. `version` 0: never queried.

        They are issued evenly over the last `age`.
        """
        now = timezone.now()
        references = [next(_numbers) for _ in range(number)]
        self._seqr.issue(references)
        customers = Customer.objects.bulk_create(
            (Customer(subscriber_key=str(each), msisdn=f"467{each}") for each in references),
            batch_size=BATCH_SIZE,
        )
        orders = Order.objects.bulk_create(
            (
                Order(
                    shop=self.shop,
                    customer=customer,
                    nonce=customer.subscriber_key,
                    state=OrderState.AWAITING_PAYMENT,
                    total=Decimal(AMOUNT),
                    currency="SEK",
                )
                for customer in customers
            ),
            batch_size=BATCH_SIZE,
        )
        Invoice.objects.bulk_create(
            (
                Invoice(
                    order=order,
                    shop=self.shop,
                    terminal=next(self._turns),
                    status=InvoiceStatus.ISSUED,
                    amount=order.total,
                    currency=order.currency,
                    invoice_reference=str(reference),
                    invoice_qr_code=f"HTTP://SEQR.SE/R{reference}",
                    issued_at=now - age * (number - place) / number,
                    invoice_version=version,
                )
                for place, (order, reference) in enumerate(zip(orders, references, strict=True))
            ),
            batch_size=BATCH_SIZE,
        )
        return references

    def recorded(self, payments: Sequence[Payment], *, within: float) -> tuple[list[float], int]:
        """Return the seconds until each payment was recorded, and how many are not yet.

        The times of those that are not are the times so far.
        """
        until = time.monotonic() + within
        while True:
            seconds, unrecorded = _seconds_to_record(payments)
            if not unrecorded or time.monotonic() >= until:
                return seconds, unrecorded
            time.sleep(0.1)


def _create_terminals(number: int) -> list[Terminal]:
    """Create terminals of one seller, each with its own password; the first has the settings'."""
    seller = Seller.objects.create(
        legal_name="Lyktan AB",
        organisation_number="556677-8899",
        reseller_id=settings.SEQR_RESELLER_ID,
        reseller_password_ciphertext=encrypt(settings.SEQR_RESELLER_PASSWORD),
    )
    given = {settings.SEQR_TERMINAL_ID: settings.SEQR_TERMINAL_PASSWORD}
    made = {f"bench-{each}": f"password {each}" for each in range(1, number)}
    return Terminal.objects.bulk_create(
        Terminal(
            seller=seller,
            principal_id=principal_id,
            label=principal_id,
            password_ciphertext=encrypt(password),
        )
        for principal_id, password in (given | made).items()
    )


def _seconds_to_record(payments: Sequence[Payment]) -> tuple[list[float], int]:
    ids: dict[int, str | None] = dict(
        Invoice.objects.filter(
            invoice_reference__in=[payment.reference for payment in payments]
        ).values_list("pk", "invoice_reference")
    )
    recorded = {
        ids[event.subject_id or 0]: event.occurred_at
        for event in AuditEvent.objects.filter(
            subject_type=SubjectType.INVOICE, subject_id__in=ids, name="payment_confirmed"
        )
    }
    now = datetime.now(UTC)
    seconds = [
        recorded.get(payment.reference, now).timestamp() - payment.paid_at for payment in payments
    ]
    return seconds, len(payments) - len(recorded)
