"""Which prints hang in a shop, and which of them must be replaced.

A print is marked by the staff, at the revision that was printed. It stays valid as long as its code
has the same content. Once the content has changed, it leads to nowhere, and must be replaced.
"""

from collections.abc import Iterable
from typing import Any

from django.contrib.auth.models import User
from django.db import models
from django.db.models import Case, Exists, OuterRef, QuerySet, Subquery, Value, When
from django.db.models.functions import Concat, Now
from django.utils.translation import gettext_lazy as _

from orders.models import CodeRevision, QrCode
from payments.seqr.links import SERVICE_CODE_BASE


class PrintState(models.TextChoices):
    """What has to be done about a code's prints."""

    OUTDATED = "outdated", _("regenerate")
    TO_REPLACE = "replace", _("replace the print")
    NOT_PRINTED = "none", _("not printed")
    PRINTED = "printed", _("printed")


def with_print_state(codes: QuerySet[QrCode]) -> QuerySet[QrCode]:
    """Annotate codes with `print_state`, the most urgent of PrintState.

    A code is outdated if its shop has got another service ID since it was generated.
    """
    hanging = CodeRevision.objects.filter(
        code=OuterRef("pk"), printed_at__isnull=False, replaced_at=None
    )
    base = Concat(Value(SERVICE_CODE_BASE), "shop__service_id")
    present = Case(When(parameters="", then=base), default=Concat(base, Value("?"), "parameters"))
    of_other_content = hanging.exclude(payload=OuterRef("payload"))
    of_this_content = hanging.filter(payload=OuterRef("payload"))
    return codes.annotate(
        print_state=Case(
            When(~models.Q(payload=present), then=Value(PrintState.OUTDATED.value)),
            When(Exists(of_other_content), then=Value(PrintState.TO_REPLACE.value)),
            When(Exists(of_this_content), then=Value(PrintState.PRINTED.value)),
            default=Value(PrintState.NOT_PRINTED.value),
            output_field=models.CharField(),
        )
    )


def in_print_state(codes: QuerySet[Any], state: str | None) -> QuerySet[Any]:
    """Return those of the annotated codes that are in a state."""
    return codes.filter(print_state=state)


def latest_revisions(codes: QuerySet[QrCode]) -> QuerySet[CodeRevision]:
    """Return the latest revision of each code, in the order in which people count."""
    latest = CodeRevision.objects.filter(code=OuterRef("pk")).order_by("-pk").values("pk")[:1]
    found = codes.order_by().annotate(latest=Subquery(latest)).values("latest")
    revisions = CodeRevision.objects.filter(pk__in=found).select_related("code__shop")
    return revisions.order_by("code__shop__name", "code__shop_id", "code__sort_key")


def mark_printed(revisions: Iterable[int], person: User) -> int:
    """Record that prints of these revisions hang in the shop; return how many did not before."""
    new = CodeRevision.objects.filter(pk__in=list(revisions), printed_at=None)
    return new.update(printed_at=Now(), printed_by=person)


def mark_replaced(code: QrCode, person: User) -> int:
    """Record that the prints with a former content are taken down; return the revisions' number.

    Nothing is recorded for a code that has not changed.
    """
    present = QrCode.objects.filter(pk=code.pk).values("payload")
    old = CodeRevision.objects.filter(code=code, printed_at__isnull=False, replaced_at=None)
    return old.exclude(payload=Subquery(present)).update(replaced_at=Now(), replaced_by=person)
