"""Closes cases about payments of an unknown amount, once a report shows the invoice's amount."""

from django.db.models import Exists, OuterRef

from orders.audit import ChangeSource
from payments.cases.cases import close_case
from payments.models import CaseKind, MatchResult, MoneyCase, PeriodRow


def close_unknown_amount_cases(source: ChangeSource) -> None:
    """Close each open case about an unknown amount whose payment is matched with a report's row."""
    matched = PeriodRow.objects.filter(invoice=OuterRef("invoice"), match_result=MatchResult.SALE)
    cases = MoneyCase.objects.filter(kind=CaseKind.AMOUNT_UNKNOWN, closed_at=None)
    for case in cases.filter(Exists(matched)):
        close_case(case.pk, source, "SEQR's report shows the invoice's amount")
