import assert from "node:assert/strict";
import { test } from "node:test";
import { openLink } from "../src/link.js";

// A browser in one hand: sockets say what the test says, time passes when it says so.
class Socket extends EventTarget {
  constructor(query) {
    super();
    Object.assign(this, { query: String(query), readyState: 0, sent: [], closed: false });
  }

  send(text) {
    this.sent.push(JSON.parse(text).type);
  }

  // As a browser does while the peer does not answer: nothing is told.
  close() {
    this.readyState = 2;
    this.closed = true;
  }

  opens() {
    this.readyState = 1;
    this.dispatchEvent(new Event("open"));
  }

  says(frame) {
    this.dispatchEvent(Object.assign(new Event("message"), { data: JSON.stringify(frame) }));
  }

  breaks() {
    this.readyState = 3;
    this.dispatchEvent(new Event("close"));
  }
}

function page({ session = "s", fetch = () => Promise.reject(new Error("no")) } = {}) {
  const host = {
    time: 0, unseen: false, sockets: [], waits: [], asked: [], heard: [], states: [],
    now: () => host.time,
    hidden: () => host.unseen,
    onSight: (act) => {
      host.sight = act;
    },
    later: (act, wait) => host.waits.push({ act, wait }),
    every: (act) => {
      host.beat = act;
    },
    fetch: (path, options) => {
      host.asked.push(options);
      return fetch(path, options);
    },
    socket: (query) => {
      host.sockets.push(new Socket(query));
      return host.sockets.at(-1);
    },
    pass(milliseconds) {
      for (let left = milliseconds; left > 0; left -= 1_000) {
        host.time += Math.min(left, 1_000);
        host.beat();
      }
    },
  };
  const know = { session, seq: 5 };
  host.link = openLink({
    position: () => know,
    onFrame: (frame) => {
      host.heard.push(frame.type);
      know.session ??= frame.session;
    },
    onState: (state) => host.states.push(state),
  }, host);
  return host;
}

const settle = () => new Promise((done) => setImmediate(done));

test("a page that knows something goes on from there, and says so", async () => {
  const host = page();
  await settle();
  assert.equal(host.sockets[0].query, "session=s&since=5");
  assert.equal(host.link.isOpen(), false);
  host.sockets[0].opens();
  host.sockets[0].says({ type: "hello" });
  assert.deepEqual([host.states, host.heard, host.link.isOpen()], [["open"], ["hello"], true]);
});

test("after a long outage a new socket has its ten seconds, while people hear how old the last frame is", async () => {
  const host = page();
  await settle();
  host.sockets[0].opens();
  host.sockets[0].breaks();
  host.pass(600_000);
  host.waits.pop().act();
  await settle();
  assert.equal(host.sockets.length, 2);
  host.pass(9_000);
  assert.equal(host.sockets[1].closed, false, "it may still say hello");
  assert.equal(host.link.silentMs(), 609_000);
  host.sockets[1].opens();
  host.sockets[1].says({ type: "hello" });
  host.pass(9_000);
  assert.equal(host.sockets.length, 2);
});

test("a peer that is dead is left at once, and nothing it still says counts", async () => {
  const host = page();
  await settle();
  const [first] = host.sockets;
  first.opens();
  first.says({ type: "hello" });
  host.pass(11_000);
  await settle();
  assert.ok(first.closed);
  assert.equal(host.sockets.length, 2, "no wait for its goodbye");
  first.says({ type: "delta" });
  first.breaks();
  assert.deepEqual([host.heard, host.waits.length], [["hello"], 0]);
});

test("a page that was hidden is not cut off when it is seen again", async () => {
  const host = page();
  await settle();
  host.sockets[0].opens();
  host.unseen = true;
  host.pass(120_000);
  host.unseen = false;
  host.sight();
  host.pass(9_000);
  assert.equal(host.sockets.length, 1);
  host.pass(2_000);
  await settle();
  assert.equal(host.sockets.length, 2, "unless it stays silent");
});

test("a snapshot is not waited for without end, and is asked for again", async () => {
  let answer = () => Promise.reject(new Error("timed out"));
  const host = page({ session: null, fetch: () => answer() });
  await settle();
  assert.ok(host.asked[0].signal instanceof AbortSignal);
  assert.deepEqual([host.sockets.length, host.waits.length], [0, 1]);
  answer = async () => ({ ok: true, json: async () => ({ type: "snapshot", session: "n" }) });
  host.waits.pop().act();
  await settle();
  assert.deepEqual([host.heard, host.sockets.length], [["snapshot"], 1]);
});

test("many frames that do not fit are one question", async () => {
  const host = page();
  await settle();
  const [socket] = host.sockets;
  socket.opens();
  for (let count = 0; count < 20; count += 1) host.link.resync();
  assert.deepEqual(socket.sent, ["resync"]);
  socket.says({ type: "snapshot" });
  host.link.resync();
  assert.equal(socket.sent.length, 2, "the next burst is another");
  host.pass(9_000);
  socket.says({ type: "heartbeat" });
  host.pass(2_000);
  host.link.resync();
  assert.equal(socket.sent.length, 3, "an answer that never came is asked for again");
});

test("waits between attempts grow, and a frame makes them short again", async () => {
  const host = page();
  await settle();
  for (let count = 0; count < 8; count += 1) {
    host.sockets.at(-1).breaks();
    host.waits.at(-1).act();
    await settle();
  }
  const longest = host.waits.at(-1).wait;
  assert.ok(longest >= 5_000 && longest <= 10_000, `${longest}`);
  host.sockets.at(-1).says({ type: "hello" });
  host.sockets.at(-1).breaks();
  assert.ok(host.waits.at(-1).wait <= 500);
});
