"""Generates codes. Each generation is a revision: its content, when, by whom and why."""

from collections.abc import Sequence

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models.functions import Now

from orders.codes.content import payload
from orders.models import CodeRevision, QrCode, RevisionReason, Shop


def save_qr_code(shop: Shop, placement: str, parameters: str, made_by: User | None) -> QrCode:
    """Create or regenerate the shop's code with these parameters, and return it.

    Raises ValidationError if the code would break the print guidelines.
    """
    code = QrCode.objects.filter(shop=shop, parameters=parameters).first()
    reason = RevisionReason.ADDED if code is None else RevisionReason.CHANGED
    code = code or QrCode(parameters=parameters)
    code.shop = shop
    code.placement = placement
    generate(code, reason, made_by)
    return code


@transaction.atomic
def generate(code: QrCode, reason: RevisionReason, made_by: User | None) -> None:
    """Save a code with the content of its shop and parameters, and the revision.

    Raises ValidationError if the code would break the print guidelines; then nothing is saved. The
    code's row stays locked until the revision is saved, so that the latest has the code's content.
    """
    code.payload = payload(code.shop, code.parameters)
    code.made_by = made_by
    code.made_at = Now()
    # The scans are counted meanwhile.
    written = ("shop", "placement", "parameters", "payload", "made_by", "made_at")
    code.save(update_fields=written if code.pk else None)
    code.refresh_from_db(fields=["made_at"])
    _revision(code, reason).save()


@transaction.atomic
def add_codes(
    shop: Shop, placements: Sequence[tuple[str, str]], made_by: User | None
) -> list[QrCode]:
    """Add a code of each placement and parameters; return them in this order.

    All or none: raises ValidationError if one of them would break the print guidelines, and
    IntegrityError if the shop has a code with the same placement or parameters.
    """
    codes = [
        QrCode(
            shop=shop,
            placement=placement,
            parameters=parameters,
            payload=payload(shop, parameters),
            made_by=made_by,
        )
        for placement, parameters in placements
    ]
    QrCode.objects.bulk_create(codes)
    CodeRevision.objects.bulk_create(_revision(code, RevisionReason.ADDED) for code in codes)
    return codes


def _revision(code: QrCode, reason: RevisionReason) -> CodeRevision:
    return CodeRevision(
        code=code,
        placement=code.placement,
        payload=code.payload,
        reason=reason,
        made_by=code.made_by,
    )
