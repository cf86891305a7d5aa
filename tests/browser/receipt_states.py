"""The states of the return page, and of the receipts that it leads to."""

from __future__ import annotations

from tests.browser.customer import Customer

CREDIT = """
    INSERT INTO payments_receipt (seller_id, kind, invoice_id, credited_id, amount, currency,
        legal_name, organisation_number, vat_number, street, postal_code, city)
    SELECT seller_id, 'reversal', invoice_id, paid.id, 35, paid.currency,
        legal_name, organisation_number, vat_number, street, postal_code, city
    FROM payments_receipt paid JOIN payments_invoice invoice ON invoice.id = invoice_id
    WHERE invoice_reference = %s AND kind = 'payment'
        AND NOT EXISTS (SELECT FROM payments_receipt WHERE credited_id = paid.id)
"""


def open_return_page(customer: Customer, state: str) -> None:
    """Open the return page in a browser without a session."""
    customer.prepare_order(state)
    reference = customer.reference_of(state)
    customer.page.goto(customer.stack.sandbox.invoice(reference)["back_url"])
    customer.page.locator(f"#main[data-state={state}]").wait_for()


def open_receipt(customer: Customer) -> None:
    """Open the receipt of a paid order."""
    open_return_page(customer, "paid")
    customer.page.locator("[data-receipt-page]").click()
    customer.page.locator(".receipt-page").wait_for()


def open_refunded_receipt(customer: Customer) -> None:
    """Open the receipt of a payment of which a part was refunded."""
    open_receipt(customer)
    reference = customer.reference_of("paid")
    customer.stack.write(CREDIT, reference)
    customer.page.reload()
    customer.page.locator(".refunded").first.wait_for()


def open_credit_receipt(customer: Customer) -> None:
    """Open the credit receipt of a refund."""
    open_refunded_receipt(customer)
    customer.page.locator(".refunded a").first.click()
    customer.page.wait_for_url("**/receipts/*")


def mistype_mail_address(customer: Customer) -> None:
    """Ask for the receipt at an address that is none."""
    open_receipt(customer)
    customer.page.locator("[name=address]").fill("kim@example")
    customer.page.locator("[name=address]").press("Enter")
    customer.page.locator(".mail-error").wait_for()


def fail_to_mail_receipt(customer: Customer) -> None:
    """Open the page of a receipt whose mail was not sent."""
    open_receipt(customer)
    customer.page.goto(f"{customer.page.url}?mail=unknown#mail")
    customer.page.locator("[data-state=failed]").wait_for()
