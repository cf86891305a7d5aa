"""Admin pages that hold each person to the rows of the person's own shops."""

from __future__ import annotations

from typing import Any, TypeVar

from django.contrib import messages
from django.contrib.admin import ModelAdmin, RelatedFieldListFilter, TabularInline
from django.contrib.admin.options import BaseModelAdmin, IncorrectLookupParameters
from django.contrib.admin.views.main import ERROR_FLAG, ChangeList
from django.db import DataError
from django.db.models import Model, QuerySet
from django.forms import ModelForm
from django.forms.formsets import DELETION_FIELD_NAME
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.functional import SimpleLazyObject
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from seqrshop.backoffice.list_parameters import (
    allowed_lookups,
    is_unfiltered,
    require_readable,
    without_language,
)
from seqrshop.backoffice.shop_scope import (
    SHOP_SCOPES,
    has_all_shops,
    needs_all_shops,
    own_rows,
    shop_access,
)

M = TypeVar("M", bound=Model)
P = TypeVar("P", bound=Model)


class _OwnRows(BaseModelAdmin[M]):
    """Reads and offers the rows of the person's shops alone."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[M]:
        """Read the rows of the person's shops."""
        return own_rows(request, super().get_queryset(request))

    def get_field_queryset(
        self, db: str | None, db_field: Any, request: HttpRequest
    ) -> QuerySet[Any]:
        """Offer the rows of the person's shops in a field that refers to another model."""
        offered = super().get_field_queryset(db, db_field, request)
        if offered is None:
            offered = db_field.remote_field.model._default_manager.using(db).all()
        return own_rows(request, offered)


class OwnRowsFormSet(BaseInlineFormSet[M, P, ModelForm[M]]):
    """The parts of one row. A posted ID of another row's part is refused as an unknown one is.

    Django's own page leaves the fields of a part, and the box that deletes it, without labels.
    """

    def add_fields(self, form: ModelForm[M], index: int | None) -> None:
        """Accept the IDs of the row's own parts; Django accepts any that exists, and ignores it.

        Label each field for those who cannot see the head of its column.
        """
        super().add_fields(form, index)
        id_field: Any = form.fields["id"]
        id_field.queryset = self.queryset
        for field in form.fields.values():
            if not field.widget.is_hidden:
                field.widget.attrs.setdefault("aria-label", str(field.label))
        if form.instance.pk is not None and DELETION_FIELD_NAME in form.fields:
            name = gettext("Delete: %(row)s") % {"row": form.instance}
            form.fields[DELETION_FIELD_NAME].widget.attrs["aria-label"] = name


class ShopScopedInline(_OwnRows[M], TabularInline[M, P]):
    """Parts of a row, on the page of that row."""

    formset = OwnRowsFormSet  # type: ignore[assignment]


class ShopScopedAdmin(_OwnRows[M], ModelAdmin[M]):
    """The base of every admin page: its model is in `SHOP_SCOPES`.

    A person without a shop has no page. Rows that need all shops have no page for others. A list
    understands the parameters of its own links alone: those of its filters, and of links from other
    pages by the fields `linked_by`.
    """

    linked_by: tuple[str, ...] = ()

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Allow what the list's links use; another lookup is refused with 400."""
        assert request is not None
        return lookup in allowed_lookups(self, request, self.linked_by)

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        """Read the list. Raises IncorrectLookupParameters for a value that no row can have."""
        require_readable(request.GET)
        try:
            return super().get_changelist_instance(request)
        except (ValueError, OverflowError, DataError) as error:
            if is_unfiltered(request.GET):
                raise
            raise IncorrectLookupParameters from error

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the list; all of it, with a message, after a value that no row can have."""
        if request.method == "GET" and (rest := without_language(request.GET)) is not None:
            return HttpResponseRedirect(f"{request.path}?{rest.urlencode()}".rstrip("?"))
        if ERROR_FLAG in request.GET:
            if not is_unfiltered(request.GET):
                return HttpResponseRedirect(f"{request.path}?{ERROR_FLAG}=1")
            messages.error(
                request, _("The filter in the address is not valid, so all rows are shown.")
            )
        context = {
            "title": capfirst(self.opts.verbose_name_plural),
            "empty_text": SimpleLazyObject(lambda: self.empty_text(request)),
            **(extra_context or {}),
        }
        return super().changelist_view(request, context)

    def empty_text(self, request: HttpRequest) -> str:
        """Return what an empty list says."""
        if is_unfiltered(request.GET):
            return gettext("There is nothing here yet.")
        return gettext("Nothing matches the search and the filter.")

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Hide the rows from the start page where a person may see none of them."""
        return self.may_have_rows(request) and super().has_module_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        """Require the row's shop, too."""
        return super().has_view_permission(request, obj) and self.is_own(request, obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Require a shop, too; the form offers the person's own."""
        return super().has_add_permission(request) and self.may_have_rows(request)

    def has_change_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        """Require the row's shop, too."""
        return super().has_change_permission(request, obj) and self.is_own(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        """Require the row's shop, too."""
        return super().has_delete_permission(request, obj) and self.is_own(request, obj)

    def may_have_rows(self, request: HttpRequest) -> bool:
        """Return whether a row of this model can belong to the person's shops."""
        if SHOP_SCOPES[self.model] is needs_all_shops:
            return has_all_shops(request)
        return shop_access(request).has_any

    def is_own(self, request: HttpRequest, obj: M | None) -> bool:
        """Return whether a row belongs to the person's shops; for None, whether any row can."""
        if obj is None or has_all_shops(request):
            return self.may_have_rows(request)
        rows = self.model._default_manager.filter(pk=obj.pk)
        return own_rows(request, rows).exists()


class OwnRowsFilter(RelatedFieldListFilter):
    """A filter of a list by another row, such as its shop; it offers the person's own."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: ModelAdmin[Any]) -> Any:
        """Offer the rows of the person's shops."""
        own = own_rows(request, field.related_model._default_manager.all())
        ordering = self.field_admin_ordering(field, request, model_admin)
        return field.get_choices(
            include_blank=False, ordering=ordering, limit_choices_to={"pk__in": own.values("pk")}
        )
