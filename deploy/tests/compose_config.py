"""The files themselves, before anything runs: every combination of them, with everything in it that can be asked for."""

import json

from compose_desk import Failed

BASE = "docker-compose.yml"
COMBINATIONS = [[], ["control"], ["cluster"], ["tls"], ["control", "cluster"], ["control", "tls"]]
# The bus's own image is root, without root's rights.
ROOTS = {"nats", "nats-2", "nats-3"}
PUBLISHED = {"edge": set(range(8000, 8020)), "prometheus": {9090}, "grafana": {3000}}


def cases():
    return [the_files_are_sound, everybody_is_locked_down_on_paper, three_servers_are_watched]


def files(combination):
    return ":".join([BASE, *(f"deploy/compose.{name}.yml" for name in combination)])


def services(desk, combination):
    """Every service of every profile, as Compose reads the files."""
    said = desk.compose("--profile", "*", "config", "--format", "json", COMPOSE_FILE=files(combination))
    return json.loads(said)["services"]


def the_files_are_sound(desk):
    """docker compose config is clean for every combination of files, with nothing set and with everything set"""
    everything = {name: "x" for name in ("LIVE", "FEED", "SYMBOLS", "POLYGON_API_KEY", "TRADING212_API_KEY", "TRADING212_API_SECRET",
                                         "NATS_OPERATOR_PASSWORD", "RUST_LOG", "DASHBOARD_CONTROL_TOKEN")}
    for combination in COMBINATIONS:
        for more in ({}, everything):
            said = desk.run("sh", "-c", "docker compose --profile '*' config --quiet 2>&1", COMPOSE_FILE=files(combination), **more)
            if said.strip():
                raise Failed(f"{combination}: {said}")
    return f"{len(COMBINATIONS)} combinations"


def everybody_is_locked_down_on_paper(desk):
    """each service of each combination, those of profiles too: no rights, limits, log rotation, no root, ports on loopback"""
    count = 0
    for combination in COMBINATIONS:
        for name, service in services(desk, combination).items():
            count += 1
            limits = service.get("deploy", {}).get("resources", {}).get("limits", {})
            ports = service.get("ports", [])
            wrong = [what for what, right in {
                "read-only root": service.get("read_only"),
                "no rights": service.get("cap_drop") == ["ALL"],
                "rights added": service.get("cap_add", []) == (["DAC_OVERRIDE"] if name in ROOTS else []),
                "no new privileges": "no-new-privileges:true" in service.get("security_opt", []),
                "not privileged": not service.get("privileged") and not service.get("network_mode") and not service.get("pid"),
                "memory": 0 < int(limits.get("memory", 0)) <= 512 * 1048576,
                "pids": 0 < int(limits.get("pids", 0)) <= 128,
                "logs": service.get("logging", {}).get("options", {}).get("max-size") == "10m",
                "user": name in ROOTS or service.get("user", "0").split(":")[0] not in ("0", "root", ""),
                "ports": {int(port["published"]) for port in ports} == PUBLISHED.get(name, set()),
                "loopback": all(port.get("host_ip") == "127.0.0.1" for port in ports),
                "writable mounts": all(m.get("read_only") or m["type"] == "volume" for m in service.get("volumes", [])),
            }.items() if not right]
            if wrong:
                raise Failed(f"{combination} {name}: {', '.join(wrong)}")
    return f"{count} services"


def three_servers_are_watched(desk):
    """with compose.cluster.yml the exporter asks all three servers, with the same flags as one"""
    alone = services(desk, [])["nats-exporter"]["command"]
    three = services(desk, ["cluster"])["nats-exporter"]["command"]
    flags = [word for word in alone if not word.startswith("http")]
    if three != [*flags, *(f"http://{name}:8222" for name in ("nats", "nats-2", "nats-3"))]:
        raise Failed(f"{three}")
