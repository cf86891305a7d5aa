"""The settings that mypy's Django plugin imports: development defaults, whatever is set."""

import os

os.environ["DEBUG"] = "on"

from seqrshop.settings import *  # noqa: F403
