#!/usr/bin/env python
"""Django's command line for seqrshop."""

import os
import sys

from django.core.management import execute_from_command_line

from seqrshop.startup import stop_without_traceback

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "seqrshop.settings")
    with stop_without_traceback():
        execute_from_command_line(sys.argv)
