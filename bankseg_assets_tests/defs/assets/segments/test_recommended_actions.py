"""recommended_actions: every segment has an action."""

from bankseg_assets_tests.batch_fixtures import Platform


def test_every_segment_has_action_with_numbers(batch: Platform) -> None:
    rows = batch.run.table("recommended_actions").to_pylist()
    profiles = batch.run.table("segment_profiles").to_pylist()
    shared = ("segment", "segment_name", "customers", "total_monetary", "share_of_money")
    assert [[row[name] for name in shared] for row in rows] == [
        [profile[name] for name in shared] for profile in profiles
    ]
    assert all(row["action"] and row["channel"] for row in rows)
    assert all(f"{row['share_of_money']:.0%} of the money (INR " in row["reason"] for row in rows)
    assert len({row["action"] for row in rows}) > 1


def test_metadata_has_actions(batch: Platform) -> None:
    rows = batch.run.table("recommended_actions").to_pylist()
    found = batch.run.metadata["recommended_actions"]
    assert found["n_segments"] == len(rows)
    assert found["actions"] == "\n".join(
        f"- **{row['segment_name']}**: {row['action']}. {row['reason']}" for row in rows
    )
