"""Django's WSGI application, which `manage.py runserver` serves."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "seqrshop.settings")

application = get_wsgi_application()
