"""The desk in containers on three nats-servers, deploy/compose.cluster.yml, whose leader dies while it trades."""

import json
import time

from compose_desk import PROJECT, Failed, eventually
from compose_kills import books_are_whole
from compose_page import Viewer

FILES = "docker-compose.yml:deploy/compose.cluster.yml"
DEATHS = 2


def cases():
    return [three_containers_of_the_bus]


def three_containers_of_the_bus(desk):
    """compose.cluster.yml: each stream on three servers, the leader of ORDERS crashes twice: pages stay open, nothing is lost or doubled"""
    desk.down()
    desk.env["COMPOSE_FILE"] = FILES
    viewers = {}
    try:
        desk.busy()
        waited = desk.up()
        for stream in ("TICKS", "INTENTS", "ORDERS", "KV_leases", "KV_control"):
            copies = info(desk, stream)["config"]["num_replicas"]
            if copies != 3:
                raise Failed(f"{stream} is on {copies} servers")
        viewers = {entry["port"]: Viewer(entry["port"]) for entry in desk.wall()}
        eventually(60, "the first orders", lambda: length(desk) >= 6, 0.2)
        pauses = [leader_dies(desk, viewers) for _ in range(DEATHS)]
    finally:
        for viewer in viewers.values():
            viewer.close()
        desk.down()
        desk.env.pop("COMPOSE_FILE")
    return f"up after {waited:.1f} s; " + "; ".join(pauses)


def leader_dies(desk, viewers):
    """One death; how long it was felt."""
    intents, events = desk.books()
    name = info(desk, "ORDERS")["cluster"]["leader"]
    opened = {port: viewer.opened for port, viewer in viewers.items()}
    began, known = time.monotonic(), length(desk)
    desk.crash(f"{PROJECT}-{name}-1")
    died = time.monotonic()
    _, stored = eventually(60, "orders flow again", lambda: length(desk) > known + 1, 0.1)
    eventually(60, "all three are in step", lambda: in_step(desk), 0.2)
    eventually(20, "five live pages and every service well", lambda: desk.pages_live() and desk.well(), 0.2)
    ended = time.monotonic()
    books_are_whole(desk, intents, events)
    silent = max(viewer.silence(began, ended) for viewer in viewers.values())
    for port, viewer in viewers.items():
        if viewer.opened != opened[port] or viewer.faults or viewer.holes:
            raise Failed(f"page {port} lost its socket or its thread: {viewer.faults} {viewer.holes}")
    return f"{name} died: order events flow again after {stored:.1f} s, all three in step after {ended - died:.1f} s, pages silent {silent:.1f} s at most"


def info(desk, stream):
    """What the bus says of a stream; nothing while nobody leads it."""
    said = desk.run("deploy/nats/cli", "stream", "info", stream, "--json", check=False)
    return json.loads(said) if said.strip().startswith("{") else {}


def length(desk):
    """How many events the journal has; none while it has no leader."""
    return info(desk, "ORDERS").get("state", {}).get("last_seq", 0)


def in_step(desk):
    """Both followers of ORDERS have all of it."""
    followers = info(desk, "ORDERS").get("cluster", {}).get("replicas") or []
    return len(followers) == 2 and all(each.get("current") and not each.get("offline") for each in followers)
