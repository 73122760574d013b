"""Slots under Compose: more pages by one entry each, spares that take over, slots given back at once."""

import time

from compose_desk import Failed, eventually
from compose_page import get, serves

MORE = [
    {"id": 6, "port": 8005, "title": "Funds", "symbols": ["SPY", "QQQ", "IWM", "DIA"]},
    {"id": 7, "port": 8006, "title": "Cloud", "symbols": ["PLTR", "SNOW", "UBER", "SHOP"]},
]
TAKE_OVER = 12


def cases():
    return [two_more_entries_are_two_more_pages, scaling_down_releases_at_once, a_freed_slot_is_taken_at_once,
            a_spare_takes_over, nobody_shares_a_slot, the_edge_finds_its_way_among_twenty]


def two_more_entries_are_two_more_pages(desk):
    """a config of seven and make scale N=7: pages 6 and 7 appear, the others are there"""
    desk.up()
    desk.set_wall(desk.wall() + MORE)
    began = time.monotonic()
    desk.run("make", "--no-print-directory", "scale", "N=7")
    eventually(30, "seven live pages", desk.pages_live)
    return f"seven live pages {time.monotonic() - began:.1f} s after the command"


def scaling_down_releases_at_once(desk):
    """scale down to six: the slot of the one that goes is free at once, not after its lease"""
    before = taken(desk)
    if len(before) != 7:
        raise Failed(f"only {before} are served")
    desk.run("make", "--no-print-directory", "scale", "N=6")
    began = time.monotonic()
    released, took = eventually(3, "a slot is free", lambda: before - taken(desk))
    if len(released) != 1:
        raise Failed(f"{released} are free")
    entry = next(e for e in desk.wall() if e["id"] == min(released))
    if get(entry["port"], "/healthz", 2):
        raise Failed(f"port {entry['port']} still answers")
    live = [e for e in desk.wall() if e["id"] not in released]
    if not all(serves(e["port"], e) for e in live):
        raise Failed("another page went down with it")
    return f"dashboard {entry['id']} was released {took:.1f} s after the command returned ({time.monotonic() - began:.1f} s)"


def a_freed_slot_is_taken_at_once(desk):
    """scale up again: a new replica has the free slot within seconds"""
    began = time.monotonic()
    desk.run("make", "--no-print-directory", "scale", "N=7")
    eventually(5, "seven live pages", desk.pages_live)
    return f"after {time.monotonic() - began:.1f} s"


def a_spare_takes_over(desk):
    """six replicas for a config of five: any one killed for good, the spare has its port within 12 s"""
    desk.set_wall(desk.wall()[:5])
    desk.run("make", "--no-print-directory", "scale", "N=6")
    eventually(20, "five live pages", desk.pages_live)
    times = []
    for slot in (1, 3, 5):
        victim = desk.holder(f"dashboard.{slot}")
        if not victim:
            raise Failed(f"nobody holds slot {slot}")
        entry = next(e for e in desk.wall() if e["id"] == slot)
        began = time.monotonic()
        desk.kill(victim)
        eventually(TAKE_OVER, f"port {entry['port']} is served again", lambda: serves(entry["port"], entry))
        times.append(f"{time.monotonic() - began:.1f} s")
        if not desk.pages_live():
            raise Failed("another page went down with it")
        desk.run("docker", "start", victim)        # it is the next spare
        eventually(10, "the next spare is there", lambda: desk.healthy(victim))
    return "taken over after " + ", ".join(times)


def nobody_shares_a_slot(desk):
    """no two replicas serve one slot: five say which, one says that it waits"""
    words = [desk.run("docker", "exec", name, "desk", "health") for name in desk.containers("dashboard")]
    for entry in desk.wall():
        count = sum(f"on port {entry['port']}:" in said for said in words)
        if count != 1:
            raise Failed(f"{count} replicas serve port {entry['port']}")
    if sum("waiting for a free slot" in said for said in words) != 1:
        raise Failed(str(words))


def the_edge_finds_its_way_among_twenty(desk):
    """twenty replicas, as many as the edge may have: every page is reached, though the names' answer is long"""
    began = time.monotonic()
    desk.run("make", "--no-print-directory", "scale", "N=20")
    eventually(60, "five live pages", desk.pages_live)
    desk.run("docker", "restart", "-t", "1", *desk.containers("edge"))     # it looks all of them up anew
    eventually(30, "five live pages through a new edge", desk.pages_live)
    return f"after {time.monotonic() - began:.1f} s"


def taken(desk):
    """The slots that have a holder."""
    seats = desk.status()["seats"]
    return {int(s["key"].split(".")[1]) for s in seats if s["key"].startswith("dashboard.") and s["lease"]}
