"""Plan a campaign for all customers of the release in a data folder, and print the seconds."""

import json
import sys
import time
from datetime import timedelta
from pathlib import Path

from bankseg_assets.campaigns.campaign import CampaignRequest
from bankseg_assets.campaigns.planning import plan_campaign
from bankseg_assets.release.releases import current_release
from bankseg_assets.scoring.bundle import load_bundle
from tools.bench.plan.synthetic_release import SNAPSHOT


def main(data_dir: Path) -> None:
    """Plan a campaign of 30 days after the newest data."""
    release = current_release(data_dir / "published")
    assert release is not None
    bundle = load_bundle(release.path("nb_classifier"))
    request = CampaignRequest(
        name="Spring", starts_on=SNAPSHOT, ends_on=SNAPSHOT + timedelta(days=29)
    )
    started = time.monotonic()
    plan = plan_campaign(release, bundle, request)
    seconds = time.monotonic() - started
    assert plan.stretches
    print(json.dumps({"seconds": seconds, "customers": plan.customers}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
