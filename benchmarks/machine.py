"""Where it was measured: the facts without which a figure means nothing."""

import os
import platform
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of the second table."""

    name: str
    value: str


def facts(postgres: str, rabbitmq: str, peers: str, settings: str) -> list[Fact]:
    """This machine, now; the versions come from the servers that were measured."""
    return [
        Fact("date (UTC)", f"{datetime.now(UTC):%Y-%m-%d %H:%M}"),
        Fact("cores", str(os.cpu_count())),
        Fact("processor", _first("/proc/cpuinfo", "model name")),
        Fact("memory", _gigabytes(_first("/proc/meminfo", "MemTotal"))),
        Fact("load before", " ".join(f"{load:.2f}" for load in os.getloadavg())),
        Fact("system", f"{platform.system()} {platform.release()}"),
        Fact("Python", platform.python_version()),
        Fact("PostgreSQL", f"{postgres}, {settings}"),
        Fact("RabbitMQ", rabbitmq),
        Fact("peers", peers),
    ]


def _first(file: str, key: str) -> str:
    path = Path(file)
    if path.exists():
        for line in path.read_text().splitlines():
            name, _, value = line.partition(":")
            if name.strip() == key:
                return value.strip()
    return "not known"


def _gigabytes(kilobytes: str) -> str:
    number = kilobytes.split(maxsplit=1)[0]
    return f"{int(number) / 1024**2:.0f} GB" if number.isdigit() else kilobytes
