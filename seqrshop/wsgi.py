"""Django, as the web process runs it in threads (seqrshop.asgi)."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "seqrshop.settings")

application = get_wsgi_application()
