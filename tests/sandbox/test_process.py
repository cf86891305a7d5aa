"""The command python -m payments.sandbox."""

import signal
import socket
import subprocess
import sys

import pytest

from payments.sandbox.cli import main
from payments.sandbox.faults.latency_profiles import LatencyKind
from payments.sandbox.faults.registry import Kind
from seqrshop.local import ROOT
from tests.sandbox.raw_soap import SoapClient, invoice
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.slow


def python(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def test_help_describes_addresses_faults_and_latency(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main(["--help"])

    output = capsys.readouterr().out
    assert "/soap/service" in output
    assert "/control/scan" in output
    assert "docs/sandbox.md" in output
    assert all(kind in output for kind in (*Kind, *LatencyKind))
    assert max(map(len, output.splitlines())) <= 100


def test_port_in_use_gets_one_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])

        result = python("-m", "payments.sandbox", "--port", port)

    assert result.returncode == 1
    assert result.stdout == ""
    assert result.stderr == (f"Port {port} on 127.0.0.1 is in use; choose another with --port.\n")


@pytest.mark.parametrize(
    "options",
    [
        ("--port", "65536"),
        ("--port", "x"),
        ("--reversal-seconds", "-1"),
        ("--public-url", "seqr.example"),
        ("--shop", "CAFE"),
    ],
    ids=" ".join,
)
def test_invalid_option_is_refused(
    options: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(list(options))

    assert f"argument {options[0]}: '{options[1]}'" in capsys.readouterr().err


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_ends_process_while_notification_is_sent(
    number: signal.Signals,
) -> None:
    sandbox = SandboxProcess()
    soap = SoapClient(sandbox)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        sandbox.pay(soap.new_invoice(invoice(notification_url=url)))

        sandbox.process.send_signal(number)

        code = sandbox.process.wait(timeout=30)
    sandbox.stop()
    assert (code, sandbox.errors()) == (0, "")


def test_sandbox_imports_nothing_else_of_the_project() -> None:
    foreign = "[m for m in sys.modules if m.startswith(('django', 'payments.', 'orders', 'zeep'))"
    program = (
        "import sys, payments.sandbox.__main__\n"
        f"print({foreign} and not m.startswith('payments.sandbox')])"
    )

    result = python("-c", program)

    assert (result.stdout, result.stderr) == ("[]\n", "")
