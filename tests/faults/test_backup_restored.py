"""An older backup is restored: its epoch tells, followers stop and say so, `causo rebuild` cures them."""

from pathlib import Path

from deploy import status, system
from tests.faults.city import City
from tests.soak import Scale


def test_followers_of_a_restored_backup_stop_visibly_and_a_rebuild_cures_them(
    city: City, scale: Scale, tmp_path: Path
) -> None:
    dump = tmp_path / "registry.dump"
    city.driver.found_hamlets(3)
    city.settle()
    kept = len(city.driver.log)
    city.tool("pg_dump", "registry", "--format=custom", f"--file={dump}")
    city.driver.found_hamlets(5)
    city.agrees()
    subscriptions = list(status.subscriptions(city.databases))
    followers = {one.subscription for one in subscriptions if one.source == "registry" and one.position}
    assert {"visits.territory", "reporting.territory", "gateway.units", "gateway.teams"} <= followers

    roles = [city.retire(name)[0] for name in ("registry", "registry-relay")]
    city.databases["registry"].close()
    with city.postgres.connect() as connection:
        connection.execute("DROP DATABASE registry WITH (FORCE)")
    city.postgres.ensure_database("registry")
    city.tool("pg_restore", "registry", "--exit-on-error", "--no-owner", str(dump))
    city.databases["registry"] = system.open_database(city.settings, "registry", pool_size=4)
    city.topology.start(roles)

    def halted() -> set[str]:
        return {one.subscription for one in status.subscriptions(city.databases) if one.halted}

    took = city.until(lambda: halted() == followers, "every follower of the registry has stopped")
    looked = city.causo("status")
    assert looked.returncode == 1
    assert looked.stdout.count("epoch changed from") == len(followers)

    city.driver.forget_since(kept, "registry")
    managers = {f"{c.name}.{m.name}" for c in system.consumers().values() for m in c.process_managers} & followers
    models = followers - managers
    cured = city.causo("rebuild", *sorted(models), "--may-differ")
    assert cured.returncode == 0, cured.stderr
    assert cured.stdout.count("rows differ") + cured.stdout.count("same rows") == len(models)
    for manager in sorted(managers):
        assert city.causo("start-over", manager).returncode == 0
    city.agrees()
    city.driver.found_hamlets(2)
    city.agrees()
    assert city.causo("status").returncode == 0
    figure = (
        f"{len(followers)} followers stopped within {took:.1f} s, shown by `causo status`, right after `causo rebuild`"
    )
    scale.measured("issue: older backup restored", "noticed by its epoch, halted, cured", figure)
