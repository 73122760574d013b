"""The desk in containers, as the tests handle it: up, down, killed, its books, its files.

Everything goes through `docker`, `docker compose` and the scripts behind `make`, in a project of its own.
"""

import json
import os
import pathlib
import pty
import select
import shutil
import signal
import subprocess
import tempfile
import time

import compose_wire
from compose_page import serves

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROJECT = "tickwall-test"
FINAL = {"refused", "rejected", "filled", "canceled", "expired", "absent"}
PROGRAMS = ["ingest", "strategy", "executor", "dashboard"]
# What a person may have set must not leak into the test, and the desk's keys must not leak out of it.
FOREIGN = ("POLYGON", "MASSIVE", "TRADING212", "NATS_", "LIVE", "FEED", "SYMBOLS", "DESK_", "COMPOSE_", "REPLAY", "DASHBOARD_",
           "TICKWALL_", "EDGE_", "TAPES", "DASHBOARDS", "RECORDINGS", "CERTIFICATES")


class Failed(Exception):
    """What a case found wrong."""


def eventually(patience, what, condition, pause=0.1):
    """Waits until `condition` gives something; that, and how long it took."""
    began = time.monotonic()
    while True:
        found = condition()
        took = time.monotonic() - began
        if found:
            return found, took
        if took > patience:
            raise Failed(f"not within {patience} s: {what}")
        time.sleep(pause)


def typed(command, answer, folder, env, patience=60):
    """Runs a command at a terminal and types `answer` at what it asks; all that the terminal showed."""
    ours, theirs = pty.openpty()
    running = subprocess.Popen(command, cwd=folder, env=env, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True)
    os.close(theirs)
    shown, ends = "", time.monotonic() + patience
    try:
        while time.monotonic() < ends:
            if select.select([ours], [], [], 1)[0]:
                try:
                    part = os.read(ours, 4096).decode("utf-8", "replace")
                except OSError:                        # the other side is closed: it has ended
                    break
                if answer and "Type " in shown + part:
                    os.write(ours, f"{answer}\r".encode())
                    answer = None
                shown += part
        return shown
    finally:
        running.kill()
        running.wait()
        os.close(ours)


class Desk:
    """One desk. Its configuration is a copy of config/ that cases may change."""

    def __init__(self):
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="tickwall-"))
        self.config = self.home / "config"
        shutil.copytree(ROOT / "config", self.config)
        os.chmod(self.home, 0o755)
        kept = {k: v for k, v in os.environ.items() if not k.startswith(FOREIGN)}
        self.env = kept | {"COMPOSE_PROJECT_NAME": PROJECT, "COMPOSE_ENV_FILES": os.devnull, "CONFIG_FOLDER": str(self.config)}

    # -- commands ---------------------------------------------------------------------------------------

    def attempt(self, *command, said=None, patience=300, **more):
        """Runs a command in the repository, with what is said to it; how it ended."""
        return subprocess.run(command, cwd=ROOT, env=self.env | more, input=said, capture_output=True, text=True, timeout=patience)

    def run(self, *command, check=True, **more):
        """The same; its standard output."""
        done = self.attempt(*command, **more)
        if check and done.returncode:
            raise Failed(f"{' '.join(command[:5])} ended with {done.returncode}: {(done.stderr or done.stdout)[-600:]}")
        return done.stdout

    def compose(self, *arguments, **more):
        return self.run("docker", "compose", *arguments, **more)

    def inspect(self, name):
        return json.loads(self.run("docker", "inspect", name))[0]

    def containers(self, *services):
        """Names of the running containers of these services; of all without any."""
        listed = self.compose("ps", "--format", "{{.Name}}", *services).split()
        return sorted(listed)

    def up(self, *arguments):
        """Starts everything and waits as a person would; how long it took."""
        began = time.monotonic()
        self.compose("up", "-d", "--wait", *arguments)
        return time.monotonic() - began

    def down(self):
        self.compose("--profile", "*", "down", "-v", "--remove-orphans", "-t", "5", check=False)

    def remove(self):
        self.down()
        shutil.rmtree(self.home, ignore_errors=True)

    # -- configuration ----------------------------------------------------------------------------------

    def wall(self):
        return json.loads((self.config / "dashboard_config.json").read_text())["dashboards"]

    def set_wall(self, entries, **more):
        (self.config / "dashboard_config.json").write_text(json.dumps({"dashboards": entries, **more}, indent=2))

    def busy(self):
        """A simulated minute a second, so that every case sees orders."""
        file = self.config / "ingest.toml"
        lines = ["speed = 60.0" if line.startswith("speed =") else line for line in file.read_text().splitlines()]
        file.write_text("\n".join(lines) + "\n")

    # -- how it is --------------------------------------------------------------------------------------

    def pages_live(self):
        return all(serves(entry["port"], entry) for entry in self.wall())

    def well(self, services=PROGRAMS):
        """Every container of these services runs and says that it is well."""
        names = self.containers(*services)
        expected = len([s for s in services if s != "dashboard"]) + (len(self.wall()) if "dashboard" in services else 0)
        return len(names) >= expected and all(self.healthy(name) for name in names)

    def healthy(self, name):
        asked = subprocess.run(["docker", "exec", name, "desk", "health"], capture_output=True, timeout=20)
        return asked.returncode == 0

    def status(self):
        return json.loads(self.compose("--profile", "tools", "run", "--rm", "-T", "--no-deps", "desk", "status", "--json"))

    def holder(self, seat):
        """The container that holds a lease, by its host name."""
        for entry in self.status()["seats"]:
            if entry["key"] == seat and entry["lease"]:
                host = entry["lease"]["holder"].split("@")[1].split("/")[0]
                for name in self.containers():
                    if self.inspect(name)["Config"]["Hostname"] == host:
                        return name
        return None

    # -- ends -------------------------------------------------------------------------------------------

    def crash(self, *names):
        """Kills processes from outside Docker, as a fault or the kernel would: Docker starts them again."""
        for pid in [self.inspect(name)["State"]["Pid"] for name in names]:
            try:
                os.kill(pid, signal.SIGKILL)
            except (PermissionError, ProcessLookupError):
                self.run("docker", "run", "--rm", "--privileged", "--pid=host", "debian:trixie-slim", "sh", "-c", f"kill -9 {pid}")

    def kill(self, *names):
        """`docker kill`: Docker takes it for a person's wish and leaves them down until the next `up`."""
        self.run("docker", "kill", *names)

    # -- books ------------------------------------------------------------------------------------------

    def stored(self, stream, subject):
        """Every message of a stream, decoded, in stream order."""
        state = json.loads(self.run("deploy/nats/cli", "stream", "info", stream, "--json"))["state"]
        if not state["messages"]:
            return []
        command = ["deploy/nats/cli", "sub", "--stream", stream, "--all", subject, "--raw", "--count", str(state["messages"])]
        done = subprocess.run(command, cwd=ROOT, env=self.env, capture_output=True, timeout=120)
        if done.returncode:
            raise Failed(f"stream {stream} cannot be read: {done.stderr[-300:]}")
        return compose_wire.lines(done.stdout)

    def books(self):
        """The intents and the journal of orders; the journal is read first, so that no order is ahead of its intent."""
        events = self.stored("ORDERS", "orders.>")
        return self.stored("INTENTS", "intents.>"), events


def check_books(intents, events):
    """What must always hold: an order per intent at most, each claimed once, nothing after its end, no fill twice."""
    asked = [intent["id"] for intent in intents]
    if len(set(asked)) != len(asked):
        raise Failed("an intent was stored twice")
    claimed, ended, fills = set(), set(), set()
    for event in events:
        order, state = event["order_id"], event["state"]
        if order not in asked:
            raise Failed(f"order {order} has no intent")
        if order in ended:
            raise Failed(f"order {order} goes on after its end with {state}")
        if state == "submitting" and order in claimed:
            raise Failed(f"order {order} was sent twice")
        if state not in ("submitting", "refused") and order not in claimed:
            raise Failed(f"order {order} is {state} and was never claimed")
        if state == "submitting":
            claimed.add(order)
        if state in FINAL:
            ended.add(order)
        if event.get("fill"):
            fill = (order, event["fill"]["id"])
            if fill in fills:
                raise Failed(f"fill {fill[1]} of {order} came twice")
            fills.add(fill)
    return ended


def holdings(events):
    """Shares by the sum of fills."""
    held = {}
    for event in events:
        if event.get("fill"):
            sign = 1 if event["side"] == "buy" else -1
            held[event["symbol"]] = round(held.get(event["symbol"], 0) + sign * float(event["fill"]["quantity"]), 6)
    return {symbol: quantity for symbol, quantity in held.items() if quantity}
