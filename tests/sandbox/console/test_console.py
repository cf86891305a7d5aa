"""The developer's corner: plain forms, and what they show."""

import re

import pytest

from tests.sandbox.http_pages import Browser, Page
from tests.sandbox.raw_soap import Soap, invoice
from tests.sandbox_process import SandboxProcess

EVIL = "<script>alert(1)</script>"


@pytest.fixture
def corner(sandbox: SandboxProcess) -> Browser:
    return Browser(sandbox)


def rows(page: Page) -> list[str]:
    """The numbers of the calls that the page lists."""
    return re.findall(r'<li data-n="(\d+)">', page.text)


def test_calls_are_listed_the_latest_first_and_lead_to_request_and_answer(
    corner: Browser, soap: Soap
) -> None:
    soap.status("77")
    soap.post("nonsense")

    page = corner.get("/console")

    assert rows(page) == ["2", "1"]
    assert "code 54" in page.text
    assert "unreadable" in page.text
    assert 'href="/console/calls/1"' in page.text


def test_a_call_is_shown_indented_and_without_its_password(corner: Browser, soap: Soap) -> None:
    soap.send_invoice(invoice().replace("Order 17", EVIL.replace("<", "&lt;")))

    page = corner.get("/console/calls/1")

    assert "12345678" not in page.text
    assert "[redacted]" in page.text
    assert "\n    <i>&lt;ext:sendInvoice&gt;</i>\n" in page.text
    assert EVIL not in page.text


def test_a_call_that_is_not_kept_is_not_found(corner: Browser) -> None:
    assert corner.get("/console/calls/1").status == 404


@pytest.mark.parametrize(
    ("wanted", "numbers"),
    [("cancelInvoice", ["2"]), ("notification", []), ("", ["2", "1"]), (EVIL, ["2", "1"])],
)
def test_calls_of_one_operation(
    corner: Browser, soap: Soap, wanted: str, numbers: list[str]
) -> None:
    soap.status("77")
    soap.cancel("77")

    page = corner.get(f"/console?operation={wanted}")

    assert rows(page) == numbers
    assert EVIL not in page.text


def test_a_fault_is_added_and_removed_by_forms(
    corner: Browser, soap: Soap, sandbox: SandboxProcess
) -> None:
    added = corner.submit(
        "/console/faults",
        operation="sendInvoice",
        kind="http_status",
        status="502",
        takes_effect="true",
        count="1",
        seconds="not this kind's",
        probability="",
    )
    (fault,) = sandbox.faults()
    soap.http("POST", "/soap/service", b"<a/>")
    shown = corner.get("/console").text

    removed = corner.submit("/console/faults/remove", id=str(fault["id"]))

    assert (added.status, removed.status) == (303, 303)
    assert (fault["kind"], fault["status"], fault["takes_effect"]) == ("http_status", 502, True)
    assert "status 502, takes effect yes, once" in shown
    assert sandbox.faults() == []
    assert corner.submit("/console/faults/remove", id="x").status == 303


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
def test_a_bad_field_is_named_and_the_form_keeps_what_was_typed(
    corner: Browser, sandbox: SandboxProcess, field: str, value: str
) -> None:
    form = {"operation": "sendInvoice", "kind": "delay", "seconds": "2", "seed": "77"}

    page = corner.submit("/console/faults", **form | {field: value})

    named = "kind" if value == "notification" else field
    assert page.status == 400
    assert re.search(rf'role="alert">{named}: ', page.text)
    assert field == "seed" or 'value="77"' in page.text
    assert EVIL not in page.text
    assert sandbox.faults() == []


@pytest.mark.parametrize(
    ("action", "status"),
    [("pay", "PAID"), ("cancel", "CANCELED"), ("fail", "FAILED"), ("expire", "EXPIRED")],
)
def test_an_open_invoice_has_buttons_that_end_it(
    corner: Browser, soap: Soap, sandbox: SandboxProcess, action: str, status: str
) -> None:
    reference = soap.issued()
    before = corner.get("/console").text

    corner.submit("/console/invoices", reference=reference, action=action)

    after = corner.get("/console").text
    assert f'id="{action}-{reference}"' in before
    assert f'id="{action}-{reference}"' not in after
    assert sandbox.invoice(reference)["status"] == status


def test_an_invoice_is_held_and_released(
    corner: Browser, soap: Soap, sandbox: SandboxProcess
) -> None:
    reference = soap.issued()

    corner.submit("/console/invoices", reference=reference, action="hold")
    held = sandbox.invoice(reference)["held"]
    corner.submit("/console/invoices", reference=reference, action="release")

    assert (held, sandbox.invoice(reference)["held"]) == (True, False)


@pytest.mark.parametrize(
    ("reference", "action"), [("77", "pay"), ("", "explode"), ("77", ""), (EVIL, "fail")]
)
def test_what_cannot_be_done_is_said(corner: Browser, reference: str, action: str) -> None:
    page = corner.submit("/console/invoices", reference=reference, action=action)

    assert (page.status, 'role="alert"' in page.text, EVIL in page.text) == (400, True, False)


def test_the_clock_is_advanced(corner: Browser, soap: Soap, sandbox: SandboxProcess) -> None:
    reference = soap.issued()
    sandbox.pay(reference)

    corner.submit("/console/clock", advance_seconds="20")

    assert sandbox.invoice(reference)["reversed"] is True


@pytest.mark.parametrize("seconds", ["", "-1", "inf", "nan", "x"])
def test_the_clock_takes_no_nonsense(corner: Browser, seconds: str) -> None:
    page = corner.submit("/console/clock", advance_seconds=seconds)

    assert (page.status, "advance_seconds: " in page.text) == (400, True)


def test_everything_is_forgotten(corner: Browser, soap: Soap, cafe: SandboxProcess) -> None:
    soap.issued()
    cafe.fault("*", "drop")

    corner.submit("/console/reset")

    assert (cafe.invoices(), cafe.faults(), cafe.calls()) == ([], [], [])
    assert cafe.control("GET", "/shops") == {"shops": []}


def test_names_from_outside_are_only_text(
    corner: Browser, soap: Soap, sandbox: SandboxProcess
) -> None:
    sandbox.register_shop("EVIL", "https://evil.example", name=EVIL, codes=['A="><b>'])
    text = EVIL.replace("<", "&lt;")
    reference = soap.issued(invoice().replace("Café Söder", text).replace("Kaffe", text))
    sandbox.pay(reference)

    paths = ("/", "/phone/lock", "/phone/history", f"/app/R{reference}", "/console")
    pages = [corner.get(path) for path in paths]

    assert [page.status for page in pages] == [200] * len(paths)
    assert all(EVIL not in page.text and '"><b>' not in page.text for page in pages)
    assert all("unsafe" not in page.headers["Content-Security-Policy"] for page in pages)
    assert all("style=" not in page.text for page in pages)


def test_a_form_of_another_site_is_refused(corner: Browser, cafe: SandboxProcess) -> None:
    for path in ("/console/reset", "/phone/number", "/app/R1"):
        page = corner.submit(path, {"Sec-Fetch-Site": "cross-site"})

        assert page.status == 403
    assert len(cafe.control("GET", "/shops")["shops"]) == 1


def test_the_corner_may_stand_beside_the_phone_and_nothing_else_in_a_frame(
    corner: Browser,
) -> None:
    policies = [corner.get(path).headers["Content-Security-Policy"] for path in ("/", "/console")]

    assert ["frame-ancestors 'none'" in policy for policy in policies] == [True, False]
    assert "frame-ancestors 'self'" in policies[1]
