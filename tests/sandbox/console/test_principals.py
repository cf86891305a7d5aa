"""Resellers and terminals on the console page, without scripts."""

import re
from typing import NamedTuple

import pytest

from tests.sandbox.http_pages import Browser
from tests.sandbox.raw_soap import SoapClient, terminal
from tests.sandbox_process import SandboxProcess

EVIL = "<script>alert(1)</script>"
TERMINAL_ID = "public_test_shop_terminal"


@pytest.fixture
def console(sandbox: SandboxProcess) -> Browser:
    return Browser(sandbox)


def panel(console: Browser) -> str:
    """The list of resellers and terminals, without line breaks."""
    text = console.get("/console").text
    listed = text.partition('<div id="principals"')[2].partition("</div>")[0]
    return " ".join(listed.split())


def test_reseller_and_terminal_are_added_by_form_and_listed(
    console: Browser, sandbox: SandboxProcess
) -> None:
    added = [
        console.submit(
            "/console/resellers", reseller_id="chain", name="", user_id="17", password="secret-2"
        ).status,
        console.submit(
            "/console/terminals",
            terminal_id="branch",
            name="Café at the station",
            password="secret-1",
            reseller_id="chain",
        ).status,
    ]

    page = console.get("/console").text
    assert added == [303, 303]
    assert "<h3>chain <small>reseller chain, user 17</small></h3>" in panel(console)
    assert "<strong>Café at the station</strong> <small>terminal branch</small>" in panel(console)
    assert '<option value="terminal branch">' in page
    assert "secret" not in page
    branch = SoapClient(sandbox, as_terminal=terminal("branch", "secret-1"))
    assert branch.send_invoice().code == 0


def test_open_invoices_of_each_terminal_are_counted_and_invoices_name_theirs(
    console: Browser, sandbox: SandboxProcess, soap: SoapClient
) -> None:
    soap.new_invoice()
    alone = console.get("/console").text
    sandbox.add_terminal("branch", "secret-1", name="Station")
    branch = SoapClient(sandbox, as_terminal=terminal("branch", "secret-1"))
    branch.new_invoice()
    branch.new_invoice()

    listed = panel(console)

    assert re.findall(r"(\d+) open invoices?<", listed) == ["2", "1"]
    assert "1 open invoice<" in listed
    assert ", terminal " not in alone
    assert console.get("/console").text.count(", terminal Station</small>") == 2


def test_password_is_changed_and_terminal_is_retired_by_form(
    console: Browser, sandbox: SandboxProcess, soap: SoapClient
) -> None:
    changed = console.submit(
        "/console/terminals/password", terminal_id=TERMINAL_ID, password="secret-1"
    )
    old, new = soap, SoapClient(sandbox, as_terminal=terminal(TERMINAL_ID, "secret-1"))
    codes = [old.send_invoice().code, new.send_invoice().code]
    before = panel(console)

    retired = console.submit("/console/terminals/retire", terminal_id=TERMINAL_ID)

    after = console.get("/console").text
    assert (changed.status, retired.status) == (303, 303)
    assert codes == [20, 0]
    assert new.send_invoice().code == 33
    assert f'id="retire-{TERMINAL_ID}"' in before
    assert f'id="retire-{TERMINAL_ID}"' not in after
    assert f'<option value="{TERMINAL_ID}">' not in after
    assert ">retired</span>" in panel(console)


def test_only_latest_terminals_of_a_reseller_are_listed(
    console: Browser, sandbox: SandboxProcess
) -> None:
    for number in range(21):
        sandbox.add_terminal(f"branch-{number:02}", "secret-1")

    listed = panel(console)

    assert listed.count("<li") == 20
    assert "branch-20" in listed
    assert "branch-00" not in listed
    assert "The latest 20 of 22." in listed


class RefusedForm(NamedTuple):
    """A form, the field that its error names, and what the page keeps of it."""

    path: str
    fields: dict[str, str]
    named: str
    kept: str = ""


REFUSED = {
    "reseller twice": RefusedForm(
        "/console/resellers",
        {"reseller_id": "public_test_shop", "user_id": "17", "password": "secret-2"},
        "reseller_id",
        'name="user_id" value="17"',
    ),
    "no user": RefusedForm(
        "/console/resellers",
        {"reseller_id": "chain", "password": "secret-2"},
        "user_id",
        'name="reseller_id" value="chain"',
    ),
    "unknown reseller": RefusedForm(
        "/console/terminals",
        {"terminal_id": "branch", "password": "secret-2", "reseller_id": EVIL},
        "reseller_id",
        'name="terminal_id" value="branch"',
    ),
    "no password": RefusedForm(
        "/console/terminals",
        {"terminal_id": "branch", "name": "Station"},
        "password",
        'name="name" value="Station"',
    ),
    "password of no terminal": RefusedForm(
        "/console/terminals/password", {"password": "secret-2"}, "terminal_id"
    ),
    "empty password": RefusedForm(
        "/console/terminals/password", {"terminal_id": TERMINAL_ID}, "password"
    ),
    "retirement of unknown terminal": RefusedForm(
        "/console/terminals/retire", {"terminal_id": EVIL}, "terminal_id"
    ),
}


@pytest.mark.parametrize("form", REFUSED.values(), ids=REFUSED.keys())
def test_refused_form_names_its_field_and_keeps_input_but_the_password(
    console: Browser, sandbox: SandboxProcess, form: RefusedForm
) -> None:
    page = console.submit(form.path, **form.fields)

    forms_are_open = '<details class="more" open>' in page.text
    assert page.status == 400
    assert re.search(rf'role="alert">{form.named}: ', page.text)
    assert form.kept in page.text
    assert forms_are_open is not form.path.endswith("retire")
    assert "secret-2" not in page.text
    assert EVIL not in page.text
    assert [each["active"] for each in sandbox.terminals()] == [True]


def test_names_of_principals_are_escaped(console: Browser, sandbox: SandboxProcess) -> None:
    sandbox.control(
        "POST",
        "/resellers",
        {"reseller_id": "chain", "user_id": "17", "password": "secret-2", "name": EVIL},
    )
    sandbox.add_terminal("branch", "secret-1", reseller_id="chain", name=f'"{EVIL}')

    page = console.get("/console").text

    assert EVIL not in page
    assert "&lt;script&gt;" in panel(console)
