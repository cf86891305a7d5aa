"""/control/latency: set, list and remove latency profiles, and errors."""

import pytest

from tests.sandbox_process import ControlError, SandboxProcess


def test_profile_is_listed_with_all_parameters(sandbox: SandboxProcess) -> None:
    added = sandbox.set_latency("getPaymentStatus", "step", at_seconds=3, seed=5)

    (listed,) = sandbox.latency()
    expected = {
        "operation": "getPaymentStatus",
        "kind": "step",
        "from_seconds": 0.0,
        "to_seconds": 0.5,
        "at_seconds": 3.0,
        "seed": 5,
        "delayed": 0,
        "waiting": 0,
    }
    assert 0 <= added.pop("elapsed_seconds") <= listed.pop("elapsed_seconds")
    assert added == listed == expected


def test_second_profile_of_an_operation_replaces_its_first(sandbox: SandboxProcess) -> None:
    sandbox.set_latency("*", "hang")
    sandbox.set_latency("sendInvoice", "ramp")

    sandbox.set_latency("*", "bimodal")

    kinds = {each["operation"]: each["kind"] for each in sandbox.latency()}
    assert kinds == {"sendInvoice": "ramp", "*": "bimodal"}


def test_profile_is_removed_by_operation(sandbox: SandboxProcess) -> None:
    for operation in ("*", "sendInvoice"):
        sandbox.set_latency(operation, "constant")

    removed = sandbox.control("DELETE", "/latency/*")

    assert (removed["operation"], removed["kind"]) == ("*", "constant")
    assert [each["operation"] for each in sandbox.latency()] == ["sendInvoice"]
    with pytest.raises(ControlError, match=r"404: '\*' has no latency profile\."):
        sandbox.control("DELETE", "/latency/*")


def test_all_profiles_are_removed(sandbox: SandboxProcess) -> None:
    for operation in ("*", "sendInvoice"):
        sandbox.set_latency(operation, "constant")

    sandbox.clear_latency()

    assert sandbox.latency() == []


BAD_INPUT = {
    "no operation": ({"kind": "hang"}, "operation"),
    "unknown operation": ({"operation": "payInvoice", "kind": "hang"}, "operation"),
    "notifications": ({"operation": "notification", "kind": "hang"}, "operation"),
    "no kind": ({"operation": "*"}, "kind"),
    "unknown kind": ({"operation": "*", "kind": "sometimes"}, "kind"),
    "negative": ({"operation": "*", "kind": "constant", "seconds": -1}, "seconds"),
    "endless": ({"operation": "*", "kind": "constant", "seconds": 1e9}, "seconds"),
    "no number": ({"operation": "*", "kind": "step", "at_seconds": float("nan")}, "at_seconds"),
    "a ramp of no time": ({"operation": "*", "kind": "ramp", "over_seconds": 0}, "over_seconds"),
    "share of 2": ({"operation": "*", "kind": "bimodal", "slow_share": 2}, "slow_share"),
    "seed is a text": ({"operation": "*", "kind": "bimodal", "seed": "x"}, "seed"),
    "text": ({"operation": "*", "kind": "hang", "for_seconds": "12"}, "for_seconds"),
    "another kind's parameter": ({"operation": "*", "kind": "hang", "seconds": 1}, "seconds"),
    "no object": ([], "The body"),
}


@pytest.mark.parametrize(("body", "field"), BAD_INPUT.values(), ids=BAD_INPUT.keys())
def test_invalid_input_gets_400_naming_the_field(
    sandbox: SandboxProcess, body: object, field: str
) -> None:
    with pytest.raises(ControlError, match=f"^400: {field}"):
        sandbox.control("POST", "/latency", body)

    assert sandbox.latency() == []
