"""What nobody may do or see: roots that cannot be written, rights that are gone, secrets where they belong only."""

import contextlib
import io
import json
import os
import re
import secrets
import shutil
import stat
import subprocess
import tarfile

from compose_desk import ROOT, Failed
from compose_page import ask

# A secret's name, and who may know it.
KNOWN_TO = {
    "POLYGON_API_KEY": {"ingest"},
    "MASSIVE_API_KEY": {"ingest"},
    "TRADING212_API_KEY": {"executor"},
    "TRADING212_API_SECRET": {"executor"},
    "NATS_PROVISION_PASSWORD": {"nats", "provision"},
    "NATS_INGEST_PASSWORD": {"nats", "ingest"},
    "NATS_RECORDER_PASSWORD": {"nats", "recorder"},
    "NATS_STRATEGY_PASSWORD": {"nats", "strategy"},
    "NATS_EXECUTOR_PASSWORD": {"nats", "executor"},
    "NATS_DASHBOARD_PASSWORD": {"nats", "dashboard"},
    "NATS_CONTROL_PASSWORD": {"nats"},
    "DASHBOARD_CONTROL_TOKEN": set(),
    "NATS_OPERATOR_PASSWORD": {"nats", "desk"},
}
USERS = [name for name in KNOWN_TO if name.startswith("NATS_")]
# Pages that may halt the desk, and who knows more there.
WITH_CONTROL = {"COMPOSE_FILE": "docker-compose.yml:deploy/compose.control.yml"}
KNOWN_WITH_CONTROL = KNOWN_TO | {"NATS_CONTROL_PASSWORD": {"nats", "dashboard"}, "DASHBOARD_CONTROL_TOKEN": {"dashboard"}}
# What nobody starts unasked.
ASKED = ("--profile", "tools", "--profile", "record")


def cases():
    return [every_container_is_locked_down, nobody_writes_to_a_root, only_pages_are_published, there_is_no_way_out,
            the_image_holds_no_secret, variables_reach_only_who_needs_them]


def secret_cases():
    return [passwords_are_made_once, a_desk_runs_on_its_own_passwords, a_page_halts_where_that_is_enabled]


def every_container_is_locked_down(desk):
    """each container: no rights, none to be gained, limits, log rotation, restart, and no root but the bus's"""
    desk.up()
    desk.compose("--profile", "record", "up", "-d", "--wait", "--no-build", "recorder")
    if not any("-recorder-" in name for name in desk.containers()):
        raise Failed("the recorder is not among them")
    for name in desk.containers():
        inspected = desk.inspect(name)
        host, config = inspected["HostConfig"], inspected["Config"]
        wrong = [what for what, right in {
            "read-only root": host["ReadonlyRootfs"],
            "no rights": host["CapDrop"] == ["ALL"],
            "rights added": [right.removeprefix("CAP_") for right in host["CapAdd"] or []] == ["DAC_OVERRIDE"] * ("-nats-" in name),
            "no new privileges": "no-new-privileges:true" in host["SecurityOpt"],
            "not privileged": not host["Privileged"] and host["NetworkMode"] != "host" and not host["PidMode"],
            "memory": 0 < host["Memory"] <= 512 * 1048576,
            "pids": 0 < (host["PidsLimit"] or 0) <= 128,
            "logs": host["LogConfig"]["Config"].get("max-size") == "10m",
            "restart": host["RestartPolicy"]["Name"] == "unless-stopped",
            "user": "-nats-" in name or config["User"] not in ("", "0", "root", "0:0"),
            "no engine inside": not any("docker.sock" in mount["Source"] for mount in inspected["Mounts"]),
            "writable mounts": all(not m["RW"] or m["Type"] == "volume" for m in inspected["Mounts"] if m["Type"] != "tmpfs"),
        }.items() if not right]
        if wrong:
            raise Failed(f"{name}: {', '.join(wrong)}")
    return f"{len(desk.containers())} containers"


def nobody_writes_to_a_root(desk):
    """no container can write to its root file system or to its configuration"""
    for name in desk.containers():
        for path in ("/mark", "/usr/mark", "/etc/mark", "/desk/config/mark", "/etc/tickwall/mark", "/usr/local/etc/haproxy/mark"):
            done = subprocess.run(["docker", "exec", "-u", "0", name, "sh", "-c", f"echo x >{path}"], capture_output=True, timeout=30)
            if done.returncode == 0:
                raise Failed(f"{name} can write {path}")


def only_pages_are_published(desk):
    """nothing is published but ports 8000 to 8019 of the edge, on loopback"""
    for name in desk.containers():
        published = {(bound["HostIp"], int(bound["HostPort"])) for ports in (desk.inspect(name)["NetworkSettings"]["Ports"] or {}).values()
                     for bound in ports or []}
        expected = {("127.0.0.1", port) for port in range(8000, 8020)} if "-edge-" in name else set()
        if published != expected:
            raise Failed(f"{name} publishes {sorted(published)}")


def there_is_no_way_out(desk):
    """only ingest and the executor have a way out; the edge sees no bus, and the bus no edge"""
    inside = {f"tickwall-test_{name}" for name in ("bus", "pages")}
    for network in inside:
        if not json.loads(desk.run("docker", "network", "inspect", network))[0]["Internal"]:
            raise Failed(f"{network} leads outside")
    for name in desk.containers():
        networks = set(desk.inspect(name)["NetworkSettings"]["Networks"])
        outside = networks - inside
        allowed = {"ingest": {"tickwall-test_outside"}, "executor": {"tickwall-test_outside"}, "edge": {"tickwall-test_front"}}
        service = name.split("-")[2]
        if outside != allowed.get(service, set()):
            raise Failed(f"{name} is on {sorted(networks)}")
        if service == "edge" and "tickwall-test_bus" in networks:
            raise Failed("the edge is on the bus")


def the_image_holds_no_secret(desk):
    """no secret, source or build tool in the image's history and layers"""
    history = desk.run("docker", "history", "--no-trunc", "--format", "{{.CreatedBy}}", "tickwall")
    if re.search(r"(?i)(password|api_key|api_secret|token)=", history):
        raise Failed("the history names a secret")
    base = json.loads(desk.run("docker", "image", "inspect", "debian:trixie-slim"))[0]["RootFS"]["Layers"]
    saved = subprocess.run(["docker", "save", "tickwall"], capture_output=True, timeout=300).stdout
    archive = tarfile.open(fileobj=io.BytesIO(saved))
    layers = json.load(archive.extractfile("manifest.json"))[0]["Layers"][len(base):]
    programs = "provision|ingest|strategy|executor|dashboard|desk|wire2json"
    allowed = re.compile(rf"usr|usr/local|usr/local/bin|usr/local/bin/({programs})|etc|etc/ssl|etc/ssl/certs|etc/ssl/certs/ca-certificates\.crt"
                         r"|desk|desk/\.state|desk/recordings|desk/LICENSE-(APACHE|MIT)|desk/config|desk/config/[a-z_.]+")
    count = 0
    for layer in layers:
        for member in tarfile.open(fileobj=archive.extractfile(layer)):
            count += 1
            if not allowed.fullmatch(member.name.removeprefix("./").strip("/")):
                raise Failed(f"the image holds {member.name}")
            if member.mode & (stat.S_ISUID | stat.S_ISGID):
                raise Failed(f"{member.name} changes who runs it")
    return f"{count} files and folders, all of them expected"


def created(desk, **variables):
    """What `docker inspect` shows of each service's container, made with these variables and not started."""
    project = {"COMPOSE_PROJECT_NAME": "tickwall-test-made"}
    try:
        desk.compose(*ASKED, "create", "--no-build", **project, **variables)
        names = desk.compose(*ASKED, "ps", "-a", "--format", "{{.Service}} {{.Name}}", **project, **variables).splitlines()
        return {line.split()[0]: json.dumps(desk.inspect(line.split()[1])) for line in names}
    finally:
        desk.compose(*ASKED, "down", "-v", check=False, **project, **variables)


def seen(shown, markers, expected):
    for name, marker in markers.items():
        knowing = {service for service, text in shown.items() if marker in text}
        if knowing != expected(name):
            raise Failed(f"{name} is shown by docker inspect of {sorted(knowing)}")


def variables_reach_only_who_needs_them(desk):
    """docker inspect shows a key or password only at who needs it; given as a file, at nobody; with and without control"""
    desk.down()
    reach(desk, KNOWN_TO)
    reach(desk, KNOWN_WITH_CONTROL, **WITH_CONTROL)


def reach(desk, known_to, **more):
    """Who sees what, as variables and then as files."""
    markers = {name: f"marker-{index}-secret" for index, name in enumerate(known_to)}
    seen(created(desk, **markers, **more), markers, known_to.get)
    folder = desk.home / "markers"
    folder.mkdir(exist_ok=True)
    files = {}
    for name, marker in markers.items():
        (folder / name).write_text(marker)
        files[f"{name}_FILE"] = str(folder / name)
    shown = created(desk, **files, **more)
    seen(shown, markers, lambda _name: set())
    paths = {name: (f'"{folder / name}"', f"{folder / name}:") for name in markers}
    mounted = {name: {s for s, text in shown.items() if any(path in text for path in paths[name])} for name in markers}
    if mounted != known_to:
        raise Failed(f"files are mounted where they are not needed: {mounted}")


def made(desk):
    """Runs `make secrets` in a copy; the folder."""
    home = desk.home / "clone"
    (home / "deploy").mkdir(parents=True, exist_ok=True)
    shutil.copy(ROOT / "deploy/secrets", home / "deploy/secrets")
    desk.run(str(home / "deploy/secrets"))
    return home


def passwords_are_made_once(desk):
    """make secrets writes a different password for every user, mode 0600, and keeps them the second time"""
    home = made(desk)
    first = {file.name: file.read_text() for file in (home / "secrets").iterdir()}
    if set(first) != {name.lower() for name in USERS} or len(set(first.values())) != len(USERS):
        raise Failed(f"{len(set(first.values()))} different ones in {sorted(first)}")
    if not all(re.fullmatch(r"[A-Za-z][A-Za-z0-9]{31}\n", text) for text in first.values()):
        raise Failed("one is not a letter and 31 letters and digits")
    for file in [home / ".env", *(home / "secrets").iterdir()]:
        if stat.S_IMODE(file.stat().st_mode) != 0o600:
            raise Failed(f"{file.name} has mode {stat.S_IMODE(file.stat().st_mode):o}")
    settings = (home / ".env").read_text()
    made(desk)
    second = {file.name: file.read_text() for file in (home / "secrets").iterdir()}
    if second != first or (home / ".env").read_text() != settings:
        raise Failed("the second time changed something")


@contextlib.contextmanager
def own_passwords(desk, **more):
    """The desk's settings are what `make secrets` wrote, and these."""
    home = made(desk)
    settings = (home / ".env").read_text().replace("./secrets/", f"{home}/secrets/")
    given = dict(line.split("=", 1) for line in settings.splitlines()) | more
    desk.env |= given
    try:
        yield home
    finally:
        for name in given:
            desk.env.pop(name, None)


def a_desk_runs_on_its_own_passwords(desk):
    """with make secrets the desk runs, the default passwords open nothing, and docker inspect shows none of the new ones"""
    with own_passwords(desk) as home:
        waited = desk.up()
        if not desk.pages_live() or not desk.well():
            raise Failed("not everything is well")
        if not desk.status()["seats"]:
            raise Failed("the operator sees nothing")
        passwords = [(home / "secrets" / f"{name.lower()}").read_text().strip() for name in USERS]
        for name in desk.containers():
            shown = json.dumps(desk.inspect(name))
            if any(password in shown for password in passwords):
                raise Failed(f"docker inspect of {name} shows a password")
        refused = {"NATS_OPERATOR_PASSWORD": "operator-default", "NATS_OPERATOR_PASSWORD_FILE": ""}
        done = subprocess.run(["docker", "compose", "--profile", "tools", "run", "--rm", "-T", "--no-deps", "desk", "status"], cwd=ROOT,
                              env=desk.env | refused, capture_output=True, text=True, timeout=60)
        if done.returncode == 0:
            raise Failed("the default password still opens the bus")
    return f"up after {waited:.1f} s"


def a_page_halts_where_that_is_enabled(desk):
    """control enabled, its token in a file: a page halts and resumes the desk with it, nobody without; only dashboards have the file"""
    desk.down()
    token, file = secrets.token_hex(16), desk.home / "token"
    file.write_text(token + "\n")
    file.chmod(0o600)
    if os.getuid() == 0:
        os.chown(file, 10001, 10001)
    wall = desk.wall()
    desk.set_wall(wall, control={"enabled": True})
    try:
        with own_passwords(desk, DASHBOARD_CONTROL_TOKEN_FILE=str(file), **WITH_CONTROL):
            desk.up()
            said_by_pages(desk, wall, token)
            for name in desk.containers():
                inspected = desk.inspect(name)
                mounted = any(mount["Source"] == str(file) for mount in inspected["Mounts"])
                if token in json.dumps(inspected) or mounted != ("-dashboard-" in name):
                    raise Failed(f"{name} shows the token, or has its file and should not, or has not and should")
            if token in desk.compose("logs", "--no-color"):
                raise Failed("the token is in a log")
    finally:
        desk.down()
        desk.set_wall(wall)


def said_by_pages(desk, wall, token):
    """What pages are told, and what the desk does about it."""
    def say(state, word, key=token, port=wall[0]["port"], host="127.0.0.1", origin=None, seen=None):
        body = {"state": state, "word": word, "by": "anna", "why": "test", "seen_ms": seen}
        return ask(port, "/api/control", body, Host=f"{host}:{port}", Origin=origin or f"http://{host}:{port}",
                   Content_Type="application/json", Authorization=f"Bearer {key}")

    for status, answer in ((401, say("halted", "halt", key="x" * 32)), (403, say("halted", "halt", origin="http://localhost:8004")),
                           (403, say("halted", "halt", host="desk.example.org")), (422, say("halted", "yes"))):
        if answer[0] != status:
            raise Failed(f"{status} was expected: {answer}")
    if desk.status()["control"]["state"] != "active":
        raise Failed("the desk is not active at first")
    status, text = say("halted", "halt")
    halted = desk.status()["control"]
    if status != 200 or halted["state"] != "halted" or halted["by"] != "anna":
        raise Failed(f"halt: {status} {text}; {halted}")
    last = wall[-1]["port"]
    if (stale := say("active", "resume", port=last, seen=1))[0] != 409:
        raise Failed(f"a resume of who has not seen the halt: {stale}")
    status, text = say("active", "resume", port=last, host="localhost", seen=halted["at_ms"])
    if status != 200 or desk.status()["control"]["state"] != "active":
        raise Failed(f"resume from another page: {status} {text}")
