"""`manage.py doctor` at the end of `make run`: one line, or the lines of what is wrong."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Mapping

from seqrshop.local import ROOT
from seqrshop.ops.doctor.finding import Finding, Level
from seqrshop.ops.doctor.report import lines, verdict

WAIT_SECONDS = 60  # until the last process has started
AGAIN = "`.venv/bin/python manage.py doctor` runs the checks again."


class DoctorRun:
    """Runs the doctor once, with the settings in `env`; `stop` ends it early."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self._env = env
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._process: subprocess.Popen[str] | None = None

    def report(self) -> str | None:
        """Return the verdict, after the lines of what is not ok; None where it was stopped."""
        with self._lock:
            if self._stopping.is_set():
                return None
            self._process = subprocess.Popen(
                [sys.executable, "manage.py", "doctor", "--json", "--wait", str(WAIT_SECONDS)],
                cwd=ROOT,
                env=self._env,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                start_new_session=True,  # Ctrl-C reaches this process only
            )
        output, _ = self._process.communicate()
        if self._stopping.is_set():
            return None
        try:
            result = json.loads(output)
        except ValueError:
            return f"The checks have failed. {AGAIN}"
        findings = [Finding(Level(each.pop("level")), **each) for each in result["findings"]]
        wrong = [finding for finding in findings if finding.level != Level.OK]
        return "\n".join([*lines(wrong), verdict(findings, result["seconds"]), AGAIN])

    def stop(self) -> None:
        """Kill the doctor, if it runs."""
        with self._lock:
            self._stopping.set()
            if self._process is not None:
                self._process.kill()
                self._process.wait()
