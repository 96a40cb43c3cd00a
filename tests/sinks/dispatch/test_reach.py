"""Which addresses are reached, what a signature is, and that no secret leaves."""

import base64
import hashlib
import hmac
from pathlib import Path

import pytest

from sinks.dispatch.targets.calling.secrets import Secrets
from sinks.dispatch.targets.calling.signatures import signed
from sinks.dispatch.targets.plans.addresses import allowed, named

PRIVATE = """
127.0.0.1 10.1.2.3 172.16.0.1 192.168.1.1 169.254.169.254 100.64.0.1 0.0.0.0 224.0.0.1 255.255.255.255 ::1 fe80::1%eth0
fc00::1 ::ffff:127.0.0.1 ::ffff:169.254.169.254 64:ff9b::a00:1 2002:7f00:1:: ff02::1 ::
""".split()  # noqa: SIM905 - three lines rather than eighteen


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_that_is_not_public_is_refused_however_it_is_written(address: str) -> None:
    """Machines, clouds' metadata, and IPv4 inside of IPv6."""
    assert not allowed(address, ())
    assert not allowed(address, ("192.0.2.0/24",))


def test_public_addresses_and_named_networks_are_reached() -> None:
    """And only named ones without TLS."""
    assert allowed("93.184.216.34", ())
    assert allowed("2606:2800:220:1::1", ())
    assert allowed("10.1.2.3", ("10.0.0.0/8",))
    assert allowed("::ffff:10.1.2.3", ("10.0.0.0/8",))
    assert not named("93.184.216.34", ("10.0.0.0/8",))
    assert named("::1", ("::1/128",))


def test_a_webhook_is_signed_as_its_standard_says() -> None:
    """HMAC-SHA256 over id, time and body, joined by dots; the key is what base64 behind `whsec_` means."""
    key = b"0123456789abcdef01234567"
    headers = signed("m1", b'{"a":1}', "whsec_" + base64.b64encode(key).decode(), 1_674_087_231)
    expected = hmac.new(key, b'm1.1674087231.{"a":1}', hashlib.sha256).digest()
    assert {
        "webhook-id": "m1",
        "webhook-timestamp": "1674087231",
        "webhook-signature": "v1," + base64.b64encode(expected).decode(),
    } == headers
    # The example of the specification's own libraries.
    known = signed(
        "msg_p5jXN8AQM9LWM0D4loKWxJek", b'{"test": 2432232314}', "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", 1_614_265_330
    )
    assert "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=" == known["webhook-signature"]
    with pytest.raises(ValueError, match="base64") as error:
        signed("m1", b"", "whsec_not base64!", 0)
    assert "not base64!" not in str(error.value)


def test_secrets_are_hidden_in_every_form_they_take() -> None:
    """As they are, in a URL, in a header; and they have no text of their own."""
    secrets = Secrets({"token": "env:T"}, {"T": "a b/c+1234"})
    assert "a b/c+1234" == secrets["token"]
    secrets.remember("asked", "another-one")
    said = "x a b/c+1234 a%20b%2Fc%2B1234 a+b%2Fc%2B1234 " + base64.b64encode(b"a b/c+1234").decode() + " another-one"
    assert "x *** *** *** *** ***" == secrets.hide(said)
    assert "Secrets(token=env:T)" == repr(secrets)
    assert "a b/c" not in str(secrets)


def test_a_secret_from_a_file_is_read_anew_and_without_its_line_break(tmp_path: Path) -> None:
    """So that it can be renewed while the dispatcher runs; what could not be a header is none."""
    place = tmp_path / "token"
    place.write_text("one1\n")
    secrets = Secrets({"token": f"file:{place}"}, {})
    assert "one1" == secrets["token"]
    place.write_text("two2\r\n")
    assert "two2" == secrets["token"]
    for broken in ("", "two\nlines", "ключ"):
        place.write_text(broken)
        with pytest.raises(ValueError, match="nothing that can be used"):
            secrets["token"]
