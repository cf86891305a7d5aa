"""The customer's addresses. Without a slug they belong to the only shop."""

from django.urls import path, register_converter

from seqrshop.storefront import (
    branding,
    instant_checkout,
    manifest,
    my_orders,
    notify,
    orders,
    pages,
    privacy_page,
    receipts,
    screen_code,
    session,
    start_page,
)


class KeyConverter:
    """The key of a notification or a return page; a longer text is an unknown address."""

    regex = "[-a-zA-Z0-9_]{1,32}"  # the length of their columns

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(KeyConverter, "key")

_SHOP_PATHS = [
    ("order", pages.order_page, "order_page"),
    ("success", pages.result_page, "success_page"),
    ("failure", pages.result_page, "failure_page"),
    ("cancel", pages.result_page, "cancel_page"),
    ("session", session.create_session, "session"),
    ("orders", orders.create_order, "orders"),
    ("manifest.webmanifest", manifest.manifest, "manifest"),
    ("my-orders", pages.my_orders_page, "my_orders_page"),
    ("my-orders.json", my_orders.list_orders, "my_orders"),
    ("privacy", privacy_page.privacy_page, "privacy"),
]

urlpatterns = [
    path("", start_page.start_page, name="start_page"),
    path("notify/<key:secret>", notify.notify, name="notify"),
    path("orders/<uuid:public_id>", orders.show_order, name="order"),
    path("orders/<uuid:public_id>/events", orders.order_events, name="order_events"),
    path("orders/<uuid:public_id>/pay", orders.pay_order, name="pay_order"),
    path("orders/<uuid:public_id>/cancel", orders.cancel_order, name="cancel_order"),
    path("orders/<uuid:public_id>/qr", screen_code.show, name="order_qr"),
    path("orders/<uuid:public_id>/receipt", receipts.show, name="order_receipt"),
    path("orders/<uuid:public_id>/receipt.pdf", receipts.show_pdf, name="order_receipt_pdf"),
    path("return/<key:return_key>", pages.return_page, name="return_page"),
    path("return/<key:return_key>.json", pages.return_state, name="return_state"),
    path("return/<key:return_key>/events", pages.return_events, name="return_events"),
    path("return/<key:return_key>/receipt", receipts.show_by_key, name="receipt"),
    path("return/<key:return_key>/receipt.pdf", receipts.show_pdf_by_key, name="receipt_pdf"),
    path(
        "return/<key:return_key>/receipts/<int:number>",
        receipts.show_by_key,
        name="receipt_by_number",
    ),
    path(
        "return/<key:return_key>/receipts/<int:number>.pdf",
        receipts.show_pdf_by_key,
        name="receipt_pdf_by_number",
    ),
    path("return/<key:return_key>/receipts/<int:number>/mail", receipts.mail, name="receipt_mail"),
    path("receipt-mails/<key:mail_id>", receipts.mail_state, name="receipt_mail_state"),
    path("pictures/<slug:digest>.webp", branding.picture, name="picture"),
    path("accents/<slug:colour>.css", branding.accent, name="accent"),
    path(
        "<slug:slug>/instant-checkout/<key:secret>/createPurchase",
        instant_checkout.create_purchase,
        name="create_purchase",
    ),
    *(path(part, view, name=name) for part, view, name in _SHOP_PATHS),
    *(path(f"<slug:slug>/{part}", view, name=name) for part, view, name in _SHOP_PATHS),
]
