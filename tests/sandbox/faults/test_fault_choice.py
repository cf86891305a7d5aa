"""The calls that a fault applies to: by operation, count and probability."""

from tests.sandbox.raw_soap import SoapClient
from tests.sandbox_process import SandboxProcess


def test_fault_applies_to_its_operation_only(soap: SoapClient, sandbox: SandboxProcess) -> None:
    sandbox.fault("cancelInvoice", "result_code", code=93)

    reference = soap.new_invoice()

    assert soap.cancel(reference).code == 93
    assert soap.status(reference).text("status") == "ISSUED"


def test_fault_of_any_operation_applies_to_unreadable_request(
    soap: SoapClient, sandbox: SandboxProcess
) -> None:
    sandbox.fault("*", "result_code", code=93)
    sandbox.fault("*", "http_status")

    responses = [soap.status("1"), soap.session("x"), soap.post("nonsense")]

    assert [response.code for response in responses[:2]] == [93, 93]
    assert responses[2].fault == "Client"


def test_next_fault_applies_when_first_is_used_up(
    soap: SoapClient, sandbox: SandboxProcess
) -> None:
    sandbox.fault("sendInvoice", "result_code", code=93, count=2)
    sandbox.fault("sendInvoice", "result_code", code=94, count=1)

    codes = [soap.send_invoice().code for _ in range(5)]

    assert codes == [93, 93, 94, 0, 0]
    assert [fault["applied"] for fault in sandbox.faults()] == [2, 1]
    assert [call["fault"] for call in sandbox.calls()] == ["result_code"] * 3 + [None] * 2


def test_same_seed_selects_same_calls(soap: SoapClient, sandbox: SandboxProcess) -> None:
    patterns = []
    for _ in range(2):
        fault = sandbox.fault("*", "result_code", code=93, probability=0.5, seed=4)
        patterns.append([soap.status("1").code for _ in range(20)])
        sandbox.control("DELETE", f"/faults/{fault['id']}")

    assert patterns[0] == patterns[1]
    assert set(patterns[0]) == {93, 54}
