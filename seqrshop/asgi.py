"""The web process's entry point: `uvicorn seqrshop.asgi:application`."""

import os
import sys

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "seqrshop.settings")

CANNOT_START = 3  # to uvicorn, which would else try again for ever

try:
    django = get_wsgi_application()
except SystemExit as error:  # the settings are not complete
    sys.stderr.write(f"{error.code}\n")
    sys.exit(CANNOT_START)

from seqrshop.serving.asgi_app import Site  # noqa: E402 - it has models, for which Django is set up now

application = Site(django)
