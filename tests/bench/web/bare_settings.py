"""The settings of a bare page: the shop's server and Django, without the shop's middleware."""

from seqrshop.settings import *  # noqa: F403

MIDDLEWARE = []
ROOT_URLCONF = "tests.bench.web.bare_urls"
