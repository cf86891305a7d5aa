"""The forms by which staff refund a payment: an amount, or units of the order's rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.urls import reverse

from payments.models import CAPTURED_STATUSES, Invoice
from payments.refunds.refund import refundable_now
from tests.proof.model_based.simulation import pick

if TYPE_CHECKING:
    from seqrshop.backoffice.refund_page import RowChoice
    from tests.proof.model_based.simulation import Simulation

SMALL_AMOUNT, LARGE_AMOUNT, ORE = "10.00", "45.00", "0.01"


def request_refund(sim: Simulation, actor: int, index: int) -> None:
    """Request the whole remaining amount, a part, or an amount that may be too large."""
    if (invoice := _captured_invoice()) is not None:
        left = refundable_now(invoice.pk)
        amount = (str(left) if left > 0 else ORE, SMALL_AMOUNT, LARGE_AMOUNT)[index]
        _submit(sim, actor, invoice.pk, {"amount": amount})


def refund_rows(sim: Simulation, actor: int, index: int) -> None:
    """Choose units on the page: one of a row, one of each row, or all that are left."""
    invoice = _captured_invoice()
    if invoice is None:
        return
    page = sim.staff[actor].get(_address(invoice.pk))
    rows: list[RowChoice] = [row for row in page.context["rows"] if row.remaining]
    chosen = {
        0: {row.field: 1 for row in rows[actor : actor + 1]},
        1: {row.field: 1 for row in rows},
        2: {row.field: row.remaining for row in rows},
    }[index]
    if chosen:
        ore = sum(_ore_of(row, chosen[row.field]) for row in rows if row.field in chosen)
        form = {field: str(units) for field, units in chosen.items()}
        shown = f"{ore // 100}.{ore % 100:02d}"
        _submit(sim, actor, invoice.pk, {**form, "seen_amount": shown})


def resend_form(sim: Simulation, actor: int, index: int) -> None:
    """Send a form again, as a second click does."""
    if sent := pick(sim.refund_forms, index):
        invoice_id, form = sent
        assert sim.staff[actor].post(_address(invoice_id), form).status_code in (200, 302)


def submit_rows_in_another_tab(sim: Simulation, actor: int, index: int) -> None:
    """Choose the units that were chosen before, on a page that was opened as early."""
    of_rows = [sent for sent in sim.refund_forms if "seen_amount" in sent[1]]
    if sent := pick(of_rows, index):
        invoice_id, form = sent
        _submit(sim, actor, invoice_id, form)


def _submit(sim: Simulation, actor: int, invoice_id: int, form: dict[str, str]) -> None:
    """Send a form with a nonce of its own."""
    nonce = f"form {len(sim.refund_forms)}"
    sim.refund_forms.append((invoice_id, {**form, "reason": "cold coffee", "nonce": nonce}))
    resend_form(sim, actor, 0)


def _captured_invoice() -> Invoice | None:
    captured = Invoice.objects.filter(status__in=CAPTURED_STATUSES).order_by("pk")
    return pick(list(captured), 0)


def _ore_of(row: RowChoice, units: int) -> int:
    return int(row.amounts.split()[units - 1])


def _address(invoice_id: int) -> str:
    return reverse("admin:payments_invoice_refund", args=[invoice_id])
