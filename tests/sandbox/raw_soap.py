"""A plain SOAP client: writes envelopes as text and reads responses element by element."""

import base64
import http.client
from typing import Final

from lxml import etree

from tests.sandbox_process import REQUEST_SECONDS, SandboxProcess

SOAP: Final = "http://schemas.xmlsoap.org/soap/envelope/"
SEQR: Final = "http://external.interfaces.ers.seamless.com/"

TERMINAL: Final = (
    "<initiatorPrincipalId><id>public_test_shop_terminal</id><type>TERMINALID</type>"
    "</initiatorPrincipalId><password>12345678</password>"
)
RESELLER: Final = (
    "<initiatorPrincipalId><id>public_test_shop</id><type>RESELLERUSER</type>"
    "<userId>9900</userId></initiatorPrincipalId><password>1234</password>"
)


def context(principal: str = TERMINAL, *, reference: str = "ref-1", channel: str = "WS") -> str:
    return (
        f"<context><channel>{channel}</channel><clientId>tests</clientId>"
        f"<clientReference>{reference}</clientReference>"
        f"<clientRequestTimeout>0</clientRequestTimeout>{principal}</context>"
    )


def amount(name: str, value: str, currency: str = "SEK") -> str:
    return f"<{name}><currency>{currency}</currency><value>{value}</value></{name}>"


def row(total: str, *, quantity: str = "1", currency: str = "SEK", name: str = "Kaffe") -> str:
    return (
        f"<invoiceRow><itemDescription>{name}</itemDescription>"
        f"<itemQuantity>{quantity}</itemQuantity>"
        f"{amount('itemTotalAmount', total, currency)}</invoiceRow>"
    )


def invoice(
    total: str = "45.00",
    *,
    rows: str | None = None,
    currency: str = "SEK",
    notification_url: str | None = None,
    back_url: str | None = None,
    payment_mode: str = "IMMEDIATE_DEBIT",
    acknowledgment_mode: str = "NO_ACKNOWLEDGMENT",
    commit_timeout: int | None = None,
) -> str:
    notification = f"<notificationUrl>{notification_url}</notificationUrl>"
    timeout = f"<commitReservationTimeout>{commit_timeout}</commitReservationTimeout>"
    return (
        f"<invoice><paymentMode>{payment_mode}</paymentMode>"
        f"<acknowledgmentMode>{acknowledgment_mode}</acknowledgmentMode>"
        "<issueDate>2026-03-01T12:30:00.000+01:00</issueDate><title>Café Söder</title>"
        "<clientInvoiceId>order-17</clientInvoiceId>"
        f"<invoiceRows>{row(total, currency=currency) if rows is None else rows}</invoiceRows>"
        f"{amount('totalAmount', total, currency)}"
        "<cashierId>web</cashierId><footer>Order 17</footer>"
        + (f"<backURL>{back_url}</backURL>" if back_url else "")
        + (notification if notification_url is not None else "")
        + (timeout if commit_timeout is not None else "")
        + "</invoice>"
    )


def token(value: str, status: int = 1, *, name: str = "tokens", card_id: str = "CLUB") -> str:
    return f"<{name}><id>{card_id}</id><status>{status}</status><value>{value}</value></{name}>"


def parameters(**entries: str) -> str:
    listed = "".join(
        f"<entry><key>{key}</key><value>{value}</value></entry>" for key, value in entries.items()
    )
    return f"<parameters><parameter>{listed}</parameter></parameters>"


def terminal(terminal_id: str, password: str) -> str:
    """The principal of a terminal."""
    return TERMINAL.replace("public_test_shop_terminal", terminal_id).replace("12345678", password)


def reseller(reseller_id: str, user_id: str, password: str) -> str:
    """The principal of a reseller's user."""
    return (
        f"<initiatorPrincipalId><id>{reseller_id}</id><type>RESELLERUSER</type>"
        f"<userId>{user_id}</userId></initiatorPrincipalId><password>{password}</password>"
    )


def envelope(operation: str, content: str, namespace: str = SEQR) -> str:
    return (
        f'<soapenv:Envelope xmlns:soapenv="{SOAP}" xmlns:ext="{namespace}"><soapenv:Body>'
        f"<ext:{operation}>{content}</ext:{operation}></soapenv:Body></soapenv:Envelope>"
    )


class SoapResponse:
    """An HTTP response with a SOAP envelope."""

    def __init__(self, status: int, body: bytes) -> None:
        self.status = status
        self.root = etree.fromstring(body)

    @property
    def content(self) -> etree._Element:
        """The one element in the Body: the response wrapper, or a Fault."""
        return self.root[0][0]

    def text(self, path: str) -> str | None:
        """The text of an element below `return`, such as "receipt/invoice/title"."""
        return self.content.findtext(f"return/{path}")

    def names(self, path: str = "") -> list[str]:
        """The names of the elements below `return`, or below a path in it, in order."""
        parent = self.content.find(f"return/{path}".rstrip("/"))
        assert parent is not None
        return [str(child.tag) for child in parent]

    @property
    def code(self) -> int:
        return int(self.text("resultCode") or "-1")

    @property
    def fault(self) -> str | None:
        """The faultcode without its prefix; None if the response is no SOAP fault."""
        code = self.content.findtext("faultcode")
        return code.partition(":")[2] if code else None


received_codes: set[tuple[str, int]] = set()
"""The operations and result codes received since the set was last cleared."""


class SoapClient:
    """Posts requests to one sandbox, as a terminal and a reseller; by default as published."""

    def __init__(
        self,
        sandbox: SandboxProcess,
        *,
        as_terminal: str = TERMINAL,
        as_reseller: str = RESELLER,
    ) -> None:
        self._terminal = as_terminal
        self._reseller = as_reseller
        self._sandbox = sandbox
        self._port = sandbox.port

    def http(self, method: str, path: str, body: bytes = b"") -> tuple[int, bytes]:
        """Send one request; return the status and the body."""
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=REQUEST_SECONDS)
        try:
            headers = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '""'}
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def post(self, body: str | bytes, service: str = "service") -> SoapResponse:
        content = body.encode() if isinstance(body, str) else body
        response = SoapResponse(*self.http("POST", f"/soap/{service}", content))
        operation = str(etree.QName(response.content).localname).removesuffix("Response")
        received_codes.add((operation, response.code))
        return response

    def call(
        self, operation: str, content: str, *, with_context: str | None = None
    ) -> SoapResponse:
        service = "session" if operation == "getClientSessionInfo" else "service"
        head = context(self._terminal) if with_context is None else with_context
        return self.post(envelope(operation, head + content), service)

    def send_invoice(self, content: str | None = None) -> SoapResponse:
        return self.call("sendInvoice", invoice() if content is None else content)

    def new_invoice(self, content: str | None = None) -> str:
        """Send an invoice; return its reference."""
        reference = self.send_invoice(content).text("invoiceReference")
        assert reference is not None
        return reference

    def paid_invoice(self, content: str | None = None) -> str:
        """Send an invoice and pay it; return its reference."""
        reference = self.new_invoice(content)
        self._sandbox.pay(reference)
        return reference

    def status(
        self, reference: str, version: int = 0, *, with_context: str | None = None
    ) -> SoapResponse:
        return self.call(
            "getPaymentStatus",
            f"<invoiceReference>{reference}</invoiceReference>"
            f"<invoiceVersion>{version}</invoiceVersion>",
            with_context=with_context,
        )

    def cancel(self, reference: str) -> SoapResponse:
        return self.call("cancelInvoice", f"<invoiceReference>{reference}</invoiceReference>")

    def session(self, token: str) -> SoapResponse:
        return self.call("getClientSessionInfo", f"<key>{token}</key>")

    def update(self, reference: str, content: str, tokens: str = "") -> SoapResponse:
        return self.call(
            "updateInvoice", f"<invoiceReference>{reference}</invoiceReference>{content}{tokens}"
        )

    def commit(self, reference: str, value: str, currency: str = "SEK") -> SoapResponse:
        return self.call(
            "commitReservation",
            f"{amount('amount', value, currency)}<invoiceReference>{reference}</invoiceReference>",
        )

    def refund(
        self, ers_reference: str, content: str, *, with_context: str | None = None
    ) -> SoapResponse:
        return self.call(
            "refundPayment",
            f"<ersReference>{ers_reference}</ersReference>{content}",
            with_context=with_context,
        )

    def submit_receipt(
        self,
        ers_reference: str,
        content: bytes,
        mime_type: str = "text/html",
        receipt_type: str = "RECEIPT",
    ) -> SoapResponse:
        document = (
            f"<receiptDocument><mimeType>{mime_type}</mimeType>"
            f"<receiptData>{base64.b64encode(content).decode()}</receiptData>"
            f"<receiptType>{receipt_type}</receiptType></receiptDocument>"
        )
        return self.call(
            "submitPaymentReceipt", f"<ersReference>{ers_reference}</ersReference>{document}"
        )

    def mark_period(self, **entries: str) -> SoapResponse:
        content = parameters(**entries) if entries else ""
        return self.call("markTransactionPeriod", content, with_context=context(self._reseller))

    def report(self, report_id: str, **entries: str) -> SoapResponse:
        content = f"<reportId>{report_id}</reportId><language>en</language>{parameters(**entries)}"
        return self.call("executeReport", content, with_context=context(self._reseller))

    def register_terminal(self, external_id: str = "till-1") -> SoapResponse:
        """Register a terminal with the password secret-1."""
        return self.call(
            "registerTerminal",
            f"<externalTerminalId>{external_id}</externalTerminalId>"
            f"<password>secret-1</password><name>Till {external_id}</name>",
            with_context=context(self._reseller),
        )

    def new_till(self, external_id: str = "till-1") -> str:
        """Register a cash register; return its context."""
        terminal_id = self.register_terminal(external_id).text("terminalId")
        assert terminal_id is not None
        return context(terminal(terminal_id, "secret-1"))

    def new_payment(self, content: str | None = None) -> str:
        """Send an invoice, pay and confirm it; return its ersReference."""
        ers_reference = self.status(self.paid_invoice(content)).text("ersReference")
        assert ers_reference is not None
        return ers_reference
