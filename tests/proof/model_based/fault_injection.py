"""Kills a simulated process before a database statement, and falsifies SEQR's answers."""

import re
from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import count
from typing import Any

from django.db import connection


class ProcessKilled(BaseException):
    """Ends a simulated process. Nothing in the shop catches a BaseException."""


def kill_at_statement(statement: int) -> AbstractContextManager[None]:
    """Kill this thread's process before a statement, counted from 0."""
    numbers = count()
    return kill_when(lambda: next(numbers) >= statement)


@contextmanager
def kill_when(is_due: Callable[[], bool]) -> Iterator[None]:
    """Kill this thread's process before its next statement once `is_due` returns true."""

    def execute_or_die(
        execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any
    ) -> Any:
        if is_due():
            raise ProcessKilled
        return execute(sql, params, many, context)

    try:
        with connection.execute_wrapper(execute_or_die):
            yield
    except ProcessKilled:
        connection.close()


def answer_about(invoice: dict[str, Any] | None) -> Callable[[str], str]:
    """Return what gives an answer PAID the references of this invoice of SEQR's."""

    def rewrite(answer: str) -> str:
        if invoice is None or "<status>PAID<" not in answer:
            return answer
        for tag, value in (
            ("invoiceReference", invoice["invoice_reference"]),
            ("clientInvoiceId", invoice["client_invoice_id"]),
            ("ersReference", invoice["ers_reference"]),
        ):
            if value is not None:
                answer = re.sub(f"<{tag}>[^<]*<", f"<{tag}>{value}<", answer)
        return answer

    return rewrite


def answer_contradicting(references: Collection[str | None], status: str) -> Callable[[str], str]:
    """Return what turns an answer PAID about one of these invoices into another status."""

    def rewrite(answer: str) -> str:
        found = re.search("<invoiceReference>([^<]*)<", answer)
        if found is None or found[1] not in references:
            return answer
        return answer.replace("<status>PAID<", f"<status>{status}<")

    return rewrite
