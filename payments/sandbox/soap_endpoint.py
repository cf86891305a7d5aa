"""The two SOAP services over HTTP. Every answer to a shop leaves through `_answer`."""

import time
from functools import partial
from typing import Final

from aiohttp import web
from lxml import etree

from payments.sandbox.faults.fault_responses import CONTENT_TYPE, Reply, deliver, untouched
from payments.sandbox.faults.registry import FaultRegistry
from payments.sandbox.http_requests import public_url
from payments.sandbox.operations.dispatch import execute
from payments.sandbox.operations.simulator import SeqrSimulator
from payments.sandbox.soap.envelope import SoapFaultError, unwrap, wrap, wrap_fault
from payments.sandbox.soap.messages import Message, read
from payments.sandbox.soap.schema import NAMESPACE, SERVICES, Operation
from payments.sandbox.storage.call_log import Call, CallLog

MAX_REQUEST_BYTES: Final = 16 * 1024 * 1024
"""An invoice of 10,000 full rows is some 8 MB."""


class SoapEndpoint:
    """The handlers of /soap/service and /soap/session."""

    def __init__(self, state: SeqrSimulator, calls: CallLog, faults: FaultRegistry) -> None:
        self._state = state
        self._calls = calls
        self._faults = faults

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
            body=SERVICES[request.match_info["service"]].wsdl(address), headers=CONTENT_TYPE
        )

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        started = time.perf_counter()
        operation: Operation | None = None
        message: Message = {}
        try:
            element = unwrap(body)
            operation = find_operation(request.match_info["service"], element)
            message = read_valid(operation, element)
            effect = partial(self._execute, operation, message)
        except SoapFaultError as error:
            effect = partial(_refuse, error)
        name = operation.name if operation else None
        fault = self._faults.strike(name)
        if fault is None:
            delivery = untouched(effect())
        else:
            delivery = await deliver(request, fault, operation, effect)
        if not delivery.void:
            result = delivery.reply.result if delivery.reply else {}
            self._calls.add(
                Call(
                    operation=name,
                    invoice_reference=result.get(
                        "invoiceReference", message.get("invoiceReference")
                    ),
                    result_code=result.get("resultCode"),
                    http_status=delivery.status,
                    duration_ms=round((time.perf_counter() - started) * 1000, 3),
                    request=body,
                    answer=delivery.seen,
                    fault=fault.kind if fault else None,
                )
            )
        return delivery.response

    def _execute(self, operation: Operation, message: Message) -> Reply:
        result = execute(self._state, operation.name, message)
        # A fault may let an answer out, or wait, before this request is done.
        self._state.records.commit()
        return Reply(200, wrap(operation, result), result)


def _refuse(error: SoapFaultError) -> Reply:
    return Reply(500, wrap_fault(error), {})


def find_operation(service: str, element: etree._Element) -> Operation:
    """Find the operation that a request's element names. Raises SoapFaultError."""
    name = etree.QName(element)
    operation = SERVICES[service].operations.get(name.localname)
    if name.namespace != NAMESPACE or operation is None:
        raise SoapFaultError(f"{SERVICES[service].name} has no operation {name.text}.")
    return operation


def read_valid(operation: Operation, element: etree._Element) -> Message:
    """Validate a request against the schema and read it. Raises SoapFaultError."""
    try:
        SERVICES[operation.service].validator.assertValid(element)
    except etree.DocumentInvalid as error:
        raise SoapFaultError(f"The request breaks the schema: {error}") from error
    return read(element, operation.request)
