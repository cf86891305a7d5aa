"""The usual design's settings."""

import os
from urllib.parse import urlsplit

_database = urlsplit(os.environ["USUAL_DATABASE_URL"])

SECRET_KEY = "a-secret-of-the-bench-which-guards-nothing-at-all"
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1", "localhost"]
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "tests.bench.usual_design",
]
MIDDLEWARE = [  # as `startproject` writes it
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "tests.bench.usual_design.urls"
WSGI_APPLICATION = "tests.bench.usual_design.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TEMPLATES = [
    {"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True, "OPTIONS": {}}
]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": _database.path.removeprefix("/"),
        "USER": _database.username,
        "PASSWORD": _database.password,
        "HOST": _database.hostname,
        "PORT": _database.port,
        "CONN_MAX_AGE": 600,
    }
}
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": os.environ["USUAL_REDIS_URL"],
    }
}
USE_TZ = True
TIME_ZONE = "Europe/Stockholm"

CELERY_BROKER_URL = os.environ["USUAL_REDIS_URL"]
CELERY_TASK_IGNORE_RESULT = True
CELERY_BEAT_SCHEDULE = {
    "query open invoices": {
        "task": "tests.bench.usual_design.tasks.query_open_invoices",
        "schedule": 1.0,
    }
}

PUBLIC_BASE_URL = os.environ["PUBLIC_BASE_URL"]
SEQR_SERVICE_URL = os.environ["SEQR_SERVICE_URL"]
SEQR_SESSION_URL = os.environ["SEQR_SESSION_URL"]
SEQR_APP_URL = os.environ["SEQR_APP_URL"]
SEQR_TERMINAL_ID = os.environ["SEQR_TERMINAL_ID"]
SEQR_TERMINAL_PASSWORD = os.environ["SEQR_TERMINAL_PASSWORD"]
SEQR_TIMEOUT_SECONDS = 5

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"stderr": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
}
