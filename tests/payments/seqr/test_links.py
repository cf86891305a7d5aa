"""The contents of QR codes, and the link to the SEQR app."""

import pytest

from payments.seqr import app_url, invoice_url, service_code_url


@pytest.mark.parametrize(
    ("parameters", "url"),
    [
        ("", "HTTP://SEQR.SE/000/CAFE1"),
        ({}, "HTTP://SEQR.SE/000/CAFE1"),
        ("TABLE=4", "HTTP://SEQR.SE/000/CAFE1?TABLE=4"),
        ({"TABLE": "4", "ROOM": "B"}, "HTTP://SEQR.SE/000/CAFE1?TABLE=4&ROOM=B"),
    ],
)
def test_service_code_holds_service_id_and_parameters(
    parameters: str | dict[str, str], url: str
) -> None:
    assert service_code_url("CAFE1", parameters) == url


def test_service_code_holds_at_most_fifty_characters() -> None:
    longest = service_code_url("CAFE1", f"TABLE={'4' * 19}")

    with pytest.raises(ValueError, match="would hold 51 characters; 50 are allowed"):
        service_code_url("CAFE1", f"TABLE={'4' * 20}")

    assert len(longest) == 50


@pytest.mark.parametrize(
    ("service_id", "parameters", "sentence"),
    [
        ("", "", "The service ID must not be empty"),
        ("cafe1", "", "The service ID must be in capital letters"),
        ("CAFÉ", "", "The service ID may hold only"),
        ("CAFE?A=1", "", "The service ID may hold only"),
        ("CAFE 1", "", "The service ID may hold only"),
        ("CAFE\n", "", "The service ID may hold only"),
        ("CAFE1", "TABLE", "must look like NAME=VALUE"),
        ("CAFE1", "TABLE=4&", "must look like NAME=VALUE"),
        ("CAFE1", "TABLE=", "The value of TABLE must not be empty"),
        ("CAFE1", "=4", "A parameter's name must not be empty"),
        ("CAFE1", "table=4", "A parameter's name must be in capital letters"),
        ("CAFE1", "TABLE=a", "The value of TABLE must be in capital letters"),
        ("CAFE1", "TABLE=4=5", "The value of TABLE may hold only"),
        ("CAFE1", "TABLE=#4", "The value of TABLE may hold only"),
        ("CAFE1", "T=1&T=2", "Each parameter may be given only once"),
        ("CAFE1", {"TABLE": "4&B=5"}, "The value of TABLE may hold only"),
    ],
)
def test_unprintable_service_code_is_refused_with_a_sentence(
    service_id: str, parameters: str | dict[str, str], sentence: str
) -> None:
    with pytest.raises(ValueError, match=sentence):
        service_code_url(service_id, parameters)


def test_invoice_has_an_app_link_and_a_qr_code() -> None:
    assert app_url("seqr://SEQR.SE/", "1001") == "seqr://SEQR.SE/R1001"
    assert app_url("seqr-demo://SEQR.SE/", "1001") == "seqr-demo://SEQR.SE/R1001"
    assert invoice_url("1001") == "HTTP://SEQR.SE/R1001"
