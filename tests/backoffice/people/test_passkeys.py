"""What a device answers is refused unless it proves what it should."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import RequestFactory
from fido2.utils import websafe_decode, websafe_encode
from hypothesis import given
from hypothesis import strategies as st

from orders.models import Passkey
from seqrshop.backoffice.people.passkeys import (
    MAX_ANSWER_LENGTH,
    PasskeyRefused,
    begin_adding,
    begin_check,
    finish_adding,
    finish_check,
)
from tests.backoffice.people.device import Device, as_json
from tests.staff import superuser, user_of

REQUEST = RequestFactory().get("/")
STATE = {"challenge": "AAAA", "user_verification": "preferred"}
OTHER_STATE = {**STATE, "challenge": "BBBB"}
ANSWERS = {
    "nothing": "",
    "no JSON": "passkey",
    "a list": "[]",
    "null": "null",
    "an object": "{}",
    "no credential": json.dumps({"id": "AAAA", "rawId": "AAAA", "type": "public-key"}),
}


def passkey_of(device: Device, *, sign_count: int = 0) -> Passkey:
    """Return a device's passkey, as it is stored, with this count."""
    passkey = finish_adding(REQUEST, STATE, as_json(device.make(STATE)))
    passkey.sign_count = sign_count
    return passkey


def test_passkey_of_a_device_is_proved_by_it() -> None:
    device, other = Device(b"phone"), Device(b"laptop")

    added = finish_adding(REQUEST, STATE, as_json(device.make(STATE, count=3)))
    proved = finish_check(
        REQUEST, STATE, [passkey_of(other), added], as_json(device.prove(STATE, count=4))
    )

    assert (bytes(added.credential_id), added.sign_count) == (b"phone", 3)
    assert proved == (added, 4)


@pytest.mark.parametrize("state", [None, {}, STATE])
@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
def test_answer_that_is_no_devices_is_refused(answer: str, state: Any) -> None:
    with pytest.raises(PasskeyRefused):
        finish_adding(REQUEST, state, answer)
    with pytest.raises(PasskeyRefused):
        finish_check(REQUEST, state, [passkey_of(Device())], answer)


@pytest.mark.parametrize("state", [None, {}, OTHER_STATE])
def test_answer_to_another_challenge_or_none_is_refused(state: Any) -> None:
    device = Device()
    passkey = passkey_of(device)

    with pytest.raises(PasskeyRefused):
        finish_adding(REQUEST, state, as_json(device.make(STATE)))
    with pytest.raises(PasskeyRefused):
        finish_check(REQUEST, state, [passkey], as_json(device.prove(STATE)))


def test_answer_of_another_device_or_host_is_refused() -> None:
    device, elsewhere = Device(), Device(host="elsewhere")
    passkey = passkey_of(device)

    with pytest.raises(PasskeyRefused):
        finish_adding(REQUEST, STATE, as_json(elsewhere.make(STATE)))
    for known, answer in (
        ([passkey], Device().prove(STATE)),  # with the same name, and another key
        ([], device.prove(STATE)),
        ([passkey_of(Device(b"laptop"))], device.prove(STATE)),
        ([passkey], elsewhere.prove(STATE)),
        ([passkey], device.make(STATE)),
    ):
        with pytest.raises(PasskeyRefused):
            finish_check(REQUEST, STATE, known, as_json(answer))


def test_answer_that_is_too_long_is_refused() -> None:
    device = Device()
    passkey, answer = passkey_of(device), as_json(device.prove(STATE))

    assert finish_check(REQUEST, STATE, [passkey], answer.ljust(MAX_ANSWER_LENGTH)) == (passkey, 0)
    with pytest.raises(PasskeyRefused):
        finish_check(REQUEST, STATE, [passkey], answer.ljust(MAX_ANSWER_LENGTH + 1))


@pytest.mark.parametrize(
    ("stored", "answered", "is_accepted"),
    [(0, 0, True), (0, 1, True), (5, 6, True), (5, 5, False), (5, 4, False), (5, 0, False)],
)
def test_count_of_a_device_has_to_grow_where_it_counts(
    stored: int, answered: int, is_accepted: bool
) -> None:
    """A copy of a device would answer with a count that was there before."""
    device = Device()
    passkey = passkey_of(device, sign_count=stored)
    answer = as_json(device.prove(STATE, count=answered))

    if is_accepted:
        assert finish_check(REQUEST, STATE, [passkey], answer) == (passkey, answered)
    else:
        with pytest.raises(PasskeyRefused):
            finish_check(REQUEST, STATE, [passkey], answer)


@given(data=st.data())
def test_damaged_answer_is_refused_and_no_other_error(data: st.DataObject) -> None:
    device = Device()
    passkey, makes = passkey_of(device), data.draw(st.booleans())
    answer = device.make(STATE) if makes else device.prove(STATE)
    part = data.draw(st.sampled_from(sorted(answer["response"])))
    whole = websafe_decode(answer["response"][part])
    at = data.draw(st.integers(0, 999)) % len(whole)  # a signature's length is by chance
    changed = data.draw(st.binary(max_size=3))
    rest = whole[at + 1 :] if data.draw(st.booleans()) else b""
    answer["response"][part] = websafe_encode(whole[:at] + changed + rest)

    try:
        if makes:
            finish_adding(REQUEST, STATE, as_json(answer))
        else:
            finish_check(REQUEST, STATE, [passkey], as_json(answer))
    except PasskeyRefused:
        return
    assert makes or answer["response"][part] == websafe_encode(whole)


@pytest.mark.django_db
def test_browser_is_asked_for_a_passkey_of_this_host() -> None:
    user, known = user_of(superuser()), passkey_of(Device(b"phone"))

    options, state = begin_adding(REQUEST, user, [known])
    check, state_of_check = begin_check(REQUEST, [known])
    adding, checking = json.loads(options), json.loads(check)

    assert adding["rp"] == {"id": "testserver", "name": "testserver"}
    assert adding["user"]["name"] == adding["user"]["displayName"] == user.username
    assert websafe_decode(adding["user"]["id"]) == str(user.pk).encode()
    assert adding["authenticatorSelection"]["userVerification"] == "preferred"
    assert adding["authenticatorSelection"]["residentKey"] == "preferred"
    assert (checking["rpId"], checking["userVerification"]) == ("testserver", "preferred")
    for asked, kept in ((adding, state), (checking, state_of_check)):
        assert asked["challenge"] == kept["challenge"]
    for listed in (adding["excludeCredentials"], checking["allowCredentials"]):
        assert [websafe_decode(each["id"]) for each in listed] == [b"phone"]
    assert state["challenge"] != state_of_check["challenge"]
