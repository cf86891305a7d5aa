"""/control/faults: add, list and remove faults, and errors."""

import pytest

from tests.sandbox_process import ControlError, SandboxProcess


def test_fault_is_listed_with_all_parameters(sandbox: SandboxProcess) -> None:
    added = sandbox.fault("getPaymentStatus", "delay", seconds=2, count=3, seed=5)

    expected = {
        "id": 1,
        "operation": "getPaymentStatus",
        "kind": "delay",
        "seconds": 2.0,
        "before": "effect",
        "count": 3,
        "probability": 1.0,
        "seed": 5,
        "applied": 0,
    }
    assert added == expected
    assert sandbox.faults() == [expected]


def test_fault_without_seed_gets_a_random_one(sandbox: SandboxProcess) -> None:
    first, second = (sandbox.fault("*", "drop", probability=0.5) for _ in range(2))

    assert first["seed"] != second["seed"]
    assert first["count"] is None


def test_fault_is_removed_by_id(sandbox: SandboxProcess) -> None:
    first, second = (sandbox.fault("*", "drop") for _ in range(2))

    removed = sandbox.control("DELETE", f"/faults/{first['id']}")

    assert removed == first
    assert sandbox.faults() == [second]
    with pytest.raises(ControlError, match="404: There is no fault 1"):
        sandbox.control("DELETE", "/faults/1")


def test_all_faults_are_removed(sandbox: SandboxProcess) -> None:
    sandbox.fault("*", "drop")
    sandbox.fault("notification", "lost")

    sandbox.control("DELETE", "/faults")

    assert sandbox.faults() == []


def test_number_of_faults_is_limited(sandbox: SandboxProcess) -> None:
    for _ in range(200):
        sandbox.fault("*", "drop")

    with pytest.raises(ControlError, match="409: There are 200 faults already"):
        sandbox.fault("*", "drop")


BAD_INPUT = {
    "no operation": ({"kind": "drop"}, "operation"),
    "unknown operation": ({"operation": "payInvoice", "kind": "drop"}, "operation"),
    "operation is a list": ({"operation": [], "kind": "drop"}, "operation"),
    "no kind": ({"operation": "*"}, "kind"),
    "unknown kind": ({"operation": "*", "kind": "explode"}, "kind"),
    "a notification's kind": ({"operation": "*", "kind": "lost"}, "kind"),
    "a call's kind": ({"operation": "notification", "kind": "drop"}, "kind"),
    "count of 0": ({"operation": "*", "kind": "drop", "count": 0}, "count"),
    "count is true": ({"operation": "*", "kind": "drop", "count": True}, "count"),
    "count is a fraction": ({"operation": "*", "kind": "drop", "count": 1.5}, "count"),
    "probability of 2": ({"operation": "*", "kind": "drop", "probability": 2}, "probability"),
    "no number": ({"operation": "*", "kind": "drop", "probability": float("nan")}, "probability"),
    "seed is a text": ({"operation": "*", "kind": "drop", "seed": "x"}, "seed"),
    "endless delay": ({"operation": "*", "kind": "delay", "seconds": 1e9}, "seconds"),
    "delay of 0": ({"operation": "*", "kind": "delay", "seconds": 0}, "seconds"),
    "before": ({"operation": "*", "kind": "delay", "before": "lunch"}, "before"),
    "before is a list": ({"operation": "*", "kind": "delay", "before": []}, "before"),
    "takes_effect": ({"operation": "*", "kind": "reset", "takes_effect": 1}, "takes_effect"),
    "status of 99": ({"operation": "*", "kind": "http_status", "status": 99}, "status"),
    "endless code": ({"operation": "*", "kind": "result_code", "code": 2**31}, "code"),
    "faultcode": ({"operation": "*", "kind": "soap_fault", "faultcode": "x"}, "faultcode"),
    "faultstring": ({"operation": "*", "kind": "soap_fault", "faultstring": "\n"}, "faultstring"),
    "no garbage": ({"operation": "*", "kind": "garbage", "bytes": 0}, "bytes"),
    "too huge": ({"operation": "*", "kind": "huge", "megabytes": 10**6}, "megabytes"),
    "length": ({"operation": "*", "kind": "truncated", "length": 7}, "length"),
    "response_of": (
        {"operation": "*", "kind": "wrong_operation", "response_of": "x"},
        "response_of",
    ),
    "a misspelt parameter": ({"operation": "*", "kind": "drip", "secnds": 1}, "secnds"),
    "another kind's parameter": ({"operation": "*", "kind": "drop", "seconds": 1}, "seconds"),
    "no object": ([], "The body"),
}


@pytest.mark.parametrize(("body", "field"), BAD_INPUT.values(), ids=BAD_INPUT.keys())
def test_invalid_input_gets_400_naming_the_field(
    sandbox: SandboxProcess, body: object, field: str
) -> None:
    with pytest.raises(ControlError, match=f"^400: {field}"):
        sandbox.control("POST", "/faults", body)

    assert sandbox.faults() == []
