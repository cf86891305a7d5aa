"""Resellers and terminals in the control API: added, changed, retired, listed."""

import re

import pytest

from tests.sandbox.raw_soap import SoapClient, context, invoice, reseller, terminal
from tests.sandbox_process import ControlError, SandboxProcess

TERMINAL_ID = "public_test_shop_terminal"
PUBLISHED_RESELLER = {
    "reseller_id": "public_test_shop",
    "name": "Public Test Shop",
    "user_id": "9900",
}
PUBLISHED_TERMINAL = {
    "terminal_id": TERMINAL_ID,
    "reseller_id": "public_test_shop",
    "name": "Public test shop's terminal",
    "external_id": None,
    "seqr_id": None,
    "latest_invoice": None,
    "active": True,
}

RESELLER: dict[str, object] = {"reseller_id": "chain", "user_id": "17", "password": "secret-2"}
TERMINAL: dict[str, object] = {"terminal_id": "branch", "password": "secret-1"}


def test_published_principals_exist_after_reset(sandbox: SandboxProcess) -> None:
    sandbox.retire_terminal(TERMINAL_ID)
    sandbox.add_reseller("chain", "17", "secret-2")
    sandbox.add_terminal("branch", "secret-1", reseller_id="chain")

    sandbox.reset()

    assert sandbox.control("GET", "/resellers") == {"resellers": [PUBLISHED_RESELLER]}
    assert sandbox.terminals() == [PUBLISHED_TERMINAL | {"open_invoices": 0}]


def test_added_reseller_and_terminal_are_listed_without_passwords(
    sandbox: SandboxProcess,
) -> None:
    chain = sandbox.control("POST", "/resellers", RESELLER | {"name": "The chain"})
    branch = sandbox.control(
        "POST", "/terminals", TERMINAL | {"reseller_id": "chain", "name": "Branch"}
    )

    resellers = sandbox.control("GET", "/resellers")["resellers"]
    assert chain == {"reseller_id": "chain", "name": "The chain", "user_id": "17"}
    assert resellers == [PUBLISHED_RESELLER, chain]
    assert branch == PUBLISHED_TERMINAL | {
        "terminal_id": "branch",
        "reseller_id": "chain",
        "name": "Branch",
    }
    assert sandbox.terminals()[1] == branch | {"open_invoices": 0}
    assert not re.search("secret|password|digest", str([resellers, sandbox.terminals()]))


def test_terminal_without_name_and_reseller_has_its_id_and_the_published_one(
    sandbox: SandboxProcess,
) -> None:
    added = sandbox.add_terminal("branch", "secret-1")

    assert (added["name"], added["reseller_id"]) == ("branch", "public_test_shop")


def test_added_terminal_keeps_several_invoices_open_and_they_are_counted(
    sandbox: SandboxProcess, soap: SoapClient
) -> None:
    sandbox.add_terminal("branch", "secret-1")
    branch = SoapClient(sandbox, as_terminal=terminal("branch", "secret-1"))
    soap.new_invoice()
    references = [branch.new_invoice() for _ in range(3)]

    before = [each["open_invoices"] for each in sandbox.terminals()]
    sandbox.pay(references[0])
    branch.cancel(references[1])

    assert before == [1, 3]
    assert [each["open_invoices"] for each in sandbox.terminals()] == [1, 1]
    assert sandbox.invoice(references[2])["status"] == "ISSUED"


def test_changed_password_replaces_the_old_one_of_this_terminal_alone(
    sandbox: SandboxProcess, soap: SoapClient
) -> None:
    sandbox.add_terminal("branch", "secret-1")
    reference = SoapClient(sandbox, as_terminal=terminal("branch", "secret-1")).new_invoice()

    sandbox.change_terminal_password("branch", "secret-2")

    codes = [
        soap.status(reference, with_context=context(terminal("branch", password))).code
        for password in ("secret-1", "secret-2")
    ]
    assert codes == [20, 0]
    assert soap.send_invoice().code == 0


def test_added_reseller_calls_with_its_own_user_and_password(sandbox: SandboxProcess) -> None:
    sandbox.add_reseller("chain", "17", "secret-2")
    principals = {
        0: reseller("chain", "17", "secret-2"),
        20: reseller("chain", "17", "1234"),
        37: reseller("chain", "9900", "secret-2"),
    }

    codes = [
        SoapClient(sandbox, as_reseller=principal).mark_period().code
        for principal in principals.values()
    ]

    assert codes == list(principals)


def test_added_reseller_may_not_send_an_invoice(sandbox: SandboxProcess) -> None:
    sandbox.add_reseller("chain", "17", "secret-2")
    caller = SoapClient(sandbox, as_terminal=reseller("chain", "17", "secret-2"))

    assert caller.send_invoice(invoice()).code == 21


REFUSED: dict[str, tuple[str, dict[str, object], str]] = {
    "reseller ID": ("/resellers", RESELLER | {"reseller_id": "a b"}, "400: reseller_id: "),
    "user ID": ("/resellers", RESELLER | {"user_id": 9900}, "400: user_id: "),
    "no user ID": ("/resellers", RESELLER | {"user_id": None}, "400: user_id: "),
    "no reseller password": ("/resellers", RESELLER | {"password": ""}, "400: password: "),
    "reseller's name": ("/resellers", RESELLER | {"name": "x" * 501}, "400: name: "),
    "reseller twice": (
        "/resellers",
        RESELLER | {"reseller_id": "public_test_shop"},
        "409: reseller_id: there is a reseller 'public_test_shop' already.",
    ),
    "terminal ID": ("/terminals", TERMINAL | {"terminal_id": "x" * 41}, "400: terminal_id: "),
    "no terminal ID": ("/terminals", {"password": "secret-1"}, "400: terminal_id: "),
    "no password": ("/terminals", {"terminal_id": "branch"}, "400: password: "),
    "password": ("/terminals", TERMINAL | {"password": "a\n"}, "400: password: "),
    "terminal's name": ("/terminals", TERMINAL | {"name": 7}, "400: name: "),
    "unknown reseller": (
        "/terminals",
        TERMINAL | {"reseller_id": "chain"},
        "404: reseller_id: there is no reseller 'chain'.",
    ),
    "terminal twice": (
        "/terminals",
        TERMINAL | {"terminal_id": TERMINAL_ID},
        f"409: terminal_id: there is a terminal '{TERMINAL_ID}' already.",
    ),
    "new password": (f"/terminals/{TERMINAL_ID}/password", {}, "400: password: "),
    "password of unknown terminal": (
        "/terminals/branch/password",
        {"password": "secret-1"},
        "404: terminal_id: there is no terminal 'branch'.",
    ),
    "retirement of unknown terminal": (
        "/terminals/branch/retire",
        {},
        "404: terminal_id: there is no terminal 'branch'.",
    ),
}


@pytest.mark.parametrize(("path", "body", "words"), REFUSED.values(), ids=REFUSED.keys())
def test_invalid_principal_is_refused_and_changes_nothing(
    sandbox: SandboxProcess, soap: SoapClient, path: str, body: dict[str, object], words: str
) -> None:
    with pytest.raises(ControlError, match=f"^{re.escape(words)}"):
        sandbox.control("POST", path, body)

    assert sandbox.control("GET", "/resellers") == {"resellers": [PUBLISHED_RESELLER]}
    assert sandbox.terminals() == [PUBLISHED_TERMINAL | {"open_invoices": 0}]
    assert soap.send_invoice().code == 0


@pytest.mark.parametrize(("action", "body"), [("password", {"password": "x"}), ("retire", {})])
def test_retired_terminal_cannot_be_changed(
    sandbox: SandboxProcess, action: str, body: dict[str, str]
) -> None:
    sandbox.retire_terminal(TERMINAL_ID)

    with pytest.raises(ControlError, match=f"409: terminal_id: terminal '{TERMINAL_ID}' is ret"):
        sandbox.control("POST", f"/terminals/{TERMINAL_ID}/{action}", body)
