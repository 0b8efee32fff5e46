"""List the last alerts, or send a test alert: `bankseg alerts [--test]`."""

import argparse
import sys
from collections.abc import Iterator, Sequence

from bankseg_assets.monitoring.alerts import Alert
from bankseg_assets.monitoring.channels import channels, check_alert_settings
from bankseg_assets.monitoring.outbox import Outbox, Queued
from bankseg_assets.monitoring.sending import ChannelError
from bankseg_assets.release.releases import now
from bankseg_assets.runtime.settings import Settings, SettingsError, load_settings
from ops.exit_codes import FAILED, report, reports

NO_CHANNEL = (
    "no alerts are configured. Set BANKSEG_ALERT_WEBHOOK, or BANKSEG_ALERT_MAIL_TO and "
    "BANKSEG_SMTP_HOST."
)


@reports(SettingsError)
def main(arguments: Sequence[str] | None = None) -> int:
    """List the last alerts, or send a test alert; return 0 unless the test fails."""
    parser = argparse.ArgumentParser(prog="bankseg alerts", description=__doc__)
    parser.add_argument("--test", action="store_true", help="send a test alert by every channel")
    options = parser.parse_args(arguments)
    settings = load_settings()
    check_alert_settings(settings)
    if options.test:
        return _test(settings)
    for line in _lines(Outbox(settings.alerts_dir).queued()):
        print(line)
    return 0


def _test(settings: Settings) -> int:
    found = channels(settings)
    if not found:
        return report(NO_CHANNEL)
    alert = Alert(
        event="test",
        at=now(),
        what="This is a test of the alerts.",
        next_step="Nothing is to be done.",
        link=settings.app_address,
    )
    code = 0
    for channel in found:
        try:
            channel.send(alert)
            print(f"{channel.name}: sent")
        except ChannelError as error:
            code = report(f"{channel.name}: {error}.", FAILED)
    return code


def _lines(found: Sequence[Queued]) -> Iterator[str]:
    if not found:
        yield "No alert was made yet."
    for one in found:
        yield f"{one.alert.at}  {one.alert.event:9}  {one.alert.what}"
        yield f"{'':27}{_outcome(one)}"


def _outcome(one: Queued) -> str:
    parts = [f"sent by {', '.join(one.sent)}"] if one.sent else []
    problems = "; ".join(f"{name}: {why}" for name, why in one.problems.items())
    if one.pending:
        parts.append(f"waits for {', '.join(one.pending)}" + (f" ({problems})" if problems else ""))
    elif problems:
        parts.append(f"given up: {problems}")
    return ", ".join(parts) or "not sent: no channel is configured"


if __name__ == "__main__":
    sys.exit(main())
