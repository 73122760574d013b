"""From nothing to five live pages, with the figures of it."""

import json
import re
import threading
import time

from compose_desk import ROOT, Failed, eventually, typed
from compose_page import Viewer, ask, serves


def cases():
    return [the_image_is_small, what_never_comes_up_says_so, five_pages_are_live, each_page_has_its_own, pages_go_by_their_names_only,
            nobody_controls_unasked, memory_is_modest, the_command_line_reads_the_bus, a_person_reaches_the_desk, ticks_are_recorded]


def the_image_is_small(desk):
    """the image is built, and what we add to its base is below 45 MB"""
    began = time.monotonic()
    desk.compose("build", "--quiet", patience=3600)
    built = time.monotonic() - began
    image = json.loads(desk.run("docker", "image", "inspect", "tickwall"))[0]
    base = json.loads(desk.run("docker", "image", "inspect", "debian:trixie-slim"))[0]
    ours, config = (image["Size"] - base["Size"]) / 1e6, image["Config"]
    if ours > 45:
        raise Failed(f"{ours:.1f} MB")
    if config["User"] != "10001:10001" or config["StopSignal"] != "SIGTERM" or not config["Labels"].get("org.opencontainers.image.title"):
        raise Failed(f"user, stop signal or labels are not as they should be: {config}")
    return f"ours {ours:.1f} MB, with its base as it is here {image['Size'] / 1e6:.0f} MB; built in {built:.1f} s with what was cached"


def what_never_comes_up_says_so(desk):
    """a provision that keeps failing ends make up soon, with who runs and what it said"""
    override = desk.home / "broken.yml"
    override.write_text("services: { provision: { command: [desk, --nonsense] } }\n")
    began = time.monotonic()
    done = desk.attempt("make", "--no-print-directory", "up", COMPOSE_FILE=f"docker-compose.yml:{override}", PATIENCE="120")
    took = time.monotonic() - began
    desk.down()
    if done.returncode == 0 or "up: the desk is not up" not in done.stderr or "--nonsense" not in done.stderr:
        raise Failed(f"{done.returncode} after {took:.1f} s: {done.stderr[-600:]}")
    return f"after {took:.1f} s"


def five_pages_are_live(desk):
    """docker compose up -d --wait gives five pages on their ports, their own symbols, prices of now"""
    began, live = time.monotonic(), []

    def look():
        while len(live) < len(desk.wall()) and time.monotonic() - began < 120:
            for entry in desk.wall():
                if entry["port"] not in dict(live) and serves(entry["port"], entry):
                    live.append((entry["port"], time.monotonic() - began))
            time.sleep(0.05)

    looking = threading.Thread(target=look)
    looking.start()
    waited = desk.up()
    looking.join()
    if len(live) != 5:
        raise Failed(f"only these are live: {live}")
    return f"five live pages after {max(at for _, at in live):.1f} s, `up --wait` returned after {waited:.1f} s"


def each_page_has_its_own(desk):
    """each page shows its own four symbols and no others, with prices that move over its WebSocket"""
    wall = desk.wall()
    viewers = {entry["id"]: Viewer(entry["port"]) for entry in wall}
    try:
        for entry in wall:
            viewer = viewers[entry["id"]]
            eventually(20, f"prices move on port {entry['port']}", lambda: viewer.moves(entry["symbols"]))
            if sorted(viewer.prices) != sorted(entry["symbols"]) or viewer.faults:
                raise Failed(f"port {entry['port']} shows {sorted(viewer.prices)}; {viewer.faults}")
    finally:
        for viewer in viewers.values():
            viewer.close()
    shown = [symbol for viewer in viewers.values() for symbol in viewer.prices]
    if len(shown) != 20 or len(set(shown)) != 20:
        raise Failed(f"{len(set(shown))} different symbols of {len(shown)}")
    return "20 different symbols"


def pages_go_by_their_names_only(desk):
    """through the edge each page answers as 127.0.0.1 and localhost, with all it is made of, and to no other name"""
    for entry in desk.wall():
        port = entry["port"]
        for name in ("127.0.0.1", "localhost"):
            status, text = ask(port, "/", Host=f"{name}:{port}")
            parts = set(re.findall(r'"(/assets/[^"]+)"', text))
            if status != 200 or not parts or any(symbol not in text for symbol in entry["symbols"]):
                raise Failed(f"port {port} as {name}: {status}, {sorted(parts)}")
            for path in ["/wall", "/healthz", "/api/snapshot", *parts]:
                if ask(port, path, Host=f"{name}:{port}")[0] != 200:
                    raise Failed(f"{path} of port {port} as {name}")
        for path in ("/", "/ws", "/healthz", "/metrics"):
            if ask(port, path, Host=f"desk.example.org:{port}")[0] != 403:
                raise Failed(f"{path} of port {port} answers to a foreign name")


def nobody_controls_unasked(desk):
    """with nothing set, no page can halt or resume the desk"""
    for entry in desk.wall():
        status, text = ask(entry["port"], "/api/control", {"state": "halted", "word": "halt", "by": "test", "why": "test"},
                           Origin=f"http://127.0.0.1:{entry['port']}", Content_Type="application/json", Authorization="Bearer ")
        if status != 404:
            raise Failed(f"port {entry['port']}: {status}: {text}")


def memory_is_modest(desk):
    """resident memory per container"""
    lines = []
    for name in desk.containers():
        resident = 0
        for row in desk.run("docker", "top", name, "-o", "pid,rss").splitlines()[1:]:
            resident += int(row.split()[1])
        limit = desk.inspect(name)["HostConfig"]["Memory"] / 1048576
        lines.append(f"{name.removeprefix('tickwall-test-')} {resident / 1024:.1f} of {limit:.0f}")
        if resident / 1024 > limit * 0.7:
            raise Failed(f"{name} is near its limit: {lines[-1]} MB")
    return "MB: " + ", ".join(lines)


def the_command_line_reads_the_bus(desk):
    """make nats ARGS='sub ticks.>' shows prices as JSON"""
    said = desk.run("make", "--no-print-directory", "nats", "ARGS=sub ticks.> --count 3")
    ticks = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    if len(ticks) != 3 or not all("price" in tick for tick in ticks):
        raise Failed(said[-300:])


def a_person_reaches_the_desk(desk):
    """make halt, resume, flatten and status reach the desk in containers; flatten asks at the terminal and through a pipe"""
    make = ("make", "--no-print-directory")
    desk.run(*make, "halt", "WHY=test", "BY=anna")
    halted = desk.status()["control"]
    if (halted["state"], halted["by"], halted["why"]) != ("halted", "anna", "test"):
        raise Failed(f"after make halt: {halted}")
    if "halted" not in desk.run(*make, "status").lower():
        raise Failed("make status does not say that the desk is halted")
    desk.run(*make, "resume", "WHY=test", "BY=anna")
    if (state := desk.status()["control"]["state"]) != "active":
        raise Failed(f"after make resume: {state}")
    flatten = (*make, "flatten", "WHY=test", "BY=anna")
    refused = desk.attempt(*flatten, said="no\n")
    if refused.returncode == 0 or "nothing was sold" not in refused.stderr + refused.stdout:
        raise Failed(f"flatten without the word: {refused.stdout}{refused.stderr}")
    told = "told the executor to sell everything"
    if told not in desk.run(*flatten, said="sell everything\n"):
        raise Failed("flatten through a pipe")
    if told not in typed([*flatten], "sell everything", ROOT, desk.env):
        raise Failed("flatten at a terminal")


def ticks_are_recorded(desk):
    """--profile record: the recorder writes ticks to its volume, and leaves a whole file when it is stopped"""
    record = ("--profile", "record")
    desk.compose(*record, "up", "-d", "--wait", "--no-build", "recorder")
    look = (*record, "exec", "-T", "recorder", "ls", "-l", "/desk/recordings")
    eventually(60, "a file grows", lambda: re.search(r"\d{3,} .*ticks_\d{4}-\d\d-\d\d", desk.compose(*look)), 1)
    desk.compose(*record, "stop", "recorder")
    name = desk.compose(*record, "ps", "-a", "--format", "{{.Name}}", "recorder").strip()
    state = desk.inspect(name)["State"]
    if state["ExitCode"] != 0:
        raise Failed(f"the recorder ended with {state['ExitCode']}")
    listed = desk.compose(*record, "run", "--rm", "-T", "--no-deps", "--entrypoint", "ls", "recorder", "/desk/recordings").split()
    desk.compose(*record, "rm", "-f", "recorder")
    if not any(re.fullmatch(r"ticks_\d{4}-\d\d-\d\d\.csv\.gz", file) for file in listed):
        raise Failed(f"there is {listed}")
    return " ".join(listed)
