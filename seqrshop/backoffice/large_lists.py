"""Lists of tables that grow for ever: a page takes as long among a million rows as among a few.

A list of more than COUNT_LIMIT rows is not counted. Its next page begins after the last row shown,
which an index finds. It is sorted by indexed columns alone. A page that only its number leads to is
found by skipping rows, so the number has a limit.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from django.contrib import messages
from django.contrib.admin import ShowFacets
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ORDER_VAR, PAGE_VAR, ChangeList
from django.core.paginator import InvalidPage, Paginator
from django.db.models import F, Func, Model, OrderBy, QuerySet, TextField
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from orders.models import Order
from orders.query_plans import planned_for_its_values
from seqrshop.backoffice.date_links import date_links
from seqrshop.backoffice.id_ranges import (
    IdRange,
    chosen_shops,
    chosen_times,
    has_other_conditions,
    ids_of_times,
    times_of_shops,
)
from seqrshop.backoffice.keyset import following, reverse
from seqrshop.backoffice.read_only import ReadOnlyAdmin
from seqrshop.backoffice.row_count import RowCount, count_rows
from seqrshop.backoffice.rows_of_shops import RowsOfShops

M = TypeVar("M", bound=Model)

MAX_SKIPPED_ROWS = 1_000_000  # of the whole table, whose index has the order of the list
MAX_SKIPPED_ROWS_OF_SOME = 10_000  # of a filter, or of some shops: each is looked at
BEFORE, AFTER, LAST = "before", "after", "last"
CHECKBOX_LABEL = "Select this object for an action - {}"  # Django's own, which it translates


@dataclass(frozen=True)
class Position:
    """Where a page of a large list begins: by its number, or beside a row that was shown.

    In an address: `7`, `7after4711` for the rows after row 4711, `6before4612`, or `last`.
    """

    page: int = 1
    side: str = ""
    row: int = 0

    @classmethod
    def read(cls, text: str) -> Position:
        """Return the position in an address; the first page for any other text."""
        if text == LAST:
            return cls(side=LAST)
        match = re.fullmatch(r"(\d{1,9})(?:(after|before)(\d{1,18}))?", text, re.ASCII)
        if match is None or int(match[1]) == 0:
            return cls()
        return cls(int(match[1]), match[2] or "", int(match[3] or 0))

    def __str__(self) -> str:
        return LAST if self.side == LAST else f"{self.page}{self.side}{self.row or ''}"


class LargeChangeList(ChangeList):
    """Reads one page of a list, and as little else as possible."""

    is_large = False
    has_last_page = True
    model_admin: LargeListAdmin[Any]
    _of_shops: RowsOfShops | None = None

    def get_filters(self, request: HttpRequest) -> Any:
        """Refuse a year that no date has, which Django answers with an error of the server."""
        try:
            return super().get_filters(request)
        except (ValueError, OverflowError) as error:
            raise IncorrectLookupParameters(error) from error

    def get_ordering(self, request: HttpRequest, queryset: QuerySet[Any]) -> list[Any]:
        """Sort rows with an equal value in the direction of that value, as an index does."""
        *ordering, last = super().get_ordering(request, queryset)
        if ordering and last == "-pk" and not str(ordering[0]).startswith("-"):
            last = "pk"
        return [*ordering, last]

    def get_results(self, request: HttpRequest) -> None:
        """Read the page; above COUNT_LIMIT rows, without counting them or skipping many."""
        count = self._count()
        self.is_large = not count.is_exact
        self.show_full_result_count = False
        self.show_admin_actions = True
        self.paginator = Paginator(self.queryset, self.list_per_page)
        self.paginator.count = count.number
        if self.is_large:
            self._sort_by_index(request)
            self._find_by_index()
            position = Position.read(request.GET.get(PAGE_VAR, ""))
            anchor = self._anchor(position)
            if not (anchor or self._can_find(position)):
                messages.warning(
                    request,
                    _(
                        "There are too many rows to open this page directly. Choose a date or "
                        "another filter, or go on from the first page."
                    ),
                )
                position = Position()
            self._read_page(position, anchor)
            # Actions are offered for the rows of this page.
            self.result_count = len(self.result_list)
            self.can_show_all, self.multi_page = False, True
        else:
            self.result_count = count.number
            self.can_show_all = count.number <= self.list_max_show_all
            self.multi_page = count.number > self.list_per_page
            self.result_list = self._page_of_few()
        self.full_result_count = self.result_count

    def _count(self) -> RowCount:
        return count_rows(self.queryset)

    def _find_by_index(self) -> None:
        """Let an index of the primary keys find the rows of the chosen days and shops.

        PostgreSQL takes such rows for spread evenly among all, and would read all newer ones.
        """
        ids, admin = IdRange(), self.model_admin
        if admin.time_field:
            since, until = chosen_times(self.queryset, admin.time_field)
            ids = ids_of_times(self.model, admin.time_field, since, until)
            self.queryset = self.queryset.filter(ids.condition)
        if admin.is_indexed_by_shop and (shop_ids := chosen_shops(self.queryset)) is not None:
            name = self._ordering()[0].removeprefix("-")
            is_sparse = has_other_conditions(self.queryset)
            if name == admin.time_field:
                times = times_of_shops(self.model, name, shop_ids, ids)
                self.queryset = self.queryset.filter(times)
            elif name == "order_id":
                self._of_shops = RowsOfShops(Order, (name,), shop_ids, is_sparse=is_sparse)
            else:
                self._of_shops = RowsOfShops(self.model, ("pk", "id"), shop_ids, ids, is_sparse)

    def _page_of_few(self) -> Any:
        if not self.result_count:
            return []  # PostgreSQL may sort a whole table to find that it shows nothing of it
        if not self.multi_page or (self.show_all and self.can_show_all):
            return list(self.queryset)
        if self.queryset.query.where:
            self.paginator.object_list = _sorted_once_found(self.queryset)
        try:
            page = self.paginator.page(self.page_num).object_list
        except InvalidPage as error:
            raise IncorrectLookupParameters from error
        return self._rows_of_ids(page.values_list("pk", flat=True))

    def _sort_by_index(self, request: HttpRequest) -> None:
        """Sort by the default order if no index has the chosen one; offer the others' columns."""
        indexed = {"pk", *self.model_admin.indexed_fields}
        self.sortable_by = [
            str(column)
            for column in self.list_display
            if str(self.get_ordering_field(column)).removeprefix("-") in indexed
        ]
        is_chosen = ORDER_VAR in self.params
        if is_chosen and not {n.removeprefix("-") for n in self._ordering()} <= indexed:
            del self.params[ORDER_VAR]
            self.queryset = self.queryset.order_by(*self.get_ordering(request, self.queryset))
            messages.warning(
                request,
                _("There are too many rows to sort them by this column. Choose a filter first."),
            )

    def _ordering(self) -> list[str]:
        return list(self.queryset.query.order_by)

    def _can_find(self, position: Position) -> bool:
        """Return whether a page is found by its number, or as the last, without many rows."""
        is_of_all = not self.queryset.query.where
        most = MAX_SKIPPED_ROWS if is_of_all else MAX_SKIPPED_ROWS_OF_SOME
        is_last = position.side == LAST or position.page > self.paginator.num_pages
        return self.has_last_page if is_last else self._skipped(position) <= most

    def _skipped(self, position: Position) -> int:
        return (position.page - 1) * self.list_per_page

    def _read_page(self, position: Position, anchor: Sequence[Any] | None) -> None:
        """Read the rows of the page, and find whether there are others before and after it."""
        size = self.list_per_page
        rows = []
        if position.side != LAST and (anchor or position.page <= self.paginator.num_pages):
            rows = self._rows_from(position, anchor)
        if rows and anchor and position.side == BEFORE:
            self.has_previous, self.has_next = len(rows) > size, True
            rows = rows[:size][::-1]
        elif rows:
            self.has_previous, self.has_next = position.page > 1, len(rows) > size
            rows = rows[:size]
        else:  # there are fewer pages than estimated, or the last one is wanted
            position = Position(self.paginator.num_pages, LAST)
            rows = self._first_of(self.queryset, reverse(self._ordering()), size)[::-1]
            self.has_previous, self.has_next = True, False
        self.page_num, self.result_list = position.page, rows

    def _rows_from(self, position: Position, anchor: Sequence[Any] | None) -> list[Any]:
        """Return the rows of a page and one more: beside a row, or of a page's number.

        Those before a row are in the opposite order.
        """
        size = self.list_per_page
        if anchor:
            is_before = position.side == BEFORE
            ordering = reverse(self._ordering()) if is_before else self._ordering()
            return self._first_of(self.queryset, ordering, size + 1, anchor)
        skipped = self._skipped(position)
        if not skipped:
            return self._first_of(self.queryset, self._ordering(), size + 1)
        return list(self._rows_of_ids(self._ids_after(skipped, size + 1)))

    def _ids_after(self, skipped: int, number: int) -> Iterable[Any]:
        """Return the primary keys of so many rows, after those that are skipped."""
        rows = self.queryset
        if not rows.query.where and len(self._ordering()) == 2:
            rows, skipped = _skip_by_first_field(rows, skipped, self.list_per_page)
        return list(rows.values_list("pk", flat=True)[skipped : skipped + number])

    def _rows_of_ids(self, ids: Iterable[Any]) -> QuerySet[Any]:
        """Select the rows themselves once it is known which ones: those skipped are not joined."""
        rows: QuerySet[Any] = self.queryset.filter(pk__in=list(ids))
        return rows

    def _first_of(
        self,
        rows: QuerySet[Any],
        ordering: Sequence[str],
        number: int,
        anchor: Sequence[Any] | None = None,
    ) -> list[Any]:
        """Return the first rows in an order: of all, or of those that follow the anchor's row.

        Given primary keys instead of rows, return the keys.
        """
        of_shops, found = self._of_shops, list[Any]()
        if of_shops is not None and of_shops.have_order(ordering):
            for batch in of_shops.batches(ordering, number, anchor):
                missing = number - len(found)
                found += _first_rows(batch.select(rows), ordering, missing, anchor)
                if batch.is_last or len(found) == number:
                    return found
        return _first_rows(rows, ordering, number, anchor)

    def _anchor(self, position: Position) -> Sequence[Any] | None:
        """Return the values of the row beside which the page is; None if there is no such row."""
        if not position.row:
            return None
        fields = [name.removeprefix("-") for name in self._ordering()]
        row: Sequence[Any] | None = (
            self.root_queryset.filter(pk=position.row).values_list(*fields).first()
        )
        return row

    @property
    def date_links(self) -> dict[str, Any]:
        """The links to the rows of a year, a month or a day."""
        return date_links(self)

    @property
    def first_page_url(self) -> str:
        """The address of the first page."""
        return str(self.get_query_string())

    @property
    def previous_page_url(self) -> str:
        """The address of the page before this one."""
        position = Position(max(self.page_num - 1, 1), BEFORE, self.result_list[0].pk)
        return str(self.get_query_string({PAGE_VAR: str(position)}))

    @property
    def next_page_url(self) -> str:
        """The address of the page after this one."""
        position = Position(self.page_num + 1, AFTER, self.result_list[-1].pk)
        return str(self.get_query_string({PAGE_VAR: str(position)}))

    @property
    def last_page_url(self) -> str:
        """The address of the last page."""
        return str(self.get_query_string({PAGE_VAR: LAST}))


def _first_rows(
    rows: QuerySet[Any], ordering: Sequence[str], number: int, anchor: Sequence[Any] | None
) -> list[Any]:
    if anchor:
        rows = following(rows, ordering, anchor)
    return list(rows.order_by(*ordering)[:number])


def _skip_by_first_field(
    rows: QuerySet[Any], skipped: int, most_equal: int
) -> tuple[QuerySet[Any], int]:
    """Return rows without most of those to skip, and how many of those are left.

    The rows are sorted by a field, and then by the primary key. The index of the field has no
    primary keys, so to sort by them reads each skipped row itself. More rows of one value than
    `most_equal` are not looked for.
    """
    ordering = list(map(str, rows.query.order_by))
    name, start = ordering[0].removeprefix("-"), max(skipped - most_equal, 0)
    values = rows.order_by(ordering[0]).values_list(name, flat=True)
    near = list(values[start : skipped + 1])
    is_past_end = len(near) <= skipped - start
    equal = 0 if is_past_end else near.count(near[-1]) - 1
    if is_past_end or (equal == skipped - start and start):
        return rows, skipped
    side = "lte" if ordering[0].startswith("-") else "gte"
    return rows.filter(**{f"{name}__{side}": near[-1]}), equal


def _sorted_once_found(rows: QuerySet[Any]) -> QuerySet[Any]:
    """Return a few rows in their order, which no index has.

    PostgreSQL would read a whole index in that order, to be done after the first few of them.
    """
    return rows.order_by(
        *(
            OrderBy(
                Func(F(name.removeprefix("-")), function="ROW", output_field=TextField()),
                descending=name.startswith("-"),
            )
            if isinstance(name, str)
            else name
            for name in rows.query.order_by
        )
    )


class LargeListAdmin(ReadOnlyAdmin[M]):
    """A read-only row of a table that grows for ever. Its list may be sorted by indexed fields.

    `indexed_fields` are the fields, beside the primary key, that an index of the table begins with.
    `time_field` is the time at which a row was stored. `is_indexed_by_shop`: an index of the table
    has the shop and then the primary key.
    """

    change_list_template = "admin/large_change_list.html"
    show_full_result_count = False
    show_facets = ShowFacets.NEVER  # they count the whole table, once for each choice
    indexed_fields: tuple[str, ...] = ("id",)
    time_field = ""
    is_indexed_by_shop = False

    def get_changelist(self, request: HttpRequest, **_kwargs: Any) -> type[ChangeList]:
        """Return the list that does not count a large table."""
        return LargeChangeList

    def action_checkbox(self, obj: M) -> SafeString:
        """Return the box of a row as Django does, without a template for each of a hundred."""
        return format_html(
            '<input type="checkbox" name="{}" value="{}" class="action-select" aria-label="{}">',
            ACTION_CHECKBOX_NAME,
            obj.pk,
            format_html(_(CHECKBOX_LABEL), obj),
        )

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        """Read the list by plans for its shops and its filter."""
        with planned_for_its_values():
            return super().get_changelist_instance(request)
