"""The asset platform_health: last delivery, release, failures and drift in Dagster's catalog.

No run computes it: `health_sensor` reports it, which costs nothing beside its look.
"""

import hashlib
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from json import dumps, loads

import dagster as dg

from bankseg_assets.defs.assets.common import OWNERS, PLATFORM
from bankseg_assets.monitoring.finding import Level
from bankseg_assets.monitoring.health import Health, health
from bankseg_assets.release.releases import current_release
from bankseg_assets.runtime.settings import Settings, load_settings

PLATFORM_HEALTH = dg.AssetSpec(
    "platform_health",
    group_name=PLATFORM,
    owners=OWNERS,
    kinds={"report"},
    deps=["release"],
    description="Does everything work, and what is to be done? Last delivery, release, last "
    "failure, drift and more, as the page Health of the app has them. `health_sensor` records it "
    "after each run, when a colour changes, and every hour.",
)
CHECK = "everything_works"
_COLOURS: dict[Level, str] = {"green": "", "amber": "AMBER: ", "red": "RED: "}
_ENDED = [
    dg.DagsterRunStatus.SUCCESS,
    dg.DagsterRunStatus.FAILURE,
    dg.DagsterRunStatus.CANCELED,
]


@dataclass(frozen=True)
class Seen:
    """What `health_sensor` saw last: the newest release, and a digest of what was recorded."""

    release: str = ""
    recorded: str = ""

    @classmethod
    def of(cls, cursor: str | None) -> "Seen":
        """Return what a cursor holds; nothing if there is none, or it is of another build."""
        try:
            return cls(**loads(cursor or "{}"))
        except (ValueError, TypeError):
            return cls()

    @property
    def cursor(self) -> str:
        """The cursor of the sensor."""
        return dumps(asdict(self))


@dg.asset_check(asset=PLATFORM_HEALTH.key, name=CHECK)
def everything_works() -> dg.AssetCheckResult:
    """Fails if something is red, and warns if something is amber; with the next steps."""
    return check_result(health(load_settings()))


def check_result(found: Health) -> dg.AssetCheckResult:
    """Return the result of the check."""
    steps = [
        f"{one.topic}: {one.fact} {one.next_step}".strip()
        for one in found.worst_first
        if one.level != "green"
    ]
    return dg.AssetCheckResult(
        asset_key=PLATFORM_HEALTH.key,
        check_name=CHECK,
        passed=not steps,
        severity=dg.AssetCheckSeverity.ERROR
        if found.level == "red"
        else dg.AssetCheckSeverity.WARN,
        description=" ".join(steps) or found.sentence,
    )


def look(
    instance: dg.DagsterInstance, found: Health, settings: Settings, before: Seen
) -> tuple[Seen, list[dg.AssetMaterialization | dg.AssetCheckEvaluation]]:
    """Return what is seen now, and the events to record: none if nothing has changed.

    The findings hold ages, which change every minute, so that they are not compared.
    """
    release = current_release(settings.published_dir)
    ended = instance.get_runs(dg.RunsFilter(statuses=_ENDED), limit=1)
    state = (
        [(one.topic, one.level) for one in found.findings],
        release.name if release else "",
        [run.run_id for run in ended],
        f"{datetime.now(UTC):%Y-%m-%d %H}",
    )
    digest = hashlib.sha256(repr(state).encode()).hexdigest()
    seen = Seen(release.name if release else "", digest)
    return seen, [] if digest == before.recorded else _events(found, settings)


def _events(
    found: Health, settings: Settings
) -> list[dg.AssetMaterialization | dg.AssetCheckEvaluation]:
    facts = {
        one.topic: dg.MetadataValue.text(f"{_COLOURS[one.level]}{one.fact} {one.next_step}".strip())
        for one in found.findings
    }
    page = dg.MetadataValue.url(f"{settings.app_address}/health")
    result = check_result(found)
    return [
        dg.AssetMaterialization(PLATFORM_HEALTH.key, metadata={**facts, "page": page}),
        dg.AssetCheckEvaluation(
            asset_key=PLATFORM_HEALTH.key,
            check_name=CHECK,
            passed=result.passed,
            severity=result.severity,
            description=result.description,
            metadata={"page": page},
        ),
    ]
