"""The two SOAP services over HTTP. Every answer to a shop leaves through `_answer`."""

import time
from typing import Final

from aiohttp import web
from lxml import etree

from payments.sandbox.addresses import public_url
from payments.sandbox.calls import Call, CallLog
from payments.sandbox.envelope import SoapFaultError, unwrap, wrap, wrap_fault
from payments.sandbox.messages import Message, read
from payments.sandbox.operations import execute
from payments.sandbox.schema import validator, wsdl
from payments.sandbox.state import State
from payments.sandbox.tables import NAMESPACE, OPERATIONS, SERVICES, Operation

MAX_REQUEST_BYTES: Final = 16 * 1024 * 1024
"""An invoice of 10,000 full rows is some 8 MB."""

_CONTENT_TYPE = {"Content-Type": "text/xml; charset=utf-8"}


class SoapServices:
    """The handlers of /soap/service and /soap/session."""

    def __init__(self, state: State, calls: CallLog) -> None:
        self._state = state
        self._calls = calls
        for service in SERVICES:
            validator(service)

    def add_routes(self, app: web.Application) -> None:
        """Serve both services on the application."""
        path = "/soap/{service:service|session}"
        app.add_routes([web.get(path, self._describe), web.post(path, self._answer)])

    async def _describe(self, request: web.Request) -> web.Response:
        if not request.query_string.lower().startswith("wsdl"):
            raise web.HTTPMethodNotAllowed(
                "GET", ["POST"], text="POST a SOAP request here, or GET ?wsdl.\n"
            )
        address = f"{public_url(request)}{request.path}"
        return web.Response(
            body=wsdl(request.match_info["service"], address), headers=_CONTENT_TYPE
        )

    async def _answer(self, request: web.Request) -> web.Response:
        body = await request.read()
        started = time.perf_counter()
        operation: Operation | None = None
        message: Message = {}
        result: Message = {}
        try:
            element = unwrap(body)
            operation = find_operation(request.match_info["service"], element)
            message = read_valid(operation, element)
            result = execute(self._state, operation.name, message)
            status, answer = 200, wrap(operation, result)
        except SoapFaultError as fault:
            status, answer = 500, wrap_fault(fault)
        self._calls.add(
            Call(
                operation=operation.name if operation else None,
                invoice_reference=result.get("invoiceReference", message.get("invoiceReference")),
                result_code=result.get("resultCode"),
                http_status=status,
                duration_ms=round((time.perf_counter() - started) * 1000, 3),
                request=body,
                answer=answer,
            )
        )
        return web.Response(status=status, body=answer, headers=_CONTENT_TYPE)


def find_operation(service: str, element: etree._Element) -> Operation:
    """The operation of a service that a request's element names. Raises SoapFaultError."""
    name = etree.QName(element)
    operation = OPERATIONS.get(name.localname)
    if name.namespace != NAMESPACE or operation is None or operation.service != service:
        raise SoapFaultError(f"{SERVICES[service]} has no operation {name.text}.")
    return operation


def read_valid(operation: Operation, element: etree._Element) -> Message:
    """The request's message, held against the schema. Raises SoapFaultError."""
    try:
        validator(operation.service).assertValid(element)
    except etree.DocumentInvalid as error:
        raise SoapFaultError(f"The request breaks the schema: {error}") from error
    return read(element, operation.request)
