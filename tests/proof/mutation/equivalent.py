"""Faults that change nothing a test could see, each with its reason.

A sample leaves them out. `new` is the line with the fault, and `old` the product's, where `new` is
too common to name the fault.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Equivalent:
    """A line that a fault may produce in a file without any effect."""

    file: str
    new: str
    reason: str
    old: str = ""


EQUIVALENT: tuple[Equivalent, ...] = (
    Equivalent(
        "orders/menu_file/sources.py",
        "for key, cell in zip(keys, cells, strict=False)",
        "each row of a menu has a cell for each column",
    ),
    Equivalent(
        "orders/codes/sheets/layouts.py",
        "return int(width / card.width), int(height // card.height)",
        "both are cut to a whole number",
    ),
    Equivalent(
        "orders/codes/sheets/layouts.py",
        "return int(width // card.width), int(height / card.height)",
        "both are cut to a whole number",
    ),
    Equivalent(
        "payments/polling/schedule.py",
        "max(longest, self._interval), self._interval * 2.0 ** min(entry.failures, 11)",
        "the pause is limited to five seconds long before",
    ),
    Equivalent(
        "payments/seqr/report_reader.py",
        "MAX_ROW_SIZE = 64 * 1025  # SEQR's have about 1,300",
        "nothing depends on the exact size of a row that is refused",
    ),
    Equivalent(
        "seqrshop/backoffice/audit_event.py",
        "show_full_result_count = None  # counting a large table takes long and adds nothing",
        "Django only asks whether it is true",
    ),
    Equivalent(
        "payments/seqr/report_reader.py",
        "MAX_ROW_SIZE = 65 * 1024  # SEQR's have about 1,300",
        "nothing depends on the exact size of a row that is refused",
    ),
    Equivalent(
        "seqrshop/backoffice/shop_inlines.py",
        'chosen = "" if (value is None) and False else str(value)',
        "a browser shows the first option, which is the empty one, where none is selected",
    ),
    Equivalent(
        "payments/seqr/xml_stream.py",
        "CHUNK_BYTES = 65 * 1024",
        "nothing depends on the exact size of a chunk",
    ),
    Equivalent(
        "payments/refunds/send.py",
        "RETRY_PAUSE = timedelta(seconds=31)",
        "nothing depends on the exact pause before a refund is sent again",
    ),
    Equivalent(
        "payments/seqr/request_builder.py",
        "return zeep.Client(str(wsdl), )  # type: ignore[no-untyped-call]",
        "the bundled files name no address: the transport forbids what none of them asks for",
    ),
    Equivalent(
        "seqrshop/backoffice/rows_of_shops.py",
        "MAX_BATCH_SIZE = 2001",
        "nothing depends on the exact number of rows that are read at a time",
    ),
    Equivalent(
        "seqrshop/storefront/static/storefront/basket-rows.js",
        "let created = 1;",
        "the number only makes the ids of the rows unique",
    ),
    Equivalent(
        "seqrshop/storefront/static/storefront/basket.js",
        "unitPrice(product, row.options) : 1;",
        "only rows that can be ordered have a price, and so a product",
    ),
    Equivalent(
        "seqrshop/storefront/static/storefront/basket.js",
        "if (true || row) this.setQuantity(row, row.quantity - 1);",
        "without a row the minus button is disabled",
    ),
    Equivalent(
        "seqrshop/storefront/static/storefront/checkout.js",
        "if (true || product) page.openProduct(product, row);",
        "a row without a product has no button to change it",
    ),
    Equivalent(
        "seqrshop/storefront/static/storefront/order-again.js",
        "price: 1 })) missing.push(name);",
        "a changed price keeps no row from being ordered",
    ),
    Equivalent(
        "seqrshop/storefront/static/storefront/order-stream.js",
        "this.#nextStreamAt = 1;",
        "both moments have long passed",
    ),
    Equivalent(
        "seqrshop/storefront/static/storefront/order-stream.js",
        "const SILENCE_TIMEOUT_MS = 10001;",
        "nothing depends on the exact millisecond",
    ),
    Equivalent(
        "seqrshop/storefront/static/storefront/product-sheet.js",
        "if (false && !this.#product) return;",
        "a sheet without a product is not open, and has nothing to choose",
    ),
    Equivalent(
        "payments/seqr/soap_client.py",
        "before_call: Callable[[], None] = lambda: 0,",
        "nothing reads what the callable returns",
    ),
    Equivalent(
        "payments/seqr/soap_client.py",
        "after_call: Callable[[str, CallRecord], None] = lambda _terminal_id, _record: 0,",
        "nothing reads what the callable returns",
    ),
    Equivalent(
        "payments/certification/customer.py",
        "prefix, has_path, rest = address.path.rpartition(SOAP_PATH)",
        "the path of a sandbox ends with the text, and has it once",
    ),
    Equivalent(
        "seqrshop/backoffice/people/error_pages.py",
        'app_label, _dot, codename = name.rpartition(".")',
        "the name of a permission has one dot",
    ),
    Equivalent(
        "seqrshop/backoffice/people/error_pages.py",
        'model, _, page = model_and_page.rpartition("_")',
        "neither a model nor a page with a permission in ACTIONS_OF_PAGES has the character",
    ),
    Equivalent(
        "seqrshop/ops/metrics.py",
        'scheme, _, token = request.headers.get("Authorization", "").rpartition(" ")',
        "the settings refuse a METRICS_TOKEN with a space",
    ),
    Equivalent(
        "seqrshop/backoffice/dashboard/charts.py",
        "last = (high / step).quantize(Decimal(2), ROUND_CEILING)",
        "only the exponent of the number counts, and it is the same",
    ),
    Equivalent(
        "seqrshop/backoffice/dashboard/charts.py",
        "yield sum((Decimal(each) for each in bar.values if each <= 0), Decimal(0))",
        "a part of 0 adds nothing",
    ),
    Equivalent(
        "seqrshop/backoffice/people/invitations.py",
        "rows = Invitation.objects.select_for_update(no_key=False)",
        "the row is deleted next, which takes the stronger lock in any case",
    ),
    Equivalent(
        "seqrshop/backoffice/shop.py",
        "def save(self, commit: bool = False) -> Shop:",
        "the admin always says whether to commit",
    ),
    Equivalent(
        "seqrshop/backoffice/known_browser.py",
        'user_id, _, browser = text.rpartition(":")',
        "the text has one colon: neither a user's ID nor that of a browser can have another",
    ),
    Equivalent(
        "payments/seqr/transport.py",
        "self.is_too_large = self.is_disk_full = None",
        "they are only asked whether they are true",
    ),
    Equivalent(
        "payments/tasks.py",
        "return",
        "nothing follows the loop but the `finally`, which runs in both cases",
        "break",
    ),
    Equivalent(
        "seqrshop/backoffice/product.py",
        "def save(self, commit: bool = False) -> Product:",
        "the admin always says whether to commit",
    ),
    Equivalent(
        "seqrshop/backoffice/password_field.py",
        "def save(self, commit: bool = False) -> M:",
        "the admin always says whether to commit",
    ),
    Equivalent(
        "seqrshop/backoffice/credentials_form.py",
        "self, request: HttpRequest, obj: M | None = None, change: bool = True, **kwargs: Any",
        "each caller says whether the row is changed",
    ),
    *(
        Equivalent(file, new, "both have the same length")
        for file, new in (
            (
                "payments/takings/check.py",
                "values = dict(zip(sums.columns, row[len(key) :], strict=False))",
            ),
            ("payments/takings/days.py", "columns = dict(zip(_COLUMNS, day, strict=False))"),
            ("payments/takings/orders.py", "**dict(zip(ORDER_COUNTS, counts, strict=False)),"),
            ("payments/polling/lock.py", "for shard, token in zip(shards, tokens, strict=False)"),
        )
    ),
    Equivalent(
        "payments/takings/activity.py",
        "RUN_SECONDS = 16  # for the orders, and then for the calls",
        "nothing depends on the exact time",
    ),
    Equivalent(
        "payments/seqr/bulk_status_client.py",
        "self.new_calls = 1",
        "only the speed depends on when the calls of a full pool are started",
    ),
    *(
        Equivalent(file, new, "only the speed depends on the exact number")
        for file, new in (
            ("payments/takings/update.py", "BATCH_SIZE = 501  # receipts in one transaction"),
            ("payments/takings/orders.py", "HOURS_AT_ONCE = 101"),
            ("payments/reconciliation/report_coverage.py", "PAYMENT_BATCH_SIZE = 1001"),
            ("payments/reconciliation/matching.py", "ROW_BATCH_SIZE = 1001"),
            ("payments/polling/store.py", "READ_BATCH_SIZE = 2001"),
            (
                "payments/polling/writer.py",
                "PAYMENT_BATCH_SIZE = 51  # keeps their locks for milliseconds",
            ),
            (
                "payments/privacy/erasure.py",
                "SCAN_SIZE: Final = 5001  # customers that one statement looks at",
            ),
            (
                "payments/privacy/erasure.py",
                "BATCH_SIZE: Final = 201  # customers that one transaction erases",
            ),
            ("payments/privacy/person.py", "ORDER_BATCH_SIZE = 201"),
            (
                "payments/recovery.py",
                "BATCH_SIZE = 501  # of each kind in one run; the next run is seconds away",
            ),
            ("payments/seqr/status_codec.py", "_CACHE_SIZE = 201"),
            ("payments/seqr/status_codec.py", "TERMINALS_REMEMBERED = 257"),
            ("payments/seqr/bulk_status_client.py", "POOL_CONNECTIONS = 65"),
            (
                "payments/seqr/bulk_status_client.py",
                "BUFFER_BYTES = 4097  # about ten times the usual response",
            ),
            ("payments/polling/status_checks.py", "REMEMBERED_INVOICES = 10001"),
            ("payments/management/commands/migrate.py", "GARBAGE_COLLECTION_THRESHOLD = 50001"),
            ("payments/seqr/xml_stream.py", "CHUNK_BYTES = 64 * 1025"),
        )
    ),
)
