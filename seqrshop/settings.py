"""Django's settings. What differs between deployments comes from the environment (.env.example)."""

from decimal import Decimal
from pathlib import Path

from seqrshop import env
from seqrshop.languages import languages_in

BASE_DIR = Path(__file__).resolve().parent.parent
settings = env.Settings(BASE_DIR / ".env")
read = settings.read

# --- What an operator sets -------------------------------------------------------------------

DEBUG: bool = bool(read("DEBUG", '"on" or "off"', env.boolean, default=False))


def read_secret(name: str, expects: str, for_debugging: str) -> str:
    """Read a secret, for which a default stands in only while debugging."""
    options = {"default": for_debugging} if DEBUG else {}
    return str(read(name, expects, env.text(200), **options))


SECRET_KEY = read_secret(
    "SECRET_KEY", "50 or more random characters, kept secret", "only-for-debugging" * 3
)
ALLOWED_HOSTS = read(
    "ALLOWED_HOSTS",
    "the host names we are reached by, separated by commas",
    env.names,
    **({"default": ["localhost", "127.0.0.1", "[::1]"]} if DEBUG else {}),
)
_database = read("DATABASE_URL", "postgresql://user:password@host:5432/name", env.database)
REDIS_URL = read("REDIS_URL", "redis://host:6379/0", env.redis_address)
PUBLIC_BASE_URL = read(
    "PUBLIC_BASE_URL",
    "the http(s) address where SEQR and the app reach us, such as https://shop.example.se",
    env.web_address,
)
TRUSTED_PROXIES = read(
    "TRUSTED_PROXIES",
    "the number of our own proxies in front of the web process, 0 to 5",
    env.whole_number(0, 5),
    default=0,
)
SEQR_SERVICE_URL = read(
    "SEQR_SERVICE_URL", "the http(s) address of ERSWSExternalClientService", env.web_address
)
SEQR_SESSION_URL = read(
    "SEQR_SESSION_URL", "the http(s) address of ERSWSClientSessionInfoService", env.web_address
)
SEQR_APP_URL = read(
    "SEQR_APP_URL",
    "what opens the app, up to the R of the reference, such as seqr://SEQR.SE/",
    env.app_address,
    default="seqr://SEQR.SE/",
)
SEQR_LEAVE_URL = read(
    "SEQR_LEAVE_URL",
    "what leaves the service for the app, such as SEQR-ACTION://WIZARD/CANCEL",
    env.app_address,
    default="SEQR-ACTION://WIZARD/CANCEL",
)
SEQR_STORE_URL_ANDROID = read(
    "SEQR_STORE_URL_ANDROID",
    "the http(s) address where an Android phone gets the app",
    env.web_address,
    default="https://play.google.com/store/search?q=SEQR&c=apps",
)
SEQR_STORE_URL_IOS = read(
    "SEQR_STORE_URL_IOS",
    "the http(s) address where an iPhone gets the app",
    env.web_address,
    default="https://appstore.com/seqr",
)
SEQR_TERMINAL_ID = read_secret(
    "SEQR_TERMINAL_ID",
    "the id of the terminal that SEQR gave the shop",
    "public_test_shop_terminal",
)
SEQR_TERMINAL_PASSWORD = read_secret(
    "SEQR_TERMINAL_PASSWORD", "the password of that terminal", "12345678"
)
SEQR_RESELLER_ID = read_secret(
    "SEQR_RESELLER_ID", "the id of the shop's reseller account at SEQR", "public_test_shop"
)
SEQR_RESELLER_USER_ID = read_secret(
    "SEQR_RESELLER_USER_ID", "the user id in the reseller account, such as 9900", "9900"
)
SEQR_RESELLER_PASSWORD = read_secret("SEQR_RESELLER_PASSWORD", "the password of that user", "1234")
SEQR_CLIENT_ID = read(
    "SEQR_CLIENT_ID",
    "what SEQR knows this software by, at most 80 characters",
    env.text(80),
    default="seqrshop 0.1",
)
SEQR_CHANNEL = read(
    "SEQR_CHANNEL", "ClientWS or WS, at most 40 characters", env.text(40), default="ClientWS"
)
SEQR_TIMEOUT_SECONDS = read(
    "SEQR_TIMEOUT_SECONDS",
    "the seconds that one call to SEQR may take in all, 0.5 to 15",
    env.seconds(0.5, 15),
    default=5.0,
)
INVOICE_LIFETIME_SECONDS = read(
    "INVOICE_LIFETIME_SECONDS",
    "the seconds a customer has to pay, 30 to 86400",
    env.whole_number(30, 86400),
    default=600,
)
CUSTOMER_SESSION_SECONDS = read(
    "CUSTOMER_SESSION_SECONDS",
    "the seconds a customer's session lasts, 60 to 86400",
    env.whole_number(60, 86400),
    default=3600,
)
SEQR_POLL_SHARDS = read(
    "SEQR_POLL_SHARDS",
    "the number of parts that open invoices are polled in, 1 to 64",
    env.whole_number(1, 64),
    default=2,
)
SEQR_MAX_IN_FLIGHT = read(
    "SEQR_MAX_IN_FLIGHT",
    "the number of getPaymentStatus calls one shard may have under way, 1 to 4000",
    env.whole_number(1, 4000),
    default=800,
)
SEQR_POLL_INTERVAL_SECONDS = read(
    "SEQR_POLL_INTERVAL_SECONDS",
    "the seconds between two questions about an open invoice, 0.5 to 5",
    env.seconds(0.5, 5),
    default=1.0,
)
REFUND_APPROVAL_LIMIT = read(
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
RECONCILIATION_HOUR = read(
    "RECONCILIATION_HOUR",
    "the hour of the day in Sweden from which SEQR closes the day's period, 0 to 23",
    env.whole_number(0, 23),
    default=4,
)
CASE_EMAILS: list[str] = read(
    "CASE_EMAILS",
    "the e-mail addresses, separated by commas, that are told of a new case",
    env.email_addresses,
    default=[],
)
_mail_server = read(
    "EMAIL_URL",
    "the mail server, such as smtp+tls://user:password@host:587",
    env.mail_server,
    default={"EMAIL_BACKEND": "django.core.mail.backends.console.EmailBackend"},
)
DEFAULT_FROM_EMAIL = read(
    "EMAIL_FROM",
    "the e-mail address that mails come from",
    env.email_address,
    default="seqrshop@localhost",
)
METRICS_TOKEN: str = read(
    "METRICS_TOKEN",
    "16 to 200 characters, kept secret, that /metrics is asked with",
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
    "seqrshop.middleware.secure_answers",
    "csp.middleware.CSPMiddleware",
    "seqrshop.middleware.AnswerWatchers",  # early: whoever watches knows neither host nor https
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "seqrshop.storefront.middleware.ChosenLanguage",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "seqrshop.storefront.middleware.AnswerApiErrors",
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

# One pool per process: a thread, a task or a check takes a connection and gives it back.
DATABASES = {
    "default": {
        **_database,
        "CONN_MAX_AGE": 0,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            **_database.get("OPTIONS", {}),
            "connect_timeout": 5,
            # A server that vanished from the network is given up after some ten seconds.
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
STATIC_ROOT = BASE_DIR / "static-collected"
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
SESSION_COOKIE_AGE = 12 * 3600  # a working day of the staff; a customer's visit ends by its own row
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
LANGUAGE_COOKIE_HTTPONLY = True
CSRF_TRUSTED_ORIGINS = [PUBLIC_BASE_URL]
CSRF_FAILURE_VIEW = "seqrshop.storefront.error_pages.csrf_failure"
X_FRAME_OPTIONS = "DENY"
if TRUSTED_PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024  # bytes; the admin's form of a thousand products
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20_000  # the same form has a dozen for each product

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
CELERY_TASK_PUBLISH_RETRY = False  # the sweep finds what was not enqueued
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
SWEEP_SECONDS = 5
POLL_NET_SECONDS = 1
CELERY_BEAT_SCHEDULE = {
    "sweep": {
        "task": "payments.tasks.sweep",
        "schedule": float(SWEEP_SECONDS),
        "options": {"expires": SWEEP_SECONDS},
    },
    "sweep periods": {
        "task": "payments.tasks.sweep_periods",
        "schedule": float(SWEEP_SECONDS),
        "options": {"expires": SWEEP_SECONDS},
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
            "schedule": float(POLL_NET_SECONDS),
            "args": (shard,),
            "options": {"expires": POLL_NET_SECONDS},
        }
        for shard in range(SEQR_POLL_SHARDS)
    },
}

# --- Logging: one line each, to standard error; nothing that is secret or personal -----------

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"},
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {
        # zeep and its HTTP library can print whole envelopes, passwords included.
        "zeep": {"level": "WARNING"},
        "urllib3": {"level": "WARNING"},
        "celery.worker.strategy": {"level": "WARNING"},
        "celery.app.trace": {"level": "WARNING"},
        "celery.beat": {"level": "WARNING"},
    },
}
