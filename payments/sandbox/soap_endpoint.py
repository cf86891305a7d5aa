"""Serves the two SOAP services over HTTP."""

import time
from functools import partial
from typing import Final

from aiohttp import web
from lxml import etree

from payments.sandbox.faults.fault_responses import (
    CONTENT_TYPE,
    SeqrResponse,
    close_connection,
    respond_with_fault,
    unaltered,
)
from payments.sandbox.faults.latency import LatencyProfiles
from payments.sandbox.faults.registry import FaultRegistry
from payments.sandbox.http_requests import public_url
from payments.sandbox.operations.certification import Objection, find_objections
from payments.sandbox.operations.dispatch import execute
from payments.sandbox.operations.simulator import SeqrSimulator
from payments.sandbox.soap.envelope import SoapFaultError, unwrap, wrap, wrap_fault
from payments.sandbox.soap.messages import Message, read
from payments.sandbox.soap.schema import NAMESPACE, SERVICES, Operation
from payments.sandbox.storage.call_log import Call, CallLog

MAX_REQUEST_BYTES: Final = 16 * 1024 * 1024
"""An invoice of 10,000 full rows has about 8 MB."""


class SoapEndpoint:
    """The handlers of /soap/service and /soap/session.

    With `certification`, calls that SEQR's certification would refuse are refused.
    """

    def __init__(
        self,
        seqr: SeqrSimulator,
        calls: CallLog,
        *,
        faults: FaultRegistry,
        latency: LatencyProfiles,
        certification: bool,
    ) -> None:
        self._seqr = seqr
        self._certification = certification
        self._calls = calls
        self._faults = faults
        self._latency = latency

    def add_routes(self, app: web.Application) -> None:
        """Add the routes to the application."""
        path = "/soap/{service:service|session}"
        app.add_routes([web.get(path, self._wsdl), web.post(path, self._call)])

    async def _wsdl(self, request: web.Request) -> web.Response:
        if not request.query_string.lower().startswith("wsdl"):
            raise web.HTTPMethodNotAllowed(
                "GET", ["POST"], text="POST a SOAP request here, or GET ?wsdl.\n"
            )
        address = f"{public_url(request)}{request.path}"
        return web.Response(
            body=SERVICES[request.match_info["service"]].wsdl(address), headers=CONTENT_TYPE
        )

    async def _call(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        started = time.perf_counter()
        operation: Operation | None = None
        message: Message = {}
        objections: list[Objection] = []
        try:
            element = unwrap(body)
            operation = find_operation(request.match_info["service"], element)
            message = read_valid(operation, element)
            objections = find_objections(operation.name, message)
            execution = partial(self._execute, operation, message, objections)
        except SoapFaultError as error:
            execution = partial(_refuse, error)
        name = operation.name if operation else None
        if not await self._latency.delay(name):
            return close_connection(request)
        fault = self._faults.next_match(name)
        if fault is None:
            sent = unaltered(execution())
        else:
            sent = await respond_with_fault(request, fault, operation, execution)
        if not sent.discarded:
            result = sent.seqr_response.result if sent.seqr_response else {}
            self._calls.add(
                Call(
                    operation=name,
                    invoice_reference=result.get(
                        "invoiceReference", message.get("invoiceReference")
                    ),
                    result_code=result.get("resultCode"),
                    http_status=sent.status,
                    duration_ms=round((time.perf_counter() - started) * 1000, 3),
                    request=body,
                    response=sent.logged,
                    fault=fault.kind if fault else None,
                    certification_objections=tuple(each.sentence for each in objections),
                )
            )
        return sent.response

    def _execute(
        self, operation: Operation, message: Message, objections: list[Objection]
    ) -> SeqrResponse:
        refused_for = objections if self._certification else []
        result = execute(self._seqr, operation.name, message, refused_for)
        # A fault may send a part of the response, or wait, before this request is done.
        self._seqr.records.commit()
        return SeqrResponse(200, wrap(operation, result), result)


def _refuse(error: SoapFaultError) -> SeqrResponse:
    return SeqrResponse(500, wrap_fault(error), {})


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
