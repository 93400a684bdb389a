"""kill -9 of relays, followers, edges and the broker under load: what was acknowledged is what is read."""

import time

from tests.faults.city import City
from tests.faults.driver import codes
from tests.soak import Scale

FOLLOWERS = ("gateway-follower", "reporting-follower", "visits-follower")
DEPLOYED = ("visits", "visits-relay", "gateway-follower")


def test_read_models_equal_the_drivers_own_log_whatever_was_killed(city: City, scale: Scale) -> None:
    """The issue's own fault test; rows 2 and 22, and a standby relay that leads within 5 s."""
    kills = scale(3, 10)
    takeovers, healings = [], []
    with city.load() as load:
        city.goes_on(load, 50)
        for number in range(kills):
            takeovers.append(city.kill_leading_relay())
            city.kill(*scale((FOLLOWERS[number % 3],), (*FOLLOWERS, "reporting-relay")))
            city.goes_on(load, 50)
            city.kill(*scale(("visits",), ("visits", "registry", "reporting")))
            city.goes_on(load, 50)
            for _ in range(scale(1, 2)):
                city.bounce_broker()
                healings.append(_heals(city, number))
            city.goes_on(load, 50)
    city.agrees()
    refused = codes([entry.answer for entry in city.driver.log])
    assert refused <= {"DAY_IN_FUTURE"}, refused
    assert max(takeovers) <= 5
    assert max(healings) <= 15
    commands = len(city.driver.log)
    scale.measured(
        "issue: kill -9 of relay, subscriptions, edges and RabbitMQ under load",
        "read models equal the driver's log, 10 kills each",
        f"{kills} kills each, {commands:,} commands acknowledged, {city.driver.repeated:,} sent again, 0 differences",
    )
    scale.measured("issue: standby relay", "leads within 5 s", f"at most {max(takeovers):.1f} s of {len(takeovers)}")
    scale.measured("22", "≤ 15 s, 20 cycles", f"at most {max(healings):.1f} s of {len(healings)}")


def _heals(city: City, number: int) -> float:
    """Seconds from the broker's return until a fresh command is answered and seen in the gateway."""
    since = time.monotonic()
    _, hamlets = city.driver.found_hamlets(1)
    seen = f"SELECT 1 FROM map_hamlets WHERE hamlet = '{hamlets[0]}'"
    city.until(lambda: city.rows("gateway", seen), f"the hamlet is seen after kill {number}")
    return time.monotonic() - since


def test_a_deploy_under_load_loses_nothing_and_every_process_leaves_in_time(city: City, scale: Scale) -> None:
    """Row 25: SIGTERM to each role in turn while commands come in."""
    longest = 0.0
    with city.load(teams=2, seed=25) as load:
        for _ in range(scale(1, 20)):
            for name in scale(DEPLOYED, (*DEPLOYED, "registry", "reporting", "reporting-relay", "reporting-follower")):
                since = time.monotonic()
                role, status = city.retire(name)
                longest = max(longest, time.monotonic() - since)
                assert status == 0, name
                city.topology.start([role])
                city.goes_on(load, 5)
    city.agrees()
    assert longest <= 30
    scale.measured("25", "0 lost, exit ≤ 30 s, ×20", f"0 lost, exit within {longest:.1f} s")
