"""The web process's entry point: `gunicorn seqrshop.wsgi`."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "seqrshop.settings")

application = get_wsgi_application()
