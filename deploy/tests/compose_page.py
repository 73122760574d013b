"""A browser's part in the tests: a page over HTTP, and its WebSocket, acknowledged and reopened as the page does.

Knows nothing of Docker. Python's standard library only.
"""

import base64
import http.client
import json
import os
import socket
import struct
import threading
import time


def get(port, path, patience=3.0):
    """The JSON at `path` of the page on `port`; None when it does not answer 200."""
    try:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=patience)
        connection.request("GET", path)
        response = connection.getresponse()
        body = response.read()
        connection.close()
        return json.loads(body) if response.status == 200 else None
    except (OSError, http.client.HTTPException, ValueError):
        return None


def ask(port, path, body=None, **headers):
    """Status and text of the answer to a GET, or to a POST of `body`, under these headers (`_` stands for `-`)."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=12)
    try:
        data = None if body is None else json.dumps(body)
        told = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request("GET" if body is None else "POST", path, data, told)
        response = connection.getresponse()
        return response.status, response.read().decode("utf-8", "replace")
    finally:
        connection.close()


def serves(port, entry):
    """The page of this entry of dashboard_config.json answers here, with prices of the last seconds."""
    health = get(port, "/healthz")
    if not health or health.get("dashboard") != entry["id"] or health.get("symbols") != entry["symbols"]:
        return False
    ages = health.get("tick_age_ms", {})
    return all(ages.get(symbol) is not None and ages[symbol] < 5_000 for symbol in entry["symbols"])


class Viewer(threading.Thread):
    """Looks at a page's socket until it is closed, opens it again when it breaks, and remembers what it saw."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.port = port
        self.opened = 0                # how often the socket was opened
        self.frames = []               # when a frame came
        self.prices = {}               # symbol: (its ticks' numbers seen, prices seen, when the last came)
        self.order = []                # symbols of the last snapshot
        self.holes = []                # minutes missing in a snapshot's bars: (symbol, count)
        self.faults = []               # a delta that does not follow the frame before
        self.seq = None
        self.ended = threading.Event()
        self.start()

    def run(self):
        while not self.ended.is_set():
            try:
                self.watch()
            except (OSError, EOFError, ValueError):
                self.ended.wait(0.25)

    def watch(self):
        connection = socket.create_connection(("127.0.0.1", self.port), 3)
        with connection, connection.makefile("rb") as stream:
            connection.settimeout(3)
            key = base64.b64encode(os.urandom(16)).decode()
            connection.sendall(
                f"GET /ws HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nOrigin: http://127.0.0.1:{self.port}\r\n"
                f"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: {key}\r\n"
                "Sec-WebSocket-Version: 13\r\n\r\n".encode())
            if b" 101 " not in stream.readline():
                raise EOFError("no socket")
            while stream.readline().strip():
                pass
            self.opened += 1
            self.seq = None
            while not self.ended.is_set():
                kind, payload = frame(stream)
                if kind == 8:
                    raise EOFError("closed")
                if kind == 9:
                    send(connection, 10, payload)
                elif kind == 1:
                    self.take(json.loads(payload), connection)

    def take(self, message, connection):
        now = time.monotonic()
        self.frames.append(now)
        if message["type"] == "delta" and self.seq not in (None, message["from_seq"]):
            self.faults.append(f"a delta from {message['from_seq']} came after {self.seq}")
        if message["type"] == "snapshot":
            self.order = list(message["symbols"])
            self.look_for_holes(message["symbols"])
        for symbol, pane in message.get("symbols", {}).items():
            quote = pane.get("quote")
            if quote:
                numbers, prices, _ = self.prices.get(symbol, (set(), set(), None))
                if numbers and quote["seq"] < max(numbers):
                    self.faults.append(f"the ticks of {symbol} went back from {max(numbers)} to {quote['seq']}")
                self.prices[symbol] = (numbers | {quote["seq"]}, prices | {quote["price"]}, now)
        seq = message.get("to_seq", message.get("seq"))
        if message["type"] in ("snapshot", "delta"):
            self.seq = seq
            send(connection, 1, json.dumps({"type": "ack", "seq": seq}).encode())

    def look_for_holes(self, symbols):
        for symbol, pane in symbols.items():
            starts = [bar[0] for bar in pane.get("bars", [])]
            missing = sum((b - a) // 60 - 1 for a, b in zip(starts, starts[1:]) if 60 < b - a < 3600)
            if missing:
                self.holes.append((symbol, missing))

    def moves(self, symbols):
        """Every symbol had three ticks, and some price has changed: a cheap share's may stay for a while."""
        seen = [self.prices.get(symbol, (set(), set(), None)) for symbol in symbols]
        return all(len(numbers) >= 3 for numbers, _, _ in seen) and any(len(prices) > 1 for _, prices, _ in seen)

    def live(self, symbols, since):
        """Every symbol had a price after `since`."""
        return all(self.prices.get(symbol, (0, 0, 0.0))[2] > since for symbol in symbols)

    def silence(self, begin, end):
        """The longest time without a frame between two moments, in seconds."""
        moments = [begin] + [at for at in list(self.frames) if begin < at < end] + [end]
        return max(b - a for a, b in zip(moments, moments[1:]))

    def close(self):
        self.ended.set()


def frame(stream):
    """One WebSocket frame from the server: its kind and payload."""
    head = stream.read(2)
    if len(head) < 2:
        raise EOFError("the socket is gone")
    length = head[1] & 127
    if length == 126:
        (length,) = struct.unpack(">H", stream.read(2))
    elif length == 127:
        (length,) = struct.unpack(">Q", stream.read(8))
    return head[0] & 15, stream.read(length)


def send(connection, kind, payload):
    """One short frame to the server; a mask of zeros is a mask."""
    connection.sendall(bytes([0x80 | kind, 0x80 | len(payload)]) + bytes(4) + payload)
