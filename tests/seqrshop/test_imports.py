"""What a process imports when it starts."""

import os
import subprocess
import sys

from seqrshop.local import ROOT
from seqrshop.local.testing import settings_for_tests

# Together they take as long to import as a third of all the rest.
FOR_FEW_PROCESSES = {"fpdf", "openpyxl", "pypdfium2", "xlsxwriter", "zxingcpp"}
# Each of them is imported with its setting only.
FOR_A_SETTING = {"pythonjsonlogger", "sentry_sdk", "opentelemetry"}
START = """
import sys
import django
django.setup()
import payments.tasks
import seqrshop.urls
print(*(name for name, module in sys.modules.items() if module is not None))
"""


def test_process_starts_without_what_makes_files() -> None:
    env = {**os.environ, **settings_for_tests(), "DJANGO_SETTINGS_MODULE": "seqrshop.settings"}

    done = subprocess.run(
        [sys.executable, "-c", START], cwd=ROOT, env=env, capture_output=True, text=True, check=True
    )

    assert not {*done.stdout.split()} & (FOR_FEW_PROCESSES | FOR_A_SETTING)
