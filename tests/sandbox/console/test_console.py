"""The console without scripts: its forms and pages."""

import re

import pytest

from tests.sandbox.http_pages import Browser, Page
from tests.sandbox.raw_soap import SoapClient, invoice
from tests.sandbox_process import SandboxProcess

EVIL = "<script>alert(1)</script>"


@pytest.fixture
def console(sandbox: SandboxProcess) -> Browser:
    return Browser(sandbox)


def rows(page: Page) -> list[str]:
    """The numbers of the listed calls."""
    return re.findall(r'<li data-n="(\d+)">', page.text)


def test_calls_are_listed_newest_first_with_links(console: Browser, soap: SoapClient) -> None:
    soap.status("77")
    soap.post("nonsense")

    page = console.get("/console")

    assert rows(page) == ["2", "1"]
    assert "code 54" in page.text
    assert "unreadable" in page.text
    assert 'href="/console/calls/1"' in page.text


def test_call_is_shown_indented_without_password(console: Browser, soap: SoapClient) -> None:
    soap.send_invoice(invoice().replace("Order 17", EVIL.replace("<", "&lt;")))

    page = console.get("/console/calls/1")

    assert "12345678" not in page.text
    assert "[redacted]" in page.text
    assert "\n    <i>&lt;ext:sendInvoice&gt;</i>\n" in page.text
    assert EVIL not in page.text


def test_unknown_call_is_not_found(console: Browser) -> None:
    assert console.get("/console/calls/1").status == 404


@pytest.mark.parametrize(
    ("operation", "numbers"),
    [("cancelInvoice", ["2"]), ("notification", []), ("", ["2", "1"]), (EVIL, ["2", "1"])],
)
def test_calls_are_filtered_by_operation(
    console: Browser, soap: SoapClient, operation: str, numbers: list[str]
) -> None:
    soap.status("77")
    soap.cancel("77")

    page = console.get(f"/console?operation={operation}")

    assert rows(page) == numbers
    assert EVIL not in page.text


def test_fault_is_added_and_removed_by_form(
    console: Browser, soap: SoapClient, sandbox: SandboxProcess
) -> None:
    added = console.submit(
        "/console/faults",
        operation="sendInvoice",
        kind="http_status",
        status="502",
        takes_effect="true",
        count="1",
        seconds="of another kind",
        probability="",
    )
    (fault,) = sandbox.faults()
    soap.http("POST", "/soap/service", b"<a/>")
    page_text = console.get("/console").text

    removed = console.submit("/console/faults/remove", id=str(fault["id"]))

    assert (added.status, removed.status) == (303, 303)
    assert (fault["kind"], fault["status"], fault["takes_effect"]) == ("http_status", 502, True)
    assert "status 502, takes effect yes, once" in page_text
    assert sandbox.faults() == []
    assert console.submit("/console/faults/remove", id="x").status == 303


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("kind", EVIL),
        ("operation", "notification"),
        ("seconds", "x"),
        ("seconds", "[]"),
        ("count", "0.5"),
        ("count", "9" * 5000),
        ("probability", "NaN"),
        ("seed", "[" * 100_000),
        ("before", "later"),
    ],
)
def test_invalid_field_is_named_and_form_keeps_input(
    console: Browser, sandbox: SandboxProcess, field: str, value: str
) -> None:
    form = {"operation": "sendInvoice", "kind": "delay", "seconds": "2", "seed": "77"}

    page = console.submit("/console/faults", **form | {field: value})

    named = "kind" if value == "notification" else field
    assert page.status == 400
    assert re.search(rf'role="alert">{named}: ', page.text)
    assert field == "seed" or 'value="77"' in page.text
    assert EVIL not in page.text
    assert sandbox.faults() == []


def test_latency_is_set_and_removed_by_form(console: Browser, sandbox: SandboxProcess) -> None:
    set_ = console.submit(
        "/console/latency",
        operation="getPaymentStatus",
        kind="ramp",
        to_seconds="1.5",
        over_seconds="30",
        at_seconds="of another kind",
        from_seconds="",
    )
    (profile,) = sandbox.latency()
    page_text = console.get("/console").text

    removed = console.submit("/console/latency/remove", operation="getPaymentStatus")

    assert (set_.status, removed.status) == (303, 303)
    assert (profile["from_seconds"], profile["to_seconds"]) == (0, 1.5)
    assert "from seconds 0, to seconds 1.5, over seconds 30, set" in page_text
    assert sandbox.latency() == []
    assert console.submit("/console/latency/remove", operation="getPaymentStatus").status == 303


@pytest.mark.parametrize(
    ("field", "value"),
    [("kind", EVIL), ("operation", "notification"), ("to_seconds", "x"), ("to_seconds", "-1")],
)
def test_invalid_latency_is_named_and_its_form_alone_keeps_input(
    console: Browser, sandbox: SandboxProcess, field: str, value: str
) -> None:
    form = {"operation": "sendInvoice", "kind": "step", "at_seconds": "77"}

    page = console.submit("/console/latency", **form | {field: value})

    assert page.status == 400
    assert re.search(rf'role="alert">{field}: ', page.text)
    assert 'id="latency-at_seconds" name="at_seconds" value="77"' in page.text
    assert EVIL not in page.text
    assert page.text.count('<option value="sendInvoice" selected>') == (field != "operation")
    assert sandbox.latency() == []


@pytest.mark.parametrize(
    ("action", "status"),
    [("pay", "PAID"), ("cancel", "CANCELED"), ("fail", "FAILED"), ("expire", "EXPIRED")],
)
def test_open_invoice_has_buttons_to_end_it(
    console: Browser, soap: SoapClient, sandbox: SandboxProcess, action: str, status: str
) -> None:
    reference = soap.new_invoice()
    before = console.get("/console").text

    console.submit("/console/invoices", reference=reference, action=action)

    after = console.get("/console").text
    assert f'id="{action}-{reference}"' in before
    assert f'id="{action}-{reference}"' not in after
    assert sandbox.invoice(reference)["status"] == status


def test_invoice_is_held_and_released(
    console: Browser, soap: SoapClient, sandbox: SandboxProcess
) -> None:
    reference = soap.new_invoice()

    console.submit("/console/invoices", reference=reference, action="hold")
    held = sandbox.invoice(reference)["held"]
    console.submit("/console/invoices", reference=reference, action="release")

    assert (held, sandbox.invoice(reference)["held"]) == (True, False)


@pytest.mark.parametrize(
    ("reference", "action"), [("77", "pay"), ("", "explode"), ("77", ""), (EVIL, "fail")]
)
def test_impossible_action_shows_error(console: Browser, reference: str, action: str) -> None:
    page = console.submit("/console/invoices", reference=reference, action=action)

    assert (page.status, 'role="alert"' in page.text, EVIL in page.text) == (400, True, False)


def test_clock_is_advanced(console: Browser, soap: SoapClient, sandbox: SandboxProcess) -> None:
    reference = soap.paid_invoice()

    console.submit("/console/clock", advance_seconds="20")

    assert sandbox.invoice(reference)["reversed"] is True


@pytest.mark.parametrize("seconds", ["", "-1", "inf", "nan", "x"])
def test_invalid_advance_of_clock_is_refused(console: Browser, seconds: str) -> None:
    page = console.submit("/console/clock", advance_seconds=seconds)

    assert (page.status, "advance_seconds: " in page.text) == (400, True)


def test_reset_deletes_everything(console: Browser, soap: SoapClient, cafe: SandboxProcess) -> None:
    soap.new_invoice()
    cafe.fault("*", "drop")
    cafe.set_latency("*", "hang")

    console.submit("/console/reset")

    assert (cafe.invoices(), cafe.faults(), cafe.latency(), cafe.calls()) == ([], [], [], [])
    assert cafe.control("GET", "/shops") == {"shops": []}


def test_foreign_names_are_escaped(
    console: Browser, soap: SoapClient, sandbox: SandboxProcess
) -> None:
    sandbox.register_shop("EVIL", "https://evil.example", name=EVIL, codes=['A="><b>'])
    text = EVIL.replace("<", "&lt;")
    reference = soap.paid_invoice(invoice().replace("Café Söder", text).replace("Kaffe", text))

    paths = ("/", "/phone/lock", "/phone/history", f"/app/R{reference}", "/console")
    pages = [console.get(path) for path in paths]

    assert [page.status for page in pages] == [200] * len(paths)
    assert all(EVIL not in page.text and '"><b>' not in page.text for page in pages)
    assert all("unsafe" not in page.headers["Content-Security-Policy"] for page in pages)
    assert all("style=" not in page.text for page in pages)


def test_form_of_another_site_is_refused(console: Browser, cafe: SandboxProcess) -> None:
    for path in ("/console/reset", "/phone/number", "/app/R1"):
        page = console.submit(path, {"Sec-Fetch-Site": "cross-site"})

        assert page.status == 403
    assert len(cafe.control("GET", "/shops")["shops"]) == 1


def test_only_console_may_be_framed(
    console: Browser,
) -> None:
    policies = [console.get(path).headers["Content-Security-Policy"] for path in ("/", "/console")]

    assert ["frame-ancestors 'none'" in policy for policy in policies] == [True, False]
    assert "frame-ancestors 'self'" in policies[1]
