"""Tests of alerts by mail."""

import ssl
import subprocess
from email import message_from_string, policy
from pathlib import Path

import pytest

from bankseg_assets.monitoring.alerts import Alert
from bankseg_assets.monitoring.mail import MailServer, send_mail
from bankseg_assets.monitoring.sending import ChannelError
from bankseg_assets_tests.monitoring.receivers import HOST, mail_server

ALERT = Alert(
    event="failure",
    at="2026-11-27T08:00:00+00:00",
    run_id="run",
    what="The run of Ümläute\nBcc: all@bank.test failed.",
    why=("disk full",),
    next_step="Free space.",
    link="http://127.0.0.1:3000/runs/run",
)
PASSWORD = "correct horse"
TO = ("a@bank.test", "b@bank.test")


def send(port: int, security: str = "none", host: str = HOST, password: str = "") -> None:
    server = MailServer(host, port, security, "olga" if password else "", password)
    send_mail(server, "bankseg@bank.test", TO, ALERT)


def test_mail_has_subject_text_and_link() -> None:
    with mail_server() as receiver:
        send(receiver.port)
    found = message_from_string(receiver.received[0], policy=policy.default)
    assert found["Subject"] == "bankseg: The run of Ümläute\\nBcc: all@bank.test failed."
    assert found["To"] == "a@bank.test, b@bank.test"
    assert found["Bcc"] is None
    body = found.get_body()
    assert body is not None
    text = body.get_content()
    assert "- disk full" in text
    assert "Next step: Free space." in text
    assert text.strip().endswith("http://127.0.0.1:3000/runs/run")


def test_mail_reports_a_refused_recipient_once() -> None:
    with mail_server(refused="b@bank.test") as receiver, pytest.raises(ChannelError) as error:
        send(receiver.port)
    assert str(error.value) == "it refused 1 of 2 recipients"
    assert error.value.is_final
    assert len(receiver.received) == 1


def test_mail_is_never_sent_unencrypted_by_mistake() -> None:
    """A server, or one in between, that hides STARTTLS gets neither password nor mail."""
    with mail_server(password=PASSWORD) as receiver, pytest.raises(ChannelError) as error:
        send(receiver.port, "starttls", password=PASSWORD)
    assert "STARTTLS" in str(error.value)
    assert not receiver.logins
    assert not receiver.received


def test_mail_server_that_cannot_be_reached_is_reported() -> None:
    with pytest.raises(ChannelError, match=r"it cannot be reached \(Connection refused\)"):
        send(9)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return the files of a self-signed certificate of localhost, and of its key."""
    folder = tmp_path_factory.mktemp("tls")
    found = folder / "certificate.pem", folder / "key.pem"
    command = ("openssl", "req", "-x509", "-nodes", "-newkey", "rsa:2048", "-days", "1")
    names = ("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost")
    subprocess.run(
        [*command, *names, "-keyout", found[1], "-out", found[0]], check=True, capture_output=True
    )
    return found


@pytest.fixture
def encrypting(certificate: tuple[Path, Path]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    return context


@pytest.mark.subprocess
def test_mail_is_encrypted_and_logged_in(
    certificate: tuple[Path, Path], encrypting: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    with mail_server(context=encrypting, password=PASSWORD) as receiver:
        send(receiver.port, "starttls", "localhost", PASSWORD)
        assert (receiver.logins, receiver.encrypted) == (["olga"], [True])
        with pytest.raises(ChannelError) as error:
            send(receiver.port, "starttls", "localhost", "wrong")
    assert str(error.value) == "it refused user and password (code 535)"
    assert len(receiver.received) == 1


@pytest.mark.subprocess
def test_mail_needs_a_trusted_certificate(encrypting: ssl.SSLContext) -> None:
    with (
        mail_server(context=encrypting, password=PASSWORD) as receiver,
        pytest.raises(ChannelError, match=r"certificate is not trusted .* SSL_CERT_FILE"),
    ):
        send(receiver.port, "starttls", "localhost", PASSWORD)
    assert not receiver.logins
