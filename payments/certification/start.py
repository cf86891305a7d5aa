"""Starts a certification, or takes up one that has not passed: its plan, and the calls' client."""

from dataclasses import asdict, dataclass, replace
from decimal import Decimal
from pathlib import Path

from django.conf import settings

from orders.audit import ChangeSource
from orders.models import SourceName, Terminal
from payments.call_audit import call_listener
from payments.certification.calls import CallRecorder, RecordedCall, utc_now
from payments.certification.customer import Pauses, Person, SandboxCustomer
from payments.certification.live_terminal import refuse_live_terminal
from payments.certification.problem import CertificationProblem
from payments.certification.progress import Plan, Progress
from payments.certification.screen import Screen
from payments.certification.session import Session
from payments.certification.state_file import StateFile
from payments.gateway import certification_client, credentials_of
from payments.seqr import Amount, CallRecord, SeqrClient
from seqrshop import __version__

SYSTEM = f"seqrshop {__version__}"
DEFAULT_AMOUNT = Decimal("1.00")
MAX_AMOUNT = Decimal(100)
DEFAULT_CURRENCY = "SEK"
MAX_CLIENT_ID = 80


@dataclass(frozen=True)
class Options:
    """What the operator has asked for. An empty text, or None, is for the default.

    `amount` is in major units. `closes_live_period` allows to close the period of a terminal that
    the shop uses. `scan_seconds` is how long a person has for each scan.
    """

    folder: Path
    is_resumed: bool
    is_sandbox: bool
    closes_live_period: bool
    company: str
    terminal: str
    amount: Decimal | None
    currency: str
    scan_seconds: int


def open_progress(state_file: StateFile, options: Options) -> Progress:
    """Return the progress of a new certification, or of the one to resume.

    Raises CertificationProblem.
    """
    stored = state_file.read()
    if stored is None:
        if options.is_resumed:
            raise CertificationProblem(f"--resume: there is no certification in {options.folder}.")
        return Progress(_plan(options), utc_now())
    if not options.is_resumed:
        raise CertificationProblem(
            f"{options.folder} has a certification already. Continue it with --resume, or name "
            "another --folder."
        )
    _check_same_plan(stored.plan, _plan(_completed(options, stored.plan)))
    stored.declare_interrupted_unknown()
    return stored


def _completed(options: Options, plan: Plan) -> Options:
    return replace(
        options,
        is_sandbox=options.is_sandbox or plan.is_sandbox,
        company=options.company or plan.company,
        terminal=options.terminal or plan.terminal_id,
        amount=Decimal(plan.amount) if options.amount is None else options.amount,
        currency=options.currency or plan.currency,
    )


def _check_same_plan(stored: Plan, now: Plan) -> None:
    for name, before in asdict(stored).items():
        if asdict(now)[name] != before:
            raise CertificationProblem(
                f"--resume: the certification began with {name} {before}, which is now "
                f"{asdict(now)[name]}. Start another one in another --folder."
            )


def _plan(options: Options) -> Plan:
    terminal = find_terminal(options.terminal or settings.SEQR_TERMINAL_ID)
    company = options.company or terminal.seller.legal_name
    if not company or len(company) > MAX_CLIENT_ID:
        raise CertificationProblem(
            f"--company: give the company's name, at most {MAX_CLIENT_ID} characters."
        )
    return Plan(
        service_url=settings.SEQR_SERVICE_URL,
        terminal_id=terminal.principal_id,
        company=company,
        system=SYSTEM,
        amount=f"{_amount(options).value:.2f}",
        currency=options.currency or DEFAULT_CURRENCY,
        is_sandbox=options.is_sandbox,
    )


def _amount(options: Options) -> Amount:
    value = DEFAULT_AMOUNT if options.amount is None else options.amount
    if not 0 < value <= MAX_AMOUNT:
        raise CertificationProblem(f"--amount: above 0 and at most {MAX_AMOUNT}, such as 1.00.")
    try:
        return Amount(value, options.currency or DEFAULT_CURRENCY)
    except ValueError as error:
        raise CertificationProblem(f"--amount and --currency: {error}") from None


def find_terminal(principal_id: str) -> Terminal:
    """Return the stored terminal with this ID, or the only one. Raises CertificationProblem."""
    in_use = Terminal.objects.select_related("seller").filter(retired_at=None)
    found = list(in_use.filter(principal_id=principal_id) if principal_id else in_use[:2])
    if len(found) != 1:
        known = ", ".join(in_use.values_list("principal_id", flat=True)[:10]) or "none"
        raise CertificationProblem(f"--terminal: name one of the shop's terminals: {known}.")
    return found[0]


def open_session(
    state_file: StateFile, progress: Progress, options: Options, screen: Screen, pauses: Pauses
) -> Session:
    """Return a session that goes on from this progress.

    Raises CertificationProblem where the sandbox is missing, or the shop uses the terminal.
    """
    plan = progress.plan
    terminal = find_terminal(plan.terminal_id)

    def refuse_if_live() -> None:
        if not options.closes_live_period:
            refuse_live_terminal(terminal)

    if not progress.has_passed("period"):
        refuse_if_live()
    return Session(
        progress=progress,
        terminal=terminal,
        client=_client(terminal, progress, state_file, screen),
        customer=(SandboxCustomer(plan.service_url) if plan.is_sandbox else Person(screen, pauses)),
        pauses=pauses,
        screen=screen,
        scan_seconds=options.scan_seconds,
        save=lambda: state_file.write(progress),
        refuse_live_terminal=refuse_if_live,
        earlier_invoices=len(progress.invoices),
    )


def _client(
    terminal: Terminal, progress: Progress, state_file: StateFile, screen: Screen
) -> SeqrClient:
    """Return a client whose calls are in the audit, in the progress and on the screen."""

    def call_sent(call: RecordedCall) -> None:
        progress.attempts[-1].calls.append(call)
        state_file.write(progress)

    def call_ended(call: RecordedCall) -> None:
        state_file.write(progress)
        screen.call_ended(call)

    recorder = CallRecorder(call_sent, call_ended)
    record_in_audit = call_listener(None, ChangeSource(SourceName.OPERATOR))

    def listener(record: CallRecord) -> None:
        record_in_audit(record)
        recorder.ended(record)

    plan = progress.plan
    return certification_client(
        credentials_of(terminal), plan.company, plan.system, recorder
    ).with_listener(listener)
