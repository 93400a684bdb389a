"""A RabbitMQ node of our own: own name, cookie, mnesia, plugins file and epmd, all on 127.0.0.1.

The script is told that systemd runs it: then it becomes the Erlang VM instead of staying its parent, and the process
we start is the process a test kills. epmd is started by us in the foreground, or the node would leave one behind.
"""

import os
import secrets
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

import amqp

from deploy.local import packages, processes
from deploy.local.errors import LocalServerError
from deploy.local.processes import LOOPBACK
from services.kernel.messaging.connection import abandon

USER = "rabbitmq"
GUEST = "guest"
LISTEN_ON_LOOPBACK = "-kernel inet_dist_use_interface {127,0,0,1}"
CONFIGURATION = """\
listeners.tcp.1 = 127.0.0.1:{port}
loopback_users.guest = true
vm_memory_high_watermark.absolute = {memory}
disk_free_limit.absolute = 50MB
log.file = false
log.console = true
log.console.level = info
"""


@dataclass
class RabbitServer:
    """One private node: `start()` it, use `url`, `stop()` it; `kill()` is a power cut, `start()` again recovers."""

    home: Path
    password: str = field(default=GUEST, repr=False)
    """Of the user `guest`, set at the first start; from elsewhere than 127.0.0.1 that user is refused."""
    memory: str = "1GB"
    """With more in use the node blocks publishers."""
    port: int = 0
    epmd_port: int = 0
    distribution_port: int = 0
    _node: subprocess.Popen[bytes] | None = field(default=None, repr=False)
    _epmd: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def url(self) -> str:
        """The default vhost."""
        return self.vhost_url("%2F")

    def vhost_url(self, vhost: str) -> str:
        """URL of one vhost here."""
        return f"amqp://guest:{self.password}@{LOOPBACK}:{self.port}/{vhost}"

    @property
    def log(self) -> Path:
        """What the node wrote."""
        return self.home / "rabbitmq.log"

    @property
    def pid(self) -> int:
        """Process id of the Erlang VM; 0 when it does not run."""
        return self._node.pid if self._node is not None and self._node.poll() is None else 0

    def start(self, timeout: float = 60) -> None:
        """Start it, or start it again on the same ports and data. Raises `LocalServerError`."""
        if self.pid:
            return
        server = packages.require_rabbitmq("rabbitmq-server")
        self.port = self.port or processes.free_port()
        self.epmd_port = self.epmd_port or processes.free_port()
        self.distribution_port = self.distribution_port or processes.free_port()
        self._write_settings()
        self._start_epmd()
        command = processes.as_user(USER, [str(_lean(server, self.home / "rabbitmq"))], die_with_us=signal.SIGTERM)
        self._node = processes.spawn(command, self.log, self._environment())
        self._wait(timeout)

    def _write_settings(self) -> None:
        self.home.mkdir(parents=True, exist_ok=True)
        data = processes.own_directory(self.home / "rabbitmq", USER)
        if not (data / ".erlang.cookie").exists():
            processes.own_file(data / ".erlang.cookie", secrets.token_hex(20), USER, 0o400)
        settings = CONFIGURATION.format(port=self.port, memory=self.memory)
        if self.password != GUEST:
            settings += f"default_user = guest\ndefault_pass = {self.password}\n"
        processes.own_file(data / "rabbitmq.conf", settings, USER)
        processes.own_file(data / "enabled_plugins", "[].\n", USER)

    def _environment(self) -> dict[str, str]:
        data = self.home / "rabbitmq"
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "LANG": "C.UTF-8",
            "HOME": str(data),
            "RUNNING_UNDER_SYSTEMD": "true",
            "ERL_EPMD_ADDRESS": LOOPBACK,
            "ERL_EPMD_PORT": str(self.epmd_port),
            # Data belong to a node's name: it must not change with the port. Our own epmd knows no other node.
            "RABBITMQ_NODENAME": "causo@localhost",
            "RABBITMQ_DIST_PORT": str(self.distribution_port),
            "RABBITMQ_MNESIA_BASE": str(data / "mnesia"),
            "RABBITMQ_LOG_BASE": str(data / "log"),
            "RABBITMQ_CONFIG_FILE": str(data / "rabbitmq"),
            "RABBITMQ_CONF_ENV_FILE": str(data / "rabbitmq-env.conf"),
            "RABBITMQ_ADVANCED_CONFIG_FILE": str(data / "advanced.config"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(data / "enabled_plugins"),
            "RABBITMQ_GENERATED_CONFIG_DIR": str(data / "generated"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": LISTEN_ON_LOOPBACK,
            "RABBITMQ_CTL_ERL_ARGS": LISTEN_ON_LOOPBACK,
            # Unbound schedulers: several nodes on one small machine must not fight for the same core.
            "RABBITMQ_SCHEDULER_BIND_TYPE": "u",
        }

    def _start_epmd(self) -> None:
        if self._epmd is not None and self._epmd.poll() is None:
            return
        command = ["epmd", "-address", LOOPBACK, "-port", str(self.epmd_port)]
        self._epmd = processes.spawn(
            processes.as_user(USER, command, die_with_us=signal.SIGTERM), self.log, self._environment()
        )

    def _wait(self, timeout: float) -> None:
        until = time.monotonic() + timeout
        while True:
            try:
                self.connect().close()
                return
            except (OSError, amqp.AMQPError):
                if not self.pid or time.monotonic() > until:
                    self.kill()
                    raise processes.did_not_start("RabbitMQ", self.log) from None
                time.sleep(0.1)

    def connect(self, vhost: str = "/") -> amqp.Connection:
        """An open connection to one vhost."""
        connection = amqp.Connection(
            f"{LOOPBACK}:{self.port}", "guest", self.password, virtual_host=vhost, connect_timeout=5
        )
        try:
            connection.connect()
        except BaseException:
            abandon(connection)
            raise
        return connection

    def rabbitmqctl(self, *arguments: str, timeout: float = 60) -> str:
        """Run one administrator's command at this node and give back what it printed. Raises `LocalServerError`."""
        program = packages.require_rabbitmq("rabbitmqctl")
        return processes.run(
            processes.as_user(USER, [str(program), "-q", *arguments]), env=self._environment(), timeout=timeout
        )

    def add_vhosts(self, *names: str) -> None:
        """Make vhosts that `guest` may use; one call for many, because each call starts an Erlang VM (≈ 1 s)."""
        listed = ",".join(f'<<"{name}">>' for name in names)
        answer = self.rabbitmqctl(
            "eval",
            f'[begin rabbit_vhost:add(V, <<"causo">>), ok = rabbit_auth_backend_internal:set_permissions('
            f'<<"guest">>, V, <<".*">>, <<".*">>, <<".*">>, <<"causo">>) end || V <- [{listed}]].',
        )
        if answer.count("ok") != len(names):
            raise LocalServerError(f"RabbitMQ did not make the vhosts: {answer.strip()[-300:]}")

    def settle(self) -> None:
        """Write down now which queues and bindings exist, as RabbitMQ does by itself a moment later.

        RabbitMQ 3.10 registers a new quorum queue in a file it flushes lazily, and was seen to forget a new binding: a
        kill -9 within that moment after the *declaration* loses the queue with everything confirmed since, or leaves
        it empty. Tests that kill call this after declaring.
        """
        self.rabbitmqctl("eval", "[ok = dets:sync(T) || T <- dets:all()], dumped = mnesia:dump_log().")

    def stop(self) -> None:
        """End it cleanly: queues and streams are on disk."""
        processes.end(self._node, signal.SIGTERM, patience=30)
        self._node = None
        processes.end(self._epmd, signal.SIGTERM, patience=5)
        self._epmd = None

    def kill(self) -> None:
        """kill -9 of the node."""
        processes.end(self._node, signal.SIGKILL)
        self._node = None
        # A killed node's name lingers in epmd until its socket is seen closed; a fresh epmd forgets it at once.
        processes.end(self._epmd, signal.SIGKILL)
        self._epmd = None


def _lean(server: Path, data: Path) -> Path:
    """The node's script in a home of links, without the optional plugins.

    None is enabled here, but every start looks through all there are, and tests start a node some thirty times:
    4.4 s of processor time each instead of 6.6.
    """
    installed = server.resolve().parent
    plugins = installed.parent / "plugins"
    if not plugins.is_dir():
        return server
    home = data / "home"
    if any(character.isspace() or character == ":" for character in str(home)):  # RabbitMQ's own scripts stumble there
        return server
    shutil.rmtree(home, ignore_errors=True)
    shutil.copytree(installed, home / installed.name)
    (home / "escript").symlink_to(installed.parent / "escript")
    (home / "plugins").mkdir()
    for each in (home, home / "plugins"):
        each.chmod(0o755)  # whatever our umask: the node runs as another user
    for each in plugins.iterdir():
        if each.name.startswith("rabbitmq_prelaunch") or not each.name.startswith("rabbitmq_"):
            (home / "plugins" / each.name).symlink_to(each)
    return home / installed.name / server.name
