"""Django's settings. Those that differ between deployments are read in seqrshop/deployment.py."""

import django_stubs_ext

from seqrshop import __version__
from seqrshop.deployment import *  # noqa: F403
from seqrshop.deployment import (
    BASE_DIR,
    DEBUG,
    LOG_FORMAT,
    OTEL_EXPORTER_OTLP_ENDPOINT,
    PUBLIC_BASE_URL,
    REDIS_URL,
    TRUSTED_PROXIES,
    database,
    mail_server,
    migration_database,
)
from seqrshop.languages import languages_in
from seqrshop.postgresql import connection_options

django_stubs_ext.monkeypatch()  # before the first ModelAdmin[Order]

EMAIL_BACKEND = mail_server.get("EMAIL_BACKEND")
EMAIL_HOST = mail_server.get("EMAIL_HOST") or "localhost"
EMAIL_PORT = mail_server.get("EMAIL_PORT") or 25
EMAIL_HOST_USER = mail_server.get("EMAIL_HOST_USER") or ""
EMAIL_HOST_PASSWORD = mail_server.get("EMAIL_HOST_PASSWORD") or ""
EMAIL_USE_TLS = bool(mail_server.get("EMAIL_USE_TLS"))
EMAIL_USE_SSL = bool(mail_server.get("EMAIL_USE_SSL"))
EMAIL_FILE_PATH = mail_server.get("EMAIL_FILE_PATH")
EMAIL_TIMEOUT = 10

# --- Django ----------------------------------------------------------------------------------

INSTALLED_APPS = [
    "seqrshop.backoffice.admin_app.StaffAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "csp",
    "seqrshop.telemetry",
    "orders",
    "payments",
    "seqrshop.storefront",
    "seqrshop.backoffice",
    "seqrshop.ops",
]

MIDDLEWARE = [
    "seqrshop.telemetry.request_ids.RequestIdMiddleware",  # first: each line carries the id
    "seqrshop.middleware.security_headers",
    "seqrshop.middleware.MonitoringMiddleware",  # early: monitors know neither host nor https
    "seqrshop.middleware.RequestMetricsMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "seqrshop.storefront.middleware.LanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "seqrshop.backoffice.people.session_limits.SessionLimitsMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "seqrshop.backoffice.uploads.PersonFinderMiddleware",
    "seqrshop.storefront.middleware.ApiErrorMiddleware",
]

if OTEL_EXPORTER_OTLP_ENDPOINT:
    MIDDLEWARE.insert(1, "seqrshop.telemetry.otel.TraceMiddleware")

ROOT_URLCONF = "seqrshop.urls"
VERSION = __version__  # of this software, in what it reports of itself
WSGI_APPLICATION = "seqrshop.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

# One pool per process: each request, task or status check borrows a connection from it.
DATABASES = {
    "default": {
        **database,
        "CONN_MAX_AGE": 0,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": connection_options(database.get("OPTIONS", {})),
    }
}
MIGRATION_DATABASE = migration_database  # the owner of the tables; `migrate` alone connects as it

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

LANGUAGE_CODE = "en"
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = ["seqrshop.formats"]
LANGUAGES = languages_in(LOCALE_PATHS[0])
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Europe/Stockholm"

STATIC_URL = "static/"
STATICFILES_DIRS = [
    BASE_DIR / "seqrshop" / "storefront" / "static",
    BASE_DIR / "seqrshop" / "streaming" / "static",
]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "seqrshop.static_storage.StaticStorage"
    },
}
WHITENOISE_KEEP_ONLY_HASHED_FILES = True  # no page names the others

# --- Security --------------------------------------------------------------------------------

_https = PUBLIC_BASE_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = _https
SECURE_SSL_REDIRECT = _https
SECURE_HSTS_SECONDS = 31_536_000 if _https else 0
SECURE_REFERRER_POLICY = "same-origin"  # "no-referrer" would make forms post "Origin: null"
# Two cookies. A browser accepts "__Host-" only over https, for this host alone and all its paths.
SESSION_COOKIE_NAME = "__Host-staff" if _https else "staff"
CUSTOMER_COOKIE_NAME = "__Host-customer" if _https else "customer"
KNOWN_BROWSER_COOKIE_NAME = "__Host-known-browser" if _https else "known-browser"
SESSION_COOKIE_AGE = 12 * 3600  # the staff's: a working day, from the sign-in
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
LANGUAGE_COOKIE_HTTPONLY = True
CSRF_TRUSTED_ORIGINS = [PUBLIC_BASE_URL]
CSRF_FAILURE_VIEW = "seqrshop.urls.csrf_failure"
X_FRAME_OPTIONS = "DENY"
if TRUSTED_PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

DEFAULT_EXCEPTION_REPORTER_FILTER = "seqrshop.error_filter.ErrorFilter"

DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024  # bytes, for an admin form of 1,000 products
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20_000  # the same form has a dozen per product

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'"],
        "font-src": ["'self'"],
        "manifest-src": ["'self'"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
}

# --- SEQR ----------------------------------------------------------------------------------------

SEQR_REPORT_TIMEOUT_SECONDS = 300  # for a report of MAX_REPORT_ROWS at 1 MB a second
SEQR_REPORT_STALL_SECONDS = 30  # a download slower than 1 KiB a second for so long has failed

# --- Celery ----------------------------------------------------------------------------------

CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_STORE_ERRORS_EVEN_IF_IGNORED = False
# What a customer waits for has a queue and a worker of its own.
CELERY_TASK_DEFAULT_QUEUE = "background"
CELERY_TASK_ROUTES = {
    "payments.tasks.send_invoice": {"queue": "customer"},
    "payments.tasks.answer_loyalty_cards": {"queue": "customer"},
}
CELERY_TASK_PUBLISH_RETRY = False  # recovery finds the work that was not enqueued
CELERY_BROKER_CONNECTION_TIMEOUT = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "socket_connect_timeout": 1,
    "socket_timeout": 5,
    "health_check_interval": 5,  # a worker's connection that Redis answers no more is replaced
    "visibility_timeout": 3600,
}
CELERY_BROKER_POOL_LIMIT = 64  # as many threads may enqueue at once
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"
RECOVERY_INTERVAL_SECONDS = 2
CELERY_BEAT_SCHEDULE = {
    "run recovery": {
        "task": "payments.tasks.run_recovery",
        "schedule": float(RECOVERY_INTERVAL_SECONDS),
        "options": {"expires": RECOVERY_INTERVAL_SECONDS},
    },
    "check audit marker": {
        "task": "payments.tasks.check_audit_marker",
        "schedule": float(RECOVERY_INTERVAL_SECONDS),
        "options": {"expires": RECOVERY_INTERVAL_SECONDS},
    },
    "advance periods": {
        "task": "payments.tasks.advance_periods",
        "schedule": float(RECOVERY_INTERVAL_SECONDS),
        "options": {"expires": RECOVERY_INTERVAL_SECONDS},
    },
    "retire terminals": {
        "task": "payments.tasks.retire_terminals",
        "schedule": 3600.0,
        "options": {"expires": 3600},
    },
    "resume bulk jobs": {
        "task": "seqrshop.backoffice.tasks.resume_bulk_jobs",
        "schedule": 10.0,
        "options": {"expires": 10},
    },
    "forget menu imports": {
        "task": "seqrshop.backoffice.tasks.forget_menu_imports",
        "schedule": 3600.0,
        "options": {"expires": 3600},
    },
    "forget finished work": {
        "task": "seqrshop.backoffice.tasks.forget_finished_work",
        "schedule": 3600.0,
        "options": {"expires": 3600},
    },
    "apply prices": {
        "task": "seqrshop.backoffice.tasks.apply_prices",
        "schedule": 10.0,
        "options": {"expires": 10},
    },
    "send mails": {
        "task": "payments.tasks.send_mails",
        "schedule": 30.0,
        "options": {"expires": 30},
    },
    "count takings": {
        "task": "payments.tasks.count_takings",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
    "deliver exports": {
        "task": "payments.tasks.deliver_exports",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
    "digest audit": {
        "task": "payments.tasks.digest_audit",
        "schedule": 600.0,
        "options": {"expires": 600},
    },
    "extend audit": {
        "task": "payments.tasks.extend_audit",
        "schedule": 3600.0,
        "options": {"expires": 3600},
    },
    "erase customers": {
        "task": "payments.tasks.erase_customers",
        "schedule": 3600.0,
        "options": {"expires": 3600},
    },
    "count scans": {
        "task": "payments.tasks.count_scans",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
    "forget sessions": {
        "task": "payments.tasks.forget_sessions",
        "schedule": 3600.0,
        "options": {"expires": 3600},
    },
}

# --- Logging: one line per record on standard error, without secrets or personal data --------

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"()": "seqrshop.log_format.formatter", "log_format": LOG_FORMAT},
    },
    "filters": {"repeated": {"()": "seqrshop.repeated_lines.RepeatedLineFilter"}},
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "formatter": "line",
            "filters": ["repeated"],
        }
    },
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {
        "django": {},  # without handlers of its own, whose lines would have the secrets
        "django.server": {"propagate": True},
        # At DEBUG, zeep and urllib3 log whole envelopes, passwords included.
        "zeep": {"level": "WARNING"},
        "urllib3": {"level": "WARNING"},
        "fido2": {"level": "WARNING"},
        "opentelemetry": {"level": "ERROR"},  # each failed export, without its attempts
        "fontTools": {"level": "WARNING"},  # at INFO, it logs the letters of each receipt's PDF
        "celery.worker.strategy": {"level": "WARNING"},
        "celery.app.trace": {"level": "WARNING"},
        "celery.beat": {"level": "WARNING"},
    },
}
