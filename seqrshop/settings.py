"""Django's settings. Those that differ between deployments come from the environment.

.env.example explains each of them. With DEBUG on, development defaults stand in for the required
settings; with DEBUG off, a missing one stops start-up.
"""

from decimal import Decimal
from pathlib import Path
from typing import Any

import django_stubs_ext

from seqrshop import __version__, env
from seqrshop.languages import languages_in

django_stubs_ext.monkeypatch()  # before the first ModelAdmin[Order]

BASE_DIR = Path(__file__).resolve().parent.parent
settings = env.Settings(BASE_DIR / ".env")
read = settings.read

# --- Settings from the environment -----------------------------------------------------------

DEBUG: bool = bool(read("DEBUG", '"on" or "off"', env.boolean, default=False))
DEVELOPMENT_SECRET_KEY = "for-development-only-" * 3
short_text = env.text(200)


def read_required(
    name: str, expects: str, convert: env.Convert = short_text, *, development: str
) -> Any:
    """Read a setting that has a default, `development`, only while DEBUG is on."""
    if DEBUG:
        return read(name, expects, convert, default=convert(development))
    return read(name, expects, convert)


def secret_key(raw: str) -> str:
    """Read SECRET_KEY, and refuse the published development key with DEBUG off."""
    if raw == DEVELOPMENT_SECRET_KEY and not DEBUG:
        raise ValueError
    return short_text(raw)


SECRET_KEY: str = read_required(
    "SECRET_KEY",
    "50 or more random characters, kept secret",
    secret_key,
    development=DEVELOPMENT_SECRET_KEY,
)
ALLOWED_HOSTS: list[str] = read_required(
    "ALLOWED_HOSTS",
    "the shop's host names, separated by commas",
    env.names,
    development="localhost,127.0.0.1,[::1]",
)
_database = read_required(
    "DATABASE_URL",
    "postgresql://user:password@host:5432/name",
    env.database,
    development="postgresql://seqrshop@localhost:5432/seqrshop",
)
REDIS_URL: str = read_required(
    "REDIS_URL",
    "redis://host:6379/0",
    env.redis_address,
    development="redis://localhost:6379/0",
)
PUBLIC_BASE_URL: str = read_required(
    "PUBLIC_BASE_URL",
    "the http(s) address where SEQR and the app reach the shop, such as https://shop.example.se",
    env.web_address,
    development="http://localhost:8000",
)
TRUSTED_PROXIES: int = read(
    "TRUSTED_PROXIES",
    "the number of your own proxies in front of the web process, 0 to 5",
    env.whole_number(0, 5),
    default=0,
)
STATIC_ROOT: str = read(
    "STATIC_ROOT",
    "the absolute path of the folder that collectstatic fills and the web process serves",
    env.folder,
    default=str(BASE_DIR / "static-collected"),
)
SEQR_SERVICE_URL: str = read_required(
    "SEQR_SERVICE_URL",
    "the http(s) address of ERSWSExternalClientService",
    env.web_address,
    development="http://localhost:8001/soap/service",
)
SEQR_SESSION_URL: str = read_required(
    "SEQR_SESSION_URL",
    "the http(s) address of ERSWSClientSessionInfoService",
    env.web_address,
    development="http://localhost:8001/soap/session",
)
SEQR_APP_URL: str = read(
    "SEQR_APP_URL",
    "the address that opens the app, up to the R of the reference, such as seqr://SEQR.SE/",
    env.app_address,
    default="seqr://SEQR.SE/",
)
SEQR_LEAVE_URL: str = read(
    "SEQR_LEAVE_URL",
    "the address that leaves the shop's pages for the app, such as SEQR-ACTION://WIZARD/CANCEL",
    env.app_address,
    default="SEQR-ACTION://WIZARD/CANCEL",
)
SEQR_STORE_URL_ANDROID: str = read(
    "SEQR_STORE_URL_ANDROID",
    "the http(s) address where an Android phone installs the app",
    env.web_address,
    default="https://play.google.com/store/search?q=SEQR&c=apps",
)
SEQR_STORE_URL_IOS: str = read(
    "SEQR_STORE_URL_IOS",
    "the http(s) address where an iPhone installs the app",
    env.web_address,
    default="https://appstore.com/seqr",
)
SEQR_TERMINAL_ID: str = read_required(
    "SEQR_TERMINAL_ID",
    "the id of the shop's terminal at SEQR",
    development="public_test_shop_terminal",
)
SEQR_TERMINAL_PASSWORD: str = read_required(
    "SEQR_TERMINAL_PASSWORD", "the password of that terminal", development="12345678"
)
SEQR_RESELLER_ID: str = read_required(
    "SEQR_RESELLER_ID",
    "the id of the shop's reseller account at SEQR",
    development="public_test_shop",
)
SEQR_RESELLER_USER_ID: str = read_required(
    "SEQR_RESELLER_USER_ID",
    "the user id in the reseller account, such as 9900",
    development="9900",
)
SEQR_RESELLER_PASSWORD: str = read_required(
    "SEQR_RESELLER_PASSWORD", "the password of that user", development="1234"
)
SEQR_CLIENT_ID: str = read(
    "SEQR_CLIENT_ID",
    "the name that identifies this software to SEQR, at most 80 characters",
    env.text(80),
    default=f"seqrshop {__version__}",
)
SEQR_CHANNEL: str = read(
    "SEQR_CHANNEL", "ClientWS or WS, at most 40 characters", env.text(40), default="ClientWS"
)
SEQR_TIMEOUT_SECONDS: float = read(
    "SEQR_TIMEOUT_SECONDS",
    "the seconds after which a call to SEQR is given up, 0.5 to 15",
    env.seconds(0.5, 15),
    default=5.0,
)
INVOICE_LIFETIME_SECONDS: int = read(
    "INVOICE_LIFETIME_SECONDS",
    "the seconds that a customer has to pay, 30 to 86400",
    env.whole_number(30, 86400),
    default=600,
)
CUSTOMER_SESSION_SECONDS: int = read(
    "CUSTOMER_SESSION_SECONDS",
    "the seconds that a customer's session lasts, 60 to 86400",
    env.whole_number(60, 86400),
    default=3600,
)
SEQR_POLL_SHARDS: int = read(
    "SEQR_POLL_SHARDS",
    "the number of shards that the open invoices are divided into, 1 to 64",
    env.whole_number(1, 64),
    default=2,
)
SEQR_MAX_IN_FLIGHT: int = read(
    "SEQR_MAX_IN_FLIGHT",
    "the number of getPaymentStatus calls that one shard may have in flight, 1 to 4000",
    env.whole_number(1, 4000),
    default=800,
)
SEQR_POLL_INTERVAL_SECONDS: float = read(
    "SEQR_POLL_INTERVAL_SECONDS",
    "the seconds between two polls of an open invoice, 0.5 to 5",
    env.seconds(0.5, 5),
    default=1.0,
)
REFUND_APPROVAL_LIMIT: Decimal = read(
    "REFUND_APPROVAL_LIMIT",
    "the amount, such as 500.00, above which a second person approves a refund",
    env.amount,
    default=Decimal("500.00"),
)
LOYALTY_HOOK: str = read(
    "LOYALTY_HOOK",
    "the dotted path of a function, such as payments.loyalty.example.percentage",
    env.dotted_path,
    default="",
)
RECONCILIATION_HOUR: int = read(
    "RECONCILIATION_HOUR",
    "the hour in Sweden from which the day's transaction period is closed, 0 to 23",
    env.whole_number(0, 23),
    default=4,
)
CASE_EMAILS: list[str] = read(
    "CASE_EMAILS",
    "the e-mail addresses that new cases are sent to, separated by commas",
    env.email_addresses,
    default=[],
)
_mail_server: dict[str, Any] = read(
    "EMAIL_URL",
    "the mail server, such as smtp+tls://user:password@host:587",
    env.mail_server,
    default={"EMAIL_BACKEND": "django.core.mail.backends.console.EmailBackend"},
)
DEFAULT_FROM_EMAIL: str = read(
    "EMAIL_FROM",
    "the e-mail address of the sender",
    env.email_address,
    default="seqrshop@localhost",
)
METRICS_TOKEN: str = read(
    "METRICS_TOKEN",
    "16 to 200 characters without spaces, kept secret, that /metrics requires",
    env.token,
    default="",
)
SETTING_NAMES = tuple(settings.names)
settings.finish()

EMAIL_BACKEND = _mail_server.get("EMAIL_BACKEND")
EMAIL_HOST = _mail_server.get("EMAIL_HOST") or "localhost"
EMAIL_PORT = _mail_server.get("EMAIL_PORT") or 25
EMAIL_HOST_USER = _mail_server.get("EMAIL_HOST_USER") or ""
EMAIL_HOST_PASSWORD = _mail_server.get("EMAIL_HOST_PASSWORD") or ""
EMAIL_USE_TLS = bool(_mail_server.get("EMAIL_USE_TLS"))
EMAIL_USE_SSL = bool(_mail_server.get("EMAIL_USE_SSL"))
EMAIL_FILE_PATH = _mail_server.get("EMAIL_FILE_PATH")
EMAIL_TIMEOUT = 10

# --- Django ----------------------------------------------------------------------------------

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "csp",
    "orders",
    "payments",
    "seqrshop.storefront",
    "seqrshop.backoffice",
]

MIDDLEWARE = [
    "seqrshop.middleware.security_headers",
    "csp.middleware.CSPMiddleware",
    "seqrshop.middleware.MonitoringMiddleware",  # early: monitors know neither host nor https
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "seqrshop.storefront.middleware.LanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "seqrshop.storefront.middleware.ApiErrorMiddleware",
]

ROOT_URLCONF = "seqrshop.urls"
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
        **_database,
        "CONN_MAX_AGE": 0,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            **_database.get("OPTIONS", {}),
            "connect_timeout": 5,
            # A connection to a host that vanished from the network is closed after some 10 seconds.
            "tcp_user_timeout": 10_000,
            "keepalives_idle": 5,
            "keepalives_interval": 2,
            "keepalives_count": 3,
            "pool": {"min_size": 1, "max_size": 20, "timeout": 5},
        },
    }
}

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
LANGUAGES = languages_in(LOCALE_PATHS[0])
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Europe/Stockholm"

STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "seqrshop" / "storefront" / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "seqrshop.static_storage.StaticStorage"
    },
}

# --- Security --------------------------------------------------------------------------------

_https = PUBLIC_BASE_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = _https
SECURE_SSL_REDIRECT = _https
SECURE_HSTS_SECONDS = 31_536_000 if _https else 0
SECURE_REFERRER_POLICY = "same-origin"  # "no-referrer" would make forms post "Origin: null"
SESSION_COOKIE_AGE = 12 * 3600  # a working day; CUSTOMER_SESSION_SECONDS limits customers' sessions
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
LANGUAGE_COOKIE_HTTPONLY = True
CSRF_TRUSTED_ORIGINS = [PUBLIC_BASE_URL]
CSRF_FAILURE_VIEW = "seqrshop.storefront.error_pages.csrf_failure"
X_FRAME_OPTIONS = "DENY"
if TRUSTED_PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024  # bytes, for an admin form of 1,000 products
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20_000  # the same form has a dozen per product

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
}

# --- Celery ----------------------------------------------------------------------------------

CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_STORE_ERRORS_EVEN_IF_IGNORED = False
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_ROUTES = {"payments.tasks.poll_shard": {"queue": "poll"}}
CELERY_TASK_PUBLISH_RETRY = False  # recovery finds the work that was not enqueued
CELERY_BROKER_CONNECTION_TIMEOUT = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "socket_connect_timeout": 1,
    "socket_timeout": 5,
    "visibility_timeout": 3600,
}
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"
RECOVERY_INTERVAL_SECONDS = 5
POLL_START_INTERVAL_SECONDS = 1  # starts the shards that no poller runs
CELERY_BEAT_SCHEDULE = {
    "run recovery": {
        "task": "payments.tasks.run_recovery",
        "schedule": float(RECOVERY_INTERVAL_SECONDS),
        "options": {"expires": RECOVERY_INTERVAL_SECONDS},
    },
    "advance periods": {
        "task": "payments.tasks.advance_periods",
        "schedule": float(RECOVERY_INTERVAL_SECONDS),
        "options": {"expires": RECOVERY_INTERVAL_SECONDS},
    },
    "send mails": {
        "task": "payments.tasks.send_mails",
        "schedule": 30.0,
        "options": {"expires": 30},
    },
    "forget sessions": {
        "task": "payments.tasks.forget_sessions",
        "schedule": 3600.0,
        "options": {"expires": 3600},
    },
    **{
        f"poll shard {shard}": {
            "task": "payments.tasks.poll_shard",
            "schedule": float(POLL_START_INTERVAL_SECONDS),
            "args": (shard,),
            "options": {"expires": POLL_START_INTERVAL_SECONDS},
        }
        for shard in range(SEQR_POLL_SHARDS)
    },
}

# --- Logging: one line per record on standard error, without secrets or personal data --------

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"},
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {
        # At DEBUG, zeep and urllib3 log whole envelopes, passwords included.
        "zeep": {"level": "WARNING"},
        "urllib3": {"level": "WARNING"},
        "celery.worker.strategy": {"level": "WARNING"},
        "celery.app.trace": {"level": "WARNING"},
        "celery.beat": {"level": "WARNING"},
    },
}
