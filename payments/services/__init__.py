"""What can be done about payments. Each function is safe to call twice, and at any moment."""

from payments.refund_transitions import given_back
from payments.services.advice import ADVICE
from payments.services.attention import close_case_of_order
from payments.services.cancel import AlreadyPaid, cancel_invoice, settle_cancel
from payments.services.card import answer_cards
from payments.services.closing import Closing, ServiceClosed, Why, closing_of
from payments.services.commit import CommitNotPossible, commit_reservation
from payments.services.discount import discounts_of, total_of
from payments.services.exchange import TokenOfAnotherService, TokenRefused, exchange_token
from payments.services.mails import send_mails
from payments.services.notified import invoice_notified
from payments.services.periods import (
    PeriodNotAccepted,
    advance_period,
    periods_due,
    settle_lost_period,
)
from payments.services.poll import run_shard, stop_polling, told_of_shards
from payments.services.probe import Probe, probe_paying, probe_soon
from payments.services.proposal import Proposal, proposal_for
from payments.services.quiet import quiet_shards, shard_is_quiet
from payments.services.receipt import has_receipt, receipt_html, receipt_of
from payments.services.refresh import ask_once_more, refresh_invoice
from payments.services.refund import (
    RefundNotAccepted,
    approve_refund,
    give_up_sending,
    refundable_now,
    request_refund,
    send_refund,
    settle_refund,
    withdraw_refund,
)
from payments.services.report import fetch_report
from payments.services.send import send_invoice
from payments.services.shards import shard_is_stale
from payments.services.standing import (
    ShardState,
    Standing,
    Waiting,
    standing,
    states_of_shards,
    waiting,
)
from payments.services.start import current_invoice, pay_again, start_payment
from payments.services.submit import submit_receipt
from payments.services.sweep import Work, find_work

__all__ = [
    "ADVICE",
    "AlreadyPaid",
    "Closing",
    "CommitNotPossible",
    "PeriodNotAccepted",
    "Probe",
    "Proposal",
    "RefundNotAccepted",
    "ServiceClosed",
    "ShardState",
    "Standing",
    "TokenOfAnotherService",
    "TokenRefused",
    "Waiting",
    "Why",
    "Work",
    "advance_period",
    "answer_cards",
    "approve_refund",
    "ask_once_more",
    "cancel_invoice",
    "close_case_of_order",
    "closing_of",
    "commit_reservation",
    "current_invoice",
    "discounts_of",
    "exchange_token",
    "fetch_report",
    "find_work",
    "give_up_sending",
    "given_back",
    "has_receipt",
    "invoice_notified",
    "pay_again",
    "periods_due",
    "probe_paying",
    "probe_soon",
    "proposal_for",
    "quiet_shards",
    "receipt_html",
    "receipt_of",
    "refresh_invoice",
    "refundable_now",
    "request_refund",
    "run_shard",
    "send_invoice",
    "send_mails",
    "send_refund",
    "settle_cancel",
    "settle_lost_period",
    "settle_refund",
    "shard_is_quiet",
    "shard_is_stale",
    "standing",
    "start_payment",
    "states_of_shards",
    "stop_polling",
    "submit_receipt",
    "told_of_shards",
    "total_of",
    "waiting",
    "withdraw_refund",
]
