"""Tests of the settings of alerts."""

from typing import Any

import pytest

from bankseg_assets.monitoring.alerts import EVENTS
from bankseg_assets.monitoring.channels import channels, check_alert_settings, events
from bankseg_assets.runtime.settings import Settings, SettingsError

MAIL: dict[str, Any] = {
    "alert_mail_to": "a@bank.test, b@bank.test",
    "alert_mail_from": "bankseg@bank.test",
    "smtp_host": "mail.bank.test",
}
HOOK = "https://chat.bank.test/hooks/TOKEN"


def test_no_alerts_are_sent_by_default() -> None:
    check_alert_settings(Settings())
    assert channels(Settings()) == []
    assert events(Settings()) == {*EVENTS}


def test_channels_are_named_without_secrets() -> None:
    settings = Settings(alert_webhook=HOOK, smtp_user="olga", smtp_password="pass", **MAIL)
    found = channels(settings)
    assert [one.name for one in found] == ["webhook chat.bank.test", "mail by mail.bank.test"]
    assert "TOKEN" not in repr(settings)
    assert "pass'" not in repr((settings, found))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"alert_on": "failure, sucess"},
            "BANKSEG_ALERT_ON names sucess; expected some of",
        ),
        ({"alert_webhook": "chat.bank.test"}, "BANKSEG_ALERT_WEBHOOK is not a web address"),
        ({"alert_webhook": "file:///etc/passwd"}, "BANKSEG_ALERT_WEBHOOK is not a web address"),
        ({"alert_webhook": "http://[::1"}, "BANKSEG_ALERT_WEBHOOK is not a web address"),
        ({**MAIL, "smtp_host": ""}, "Set BANKSEG_SMTP_HOST"),
        ({**MAIL, "smtp_security": "ssl"}, "BANKSEG_SMTP_SECURITY is 'ssl'; expected one of start"),
        ({**MAIL, "alert_mail_to": "olga"}, "BANKSEG_ALERT_MAIL_TO is 'olga'; expected an address"),
        ({**MAIL, "alert_mail_from": ""}, "BANKSEG_ALERT_MAIL_FROM is ''; expected an address"),
        (
            {**MAIL, "smtp_security": "none", "smtp_user": "olga", "smtp_password": "pass"},
            "the password would be sent unencrypted",
        ),
        ({"dagster_url": "dagster.bank.test"}, "BANKSEG_DAGSTER_URL is 'dagster.bank.test'; exp"),
    ],
)
def test_invalid_alert_setting_is_named(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError, match=message.replace("'", ".")) as error:
        check_alert_settings(Settings(**changes))
    assert "\n" not in str(error.value)
