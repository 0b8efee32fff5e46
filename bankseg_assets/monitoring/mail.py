"""Mail an alert through an SMTP server."""

import smtplib
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import formatdate, make_msgid

from bankseg_assets.monitoring.alerts import Alert, plain_text, subject
from bankseg_assets.monitoring.sending import (
    MESSAGE_SECONDS,
    SOCKET_SECONDS,
    ChannelError,
    within,
)

STARTTLS, TLS = "starttls", "tls"


@dataclass(frozen=True)
class MailServer:
    """A server that sends mail; `security`: starttls, tls or none."""

    host: str
    port: int
    security: str
    user: str = ""
    password: str = field(default="", repr=False)


def message(sender: str, recipients: Sequence[str], alert: Alert) -> EmailMessage:
    """Return the mail of an alert."""
    found = EmailMessage()
    found["Subject"] = subject(alert)
    found["From"] = sender
    found["To"] = ", ".join(recipients)
    found["Date"] = formatdate()
    found["Message-ID"] = make_msgid(domain=sender.rpartition("@")[2])
    found["Auto-Submitted"] = "auto-generated"  # out-of-office replies are not wanted
    found.set_content(plain_text(alert))
    return found


def send_mail(
    server: MailServer,
    sender: str,
    recipients: Sequence[str],
    alert: Alert,
    *,
    seconds: float = MESSAGE_SECONDS,
) -> None:
    """Mail an alert. Raises ChannelError."""
    found = message(sender, recipients, alert)
    within(seconds, lambda: _send(server, sender, recipients, found, seconds))


def _send(
    server: MailServer,
    sender: str,
    recipients: Sequence[str],
    found: EmailMessage,
    seconds: float,
) -> None:
    timeout = min(SOCKET_SECONDS, seconds)
    trusted = ssl.create_default_context()
    try:
        with (
            smtplib.SMTP_SSL(server.host, server.port, timeout=timeout, context=trusted)
            if server.security == TLS
            else smtplib.SMTP(server.host, server.port, timeout=timeout)
        ) as smtp:
            if server.security == STARTTLS:
                smtp.starttls(context=trusted)
            if server.user and server.password:
                smtp.login(server.user, server.password)
            refused = smtp.send_message(found, from_addr=sender, to_addrs=list(recipients))
    except smtplib.SMTPAuthenticationError as error:
        raise ChannelError(f"it refused user and password (code {error.smtp_code})") from None
    except smtplib.SMTPNotSupportedError as error:
        raise ChannelError(f"it does not support what the settings ask for ({error})") from None
    except smtplib.SMTPResponseException as error:
        raise ChannelError(f"it refused the mail (code {error.smtp_code})") from None
    except smtplib.SMTPException as error:
        raise ChannelError(f"it did not accept the mail ({type(error).__name__})") from None
    except ssl.SSLCertVerificationError as error:
        raise ChannelError(
            f"its certificate is not trusted ({error.verify_message}); name the bank's own "
            "authority with SSL_CERT_FILE"
        ) from None
    except TimeoutError:
        raise ChannelError("it did not answer in time") from None
    except OSError as error:
        raise ChannelError(
            f"it cannot be reached ({error.strerror or type(error).__name__})"
        ) from None
    if refused:
        raise ChannelError(
            f"it refused {len(refused)} of {len(recipients)} recipients", is_final=True
        )
