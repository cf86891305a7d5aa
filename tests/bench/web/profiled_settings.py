"""The shop's settings, with each request of web profiled."""

from seqrshop.settings import *  # noqa: F403
from seqrshop.settings import MIDDLEWARE

MIDDLEWARE = ["tests.bench.web.profiling.ProfilingMiddleware", *MIDDLEWARE]
