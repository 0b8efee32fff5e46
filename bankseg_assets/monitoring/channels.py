"""The channels that the settings name for alerts: a webhook, mail, or both."""

from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit

from bankseg_assets.monitoring.alerts import EVENTS, Alert
from bankseg_assets.monitoring.mail import STARTTLS, TLS, MailServer, send_mail
from bankseg_assets.monitoring.webhook import post
from bankseg_assets.runtime.settings import Settings, SettingsError

SECURITY = (STARTTLS, TLS, "none")


class Channel(Protocol):
    """A way to send alerts."""

    @property
    def kind(self) -> str:
        """Identifies the channel in the outbox."""

    @property
    def name(self) -> str:
        """The channel for messages: without tokens, paths and passwords."""

    def send(self, alert: Alert) -> None:
        """Send an alert within a few seconds. Raises ChannelError."""


@dataclass(frozen=True)
class Webhook:
    """Posts alerts as JSON to an address."""

    address: str
    kind: str = "webhook"

    @property
    def name(self) -> str:
        """The host: the path is often a secret."""
        return f"webhook {urlsplit(self.address).hostname}"

    def send(self, alert: Alert) -> None:
        """Post an alert."""
        post(self.address, alert)


@dataclass(frozen=True)
class Mail:
    """Mails alerts."""

    server: MailServer
    sender: str
    recipients: tuple[str, ...]
    kind: str = "mail"

    @property
    def name(self) -> str:
        """The mail server."""
        return f"mail by {self.server.host}"

    def send(self, alert: Alert) -> None:
        """Mail an alert."""
        send_mail(self.server, self.sender, self.recipients, alert)


def channels(settings: Settings) -> list[Channel]:
    """Return the channels that the settings name; none if alerts are not configured.

    Raises SettingsError.
    """
    found: list[Channel] = []
    if settings.alert_webhook:
        found.append(_webhook(settings.alert_webhook))
    if settings.alert_mail_to:
        found.append(_mail(settings))
    return found


def events(settings: Settings) -> frozenset[str]:
    """Return the events that alerts are sent on. Raises SettingsError."""
    found = frozenset(_words(settings.alert_on))
    if unknown := sorted(found - {*EVENTS}):
        raise SettingsError(
            f"BANKSEG_ALERT_ON names {', '.join(unknown)}; expected some of {', '.join(EVENTS)}."
        )
    return found


def check_alert_settings(settings: Settings) -> None:
    """Raise SettingsError if alerts could not be sent, or would have useless links."""
    channels(settings)
    events(settings)
    for name, address in (("DAGSTER", settings.dagster_url), ("APP", settings.app_url)):
        if address and not _is_web_address(address):
            raise SettingsError(
                f"BANKSEG_{name}_URL is {address!r}; expected a web address, with https:// or "
                "http:// at its begin."
            )


def _webhook(address: str) -> Webhook:
    if not _is_web_address(address):
        # The value may be a secret.
        raise SettingsError(
            "BANKSEG_ALERT_WEBHOOK is not a web address; expected one with https:// or http:// "
            "at its begin."
        )
    return Webhook(address)


def _is_web_address(address: str) -> bool:
    try:
        parts = urlsplit(address)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        return False


def _mail(settings: Settings) -> Mail:
    recipients = _words(settings.alert_mail_to)
    if not settings.smtp_host:
        raise SettingsError(
            "BANKSEG_ALERT_MAIL_TO is set without a server that sends the mail. Set "
            "BANKSEG_SMTP_HOST, or unset BANKSEG_ALERT_MAIL_TO."
        )
    security = settings.smtp_security.lower()
    if security not in SECURITY:
        raise SettingsError(
            f"BANKSEG_SMTP_SECURITY is {settings.smtp_security!r}; expected one of "
            f"{', '.join(SECURITY)}."
        )
    if security == "none" and settings.smtp_password:
        raise SettingsError(
            "BANKSEG_SMTP_SECURITY is none, and the password would be sent unencrypted. Set it to "
            "starttls or tls, or unset BANKSEG_SMTP_PASSWORD."
        )
    sender = settings.alert_mail_from or settings.smtp_user
    for name, addresses in (("TO", recipients), ("FROM", (sender,))):
        for one in addresses:
            if "@" not in one or not one.isprintable():
                raise SettingsError(
                    f"BANKSEG_ALERT_MAIL_{name} is {one!r}; expected an address such as "
                    "olga@bank.example."
                )
    server = MailServer(
        settings.smtp_host, settings.smtp_port, security, settings.smtp_user, settings.smtp_password
    )
    return Mail(server, sender, recipients)


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.replace(",", " ").replace(";", " ").split())
