"""Reads the settings that differ between deployments from the environment.

.env.example explains each of them. With DEBUG on, development defaults stand in for the required
settings; with DEBUG off, a missing one stops start-up.
"""

from decimal import Decimal
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Any

from seqrshop import __version__, env
from seqrshop.log_format import LOG_FORMATS
from seqrshop.unsafe_settings import unsafe_settings

BASE_DIR = Path(__file__).resolve().parent.parent
settings = env.Settings(BASE_DIR / ".env")
read = settings.read

DEBUG: bool = bool(read("DEBUG", '"on" or "off"', env.boolean, default=False))
DEVELOPMENT_SECRET_KEY = "for-development-only-" * 3
DEVELOPMENT_ENCRYPTION_KEY = "Zm9yLWRldmVsb3BtZW50LW9ubHktbmV2ZXItc2VjcmU="
short_text = env.text(200)


def read_required(
    name: str, expects: str, convert: env.Convert = short_text, *, development: str
) -> Any:
    """Read a setting that has a default, `development`, only while DEBUG is on."""
    if DEBUG:
        return read(name, expects, convert, default=convert(development))
    return read(name, expects, convert)


def read_principal(name: str, expects: str, *, development: str, default: str = "") -> str:
    """Read a setting of the terminal or its reseller, which the database may have instead."""
    text: str = read(name, expects, short_text, default=development if DEBUG else default)
    return text


def secret_key(raw: str) -> str:
    """Read SECRET_KEY, and refuse the published development key with DEBUG off."""
    if raw == DEVELOPMENT_SECRET_KEY and not DEBUG:
        raise ValueError
    return short_text(raw)


def secret_key_fallbacks(raw: str) -> list[str]:
    """Read the former SECRET_KEYs."""
    return [secret_key(part) for part in env.names(raw)]


def encryption_keys(raw: str) -> list[str]:
    """Read ENCRYPTION_KEYS, and refuse the published development key with DEBUG off."""
    if DEVELOPMENT_ENCRYPTION_KEY in raw and not DEBUG:
        raise ValueError
    return env.encryption_keys(raw)


SECRET_KEY: str = read_required(
    "SECRET_KEY",
    "50 or more random characters, kept secret",
    secret_key,
    development=DEVELOPMENT_SECRET_KEY,
)
SECRET_KEY_FALLBACKS: list[str] = read(
    "SECRET_KEY_FALLBACKS",
    "former values of SECRET_KEY, separated by commas",
    secret_key_fallbacks,
    default=[],
)
ENCRYPTION_KEYS: list[str] = read_required(
    "ENCRYPTION_KEYS",
    "one or more keys of `python -m seqrshop.make_encryption_key`, separated by commas",
    encryption_keys,
    development=DEVELOPMENT_ENCRYPTION_KEY,
)
ALLOWED_HOSTS: list[str] = read_required(
    "ALLOWED_HOSTS",
    "the shop's host names, separated by commas",
    env.names,
    development="localhost,127.0.0.1,[::1]",
)
database: dict[str, Any] = read_required(
    "DATABASE_URL",
    "postgresql://user:password@host:5432/name",
    env.database,
    development="postgresql://seqrshop@localhost:5432/seqrshop",
)
migration_database: dict[str, Any] = read(
    "MIGRATION_DATABASE_URL",
    "the address of the same database for the role that owns its tables",
    env.database,
    default={},
)
REDIS_URL: str = read_required(
    "REDIS_URL",
    "redis://host:6379/0",
    env.redis_address,
    development="redis://localhost:6379/0",
)
RATE_LIMIT_REDIS_URL: str = read(
    "RATE_LIMIT_REDIS_URL",
    "the address of a Redis for the counters of the rate limits, redis://host:6379/0",
    env.redis_address,
    default="",
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
    env.absolute_path,
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
SEQR_TERMINAL_ID: str = read_principal(
    "SEQR_TERMINAL_ID",
    "the id of the shop's terminal at SEQR",
    development="public_test_shop_terminal",
)
SEQR_TERMINAL_PASSWORD: str = read_principal(
    "SEQR_TERMINAL_PASSWORD", "the password of that terminal", development="12345678"
)
SEQR_RESELLER_ID: str = read_principal(
    "SEQR_RESELLER_ID",
    "the id of the shop's reseller account at SEQR",
    development="public_test_shop",
)
SEQR_RESELLER_USER_ID: str = read_principal(
    "SEQR_RESELLER_USER_ID",
    "the user id in the reseller account, such as 9900",
    development="9900",
    default="9900",
)
SEQR_RESELLER_PASSWORD: str = read_principal(
    "SEQR_RESELLER_PASSWORD", "the password of that user", development="1234"
)
settings.require_all_or_none(
    "SEQR_TERMINAL_ID",
    "SEQR_TERMINAL_PASSWORD",
    "SEQR_RESELLER_ID",
    "SEQR_RESELLER_PASSWORD",
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
CUSTOMER_DATA_DAYS: int = read(
    "CUSTOMER_DATA_DAYS",
    "the days after a customer's latest order until the phone number is erased, 1 to 3650",
    env.whole_number(1, 3650),
    default=90,
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
    "the amount, such as 500.00, above which a second person approves a payment's refunds",
    env.amount,
    default=Decimal("500.00"),
)
REFUND_DAILY_LIMIT_PER_PERSON: Decimal = read(
    "REFUND_DAILY_LIMIT_PER_PERSON",
    "the amount, such as 2000.00, above which a second person approves a person's refunds of a day",
    env.amount,
    default=Decimal("2000.00"),
)
SECOND_FACTOR_REQUIRED: bool = read(
    "SECOND_FACTOR_REQUIRED",
    '"on" or "off": whether who can refund or change settings needs a second factor to sign in',
    env.boolean,
    default=not DEBUG,
)
TERMINAL_REFUND_DAYS: int = read(
    "TERMINAL_REFUND_DAYS",
    "the days after its last payment until which a replaced terminal makes refunds, 1 to 3650",
    env.whole_number(1, 3650),
    default=365,
)
INSTANT_CHECKOUT_ADDRESSES: list[IPv4Network | IPv6Network] = read(
    "INSTANT_CHECKOUT_ADDRESSES",
    "IP addresses and networks, such as 192.0.2.0/24, separated by commas; IPv6 up to /64",
    env.networks,
    default=[],
)
LOYALTY_HOOK: str = read(
    "LOYALTY_HOOK",
    "the dotted path of a function, such as payments.loyalty.example.percentage",
    env.dotted_path,
    default="",
)
AUDIT_MARKER_FILE: str = read(
    "AUDIT_MARKER_FILE",
    "the absolute path of a file, outside the database, that keeps the audit's marker",
    env.absolute_path,
    default="",
)
RECONCILIATION_HOUR: int = read(
    "RECONCILIATION_HOUR",
    "the hour in Sweden from which the day's transaction period is closed, 0 to 23",
    env.whole_number(0, 23),
    default=4,
)
REPORT_OVERDUE_HOURS: int = read(
    "REPORT_OVERDUE_HOURS",
    "the hours after which a report that SEQR has not made opens a case, 1 to 72",
    env.whole_number(1, 72),
    default=3,
)
CASE_EMAILS: list[str] = read(
    "CASE_EMAILS",
    "the e-mail addresses that new cases are sent to, separated by commas",
    env.email_addresses,
    default=[],
)
EXPORT_DIR: str = read(
    "EXPORT_DIR",
    "the absolute path of the folder below which scheduled exports are written",
    env.absolute_path,
    default="",
)
mail_server: dict[str, Any] = read(
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
LOG_FORMAT: str = read(
    "LOG_FORMAT", '"text" or "json"', env.one_of(*LOG_FORMATS), default=LOG_FORMATS[0]
)
METRICS_TOKEN: str = read(
    "METRICS_TOKEN",
    "16 to 200 characters without spaces, kept secret, that /metrics requires",
    env.token,
    default="",
)
SENTRY_DSN: str = read(
    "SENTRY_DSN",
    "the address of a project at Sentry, such as https://key@sentry.example/1",
    env.sentry_dsn,
    default="",
)
OTEL_EXPORTER_OTLP_ENDPOINT: str = read(
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "the http(s) address of an OpenTelemetry collector, such as http://localhost:4318",
    env.web_address,
    default="",
)
SETTING_NAMES = tuple(settings.names)
if not DEBUG:
    settings.refuse(unsafe_settings(globals()))
settings.finish()
