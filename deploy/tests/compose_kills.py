"""Everything is killed once while the desk trades: what must survive survives, all is back within 15 s, the books are whole.

Two ways. A crash (a signal from outside Docker) is what faults and the kernel do, and Docker starts the
container again by itself. `docker kill` counts as a person's wish: Docker leaves the container down, and the
next `docker compose up -d` brings it back; its time is counted too.
"""

import time

from compose_desk import Failed, check_books, eventually, holdings
from compose_page import Viewer

BACK = 15
viewers = {}

# Who dies, and what must survive it: pages keep their sockets, frames go on, others are not restarted.
VICTIMS = [
    ("one dashboard", ["dashboard"], 1, "the four other pages do not notice, trading goes on"),
    ("all dashboards", ["dashboard"], None, "trading goes on; every page comes back by itself on its port with a whole chart"),
    ("ingest", ["ingest"], None, "pages stay open and say how old prices are, the count of ticks goes on, no intent twice"),
    ("strategy", ["strategy"], None, "prices stay live on all pages, no intent is repeated or forgotten"),
    ("executor", ["executor"], None, "prices stay live on all pages, no order is sent twice or lost"),
    ("nats", ["nats"], None, "pages stay open, every service reconnects, the journal is as it was"),
    ("edge", ["edge"], None, "trading goes on; open pages reconnect by themselves"),
]


def cases():
    made = [a_busy_desk_trades]
    for victim, services, count, survives in VICTIMS:
        made.append(case(victim, services, count, survives, "crash"))
    for victim, services, count, survives in VICTIMS:
        made.append(case(victim, services, count, survives, "docker kill"))
    return made + [books_match_positions]


def a_busy_desk_trades(desk):
    """a desk at sixty times the market's speed trades, five pages are open"""
    desk.busy()
    desk.up()
    for entry in desk.wall():
        viewers[entry["port"]] = Viewer(entry["port"])
    eventually(60, "the first orders", lambda: len(desk.books()[1]) >= 6, 1)


def case(victim, services, count, survives, how):
    def run(desk):
        names = desk.containers(*services)[:count]
        spared = [port for port, viewer in viewers.items() if port not in ports_of(desk, names)]
        others = {name: desk.inspect(name)["State"]["StartedAt"] for name in desk.containers() if name not in names}
        intents, events = desk.books()
        opened = {port: viewer.opened for port, viewer in viewers.items()}
        began = time.monotonic()
        if how == "crash":
            desk.crash(*names)
        else:
            desk.kill(*names)
            desk.compose("up", "-d", "--no-recreate", "--no-deps", *services)
        took = back(desk, began)
        ended = time.monotonic()
        for name, started in others.items():
            if "provision" not in name and desk.inspect(name)["State"]["StartedAt"] != started:
                raise Failed(f"{name} went down with it")
        if victim not in ("all dashboards", "edge"):
            for port in spared:
                pages_stayed(port, opened[port], began, ended)
        new = books_are_whole(desk, intents, events)
        for port, viewer in viewers.items():
            if viewer.faults or viewer.holes:
                raise Failed(f"page {port}: {viewer.faults} {viewer.holes}")
        return f"back after {took:.1f} s; {len(events)} journal entries kept, {new} new"

    run.__doc__ = f"{how} of {victim}: {survives}"
    return run


def ports_of(desk, names):
    """The pages that these containers serve."""
    words = [desk.run("docker", "exec", name, "desk", "health") for name in names if "-dashboard-" in name]
    return [entry["port"] for entry in desk.wall() if any(f"on port {entry['port']}:" in said for said in words)]


def back(desk, began):
    """Waits until every page has prices of now on its own port, also in the browsers, and every service is well."""
    def all_back():
        if not desk.pages_live():
            return False
        now = time.monotonic()
        return all(viewers[e["port"]].live(e["symbols"], now - 2.5) for e in desk.wall()) and desk.well()

    # What died may not have been noticed yet: an answer of a connection already open proves nothing.
    time.sleep(0.3)
    eventually(BACK, "five live pages and every service well", all_back, 0.2)
    took = time.monotonic() - began
    if took > BACK:
        raise Failed(f"back only after {took:.1f} s")
    return took


def pages_stayed(port, opened, began, ended):
    if viewers[port].opened != opened:
        raise Failed(f"page {port} lost its socket")
    silence = viewers[port].silence(began, ended)
    if silence > 3:
        raise Failed(f"page {port} heard nothing for {silence:.1f} s")


def books_are_whole(desk, intents, events):
    """What was in the books is unchanged in them, all of it comes to its end, and trading goes on; how many entries are new."""
    known = {intent["id"] for intent in intents}

    def settled():
        now_intents, now_events = desk.books()
        if now_intents[:len(intents)] != intents or now_events[:len(events)] != events:
            raise Failed("the books of before are not what they were")
        ended = check_books(now_intents, now_events)
        return len(now_events) > len(events) and known <= ended and (len(now_events) - len(events))

    return eventually(60, "every intent of before has come to its end, and a new order", settled, 1)[0]


def books_match_positions(desk):
    """a halt stops new orders; then positions are the sum of all fills in the journal, nothing is unresolved"""
    for viewer in viewers.values():
        viewer.close()
    desk.compose("--profile", "tools", "run", "--rm", "-T", "--no-deps", "desk", "halt", "--by", "test", "--why", "look at the books")

    def equal():
        intents, events = desk.books()
        status = desk.status()
        held = {p["symbol"]: float(p["quantity"]) for p in status["positions"] if float(p["quantity"])}
        ended = check_books(intents, events)
        whole = len(ended) == len(intents) and not status["account"]["unresolved"]
        return whole and held == holdings(events) and (len(intents), len(events), held)

    (orders, entries, held), _ = eventually(60, "positions equal the fold of the journal, every intent has ended", equal, 0.5)
    return f"{orders} orders, {entries} journal entries, {len(held)} symbols held"
