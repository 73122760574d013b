import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { dressing } from "../src/dressing.js";
import { feedWords, isTape } from "../src/feedwords.js";
import { pageLevel, silentSince, symbolLevel } from "../src/freshness.js";
import { toggleKinds } from "../src/keys.js";
import { caption, profitTitle } from "../src/legend.js";
import { onSight } from "../src/sight.js";
import { orderRow, orderSteps, allOrders } from "../src/tables.js";

const quote = (received_ms) => ({ received_ms, session: "regular" });

test("an executor that does not write while prices go on is silent, and is not when it writes again", () => {
  const account = { at_ms: 50_000 };
  assert.equal(silentSince(account, [quote(1_000), quote(60_000)]), null);
  assert.equal(silentSince(account, [quote(1_000), quote(60_001)]), 50_000);
  assert.equal(silentSince({ at_ms: 60_100 }, [quote(60_001)]), null);
});

test("an executor is not silent while no prices come, nor where it is not known when it wrote", () => {
  assert.equal(silentSince({ at_ms: 50_000 }, []), null);
  assert.equal(silentSince({}, [quote(1e9)]), null);
  assert.equal(silentSince(null, [quote(1e9)]), null);
});

test("a paused tape is paused, however long, and neither late nor stale", () => {
  const feed = { source: "replay", tape: { paused: true }, state: "live" };
  assert.deepEqual(symbolLevel(quote(0), feed, 900_000), { level: "LATE", word: "PAUSED", age: 900_000 });
  const page = { open: true, silentMs: 0, desk: { bus: true }, quotes: [quote(0)], feed, nowMs: 900_000 };
  assert.deepEqual(pageLevel(page), { level: "LATE", word: "PAUSED", why: "the tape is paused" });
  assert.equal(pageLevel({ ...page, open: false }).word, "STALE", "the connection comes first");
});

test("a streamed symbol that says nothing for ten seconds is quiet, a polled one is as its limits say", () => {
  const feed = { transport: "stream", late_ms: 60_000, stale_ms: 120_000, state: "live" };
  const word = (age, change) => symbolLevel(quote(0), { ...feed, ...change }, age);
  assert.deepEqual([9_000, 40_000, 61_000].map((age) => word(age).word), ["LIVE", "QUIET", "LATE"]);
  assert.equal(word(40_000).level, "LIVE", "no fault of the feed");
  assert.equal(word(40_000, { transport: "poll" }).word, "LIVE");
  const page = { open: true, silentMs: 0, desk: { bus: true }, feed, nowMs: 40_000 };
  assert.equal(pageLevel({ ...page, quotes: [quote(0), quote(39_000)] }).why, "prices arrive");
  assert.equal(pageLevel({ ...page, quotes: [quote(0)] }).why, "newest price: quiet");
  const strict = { ...feed, page_late_ms: 3_000, page_stale_ms: 10_000 };
  const levels = [39_000, 36_000, 0].map((newest) => pageLevel({ ...page, feed: strict, quotes: [quote(0), quote(newest)] }).level);
  assert.deepEqual(levels, ["LIVE", "LATE", "STALE"], "all symbols of a page are not quiet at once");
});

test("the clock is the tape's where prices have a time of their own", () => {
  assert.ok(isTape({ source: "replay", clock: "tape", speed: 0 }));
  assert.ok(isTape({ source: "sim", clock: "tape", speed: 12 }));
  for (const feed of [{ source: "sim", clock: "tape", speed: 1 }, { source: "sim", clock: "tape" }, { source: "polygon", clock: "wall", speed: 12 }, null]) {
    assert.equal(isTape(feed), false, JSON.stringify(feed));
  }
});

test("the feed says what it is in few words", () => {
  const live = { state: "live", delay_ms: 0, entitlement: null, transport: null };
  assert.equal(feedWords({ ...live, source: "sim", clock: "tape", speed: 12 }), "sim · 12×");
  assert.equal(feedWords({ ...live, source: "sim", clock: "tape", speed: 1 }), "sim");
  assert.equal(feedWords({ ...live, source: "replay", clock: "tape", speed: 0 }), "replay · full speed");
  assert.equal(feedWords({ ...live, source: "replay", clock: "tape", speed: 0.5 }), "replay · 0.5×");
  const delayed = { ...live, source: "polygon", clock: "wall", speed: 1, entitlement: "starter", transport: "poll", delay_ms: 900_000, state: "failing" };
  assert.equal(feedWords(delayed), "polygon · starter plan · polled · 15\u202fmin delayed · failing");
});

test("the wall leaves each page its theme until one is chosen on it, and then takes all along", () => {
  assert.equal(dressing("full", "system", false).theme, null);
  assert.equal(dressing("tv", "dark", false).theme, "dark");
  assert.deepEqual(dressing("full", "system", true), { type: "look", view: "full", theme: "system" });
});

test("of all that is told of an element's sight the last holds", () => {
  const told = [];
  let tell = null;
  class Observer {
    constructor(act) {
      tell = act;
    }

    observe() {}
  }
  onSight({}, (seen) => told.push(seen), Observer);
  tell([{ isIntersecting: true }, { isIntersecting: false }, { isIntersecting: true }]);
  tell([{ isIntersecting: true }, { isIntersecting: false }]);
  assert.deepEqual(told, [true, false]);
});

test("the key for line and candles leaves compact panes, and what is kept of them, alone", () => {
  const pane = (kind, compact) => ({ chart: { kind }, compact, setKind: (wanted) => kinds.push(wanted) });
  const kinds = [];
  toggleKinds([pane("line", true), pane("line", true)]);
  assert.deepEqual(kinds, []);
  toggleKinds([pane("candles", false), pane("line", false)]);
  assert.deepEqual(kinds, ["line", "line"]);
});

test("prices of less than a dollar keep their decimals in the drawer", () => {
  const order = {
    id: "P-1-B", side: "buy", state: "filled", done: true, quantity: 100, filled: 100, average_price: 0.1234, fee: 0, at_ms: 1,
    time_ms: 1, reason: null, rule: null, message: null, steps: [{ state: "filled", time_ms: 1, quantity: 100, price: 0.1234, message: null }],
  };
  const pane = { quote: { digits: 4 }, orders: new Map([[order.id, order]]) };
  const [listed] = allOrders([["P", pane]]);
  assert.equal(orderRow(listed)[6], "0.1234");
  assert.equal(orderSteps(listed)[0][2], "100 @ 0.1234");
  assert.equal(orderRow(allOrders([["P", { ...pane, quote: null }]])[0])[6], "0.12");
});

test("a picture says what it shows", () => {
  const last = { price: 0.5, change: -0.01, change_percent: -1.96, digits: 4, time_ms: 1795186800_000 };
  assert.equal(caption({ symbol: "P", timeframe: "5m", quote: last }), "P · 5m · 0.5000  ▼ \u22120.0100 (\u22121.96\u202f%) · Nov 20, 10:00:00 ET");
  assert.equal(caption({ symbol: "P", timeframe: "1m", quote: undefined }), "P · 1m");
});

test("a profit says since when it is counted", () => {
  const words = profitTitle({ unrealised: 1, realised: -2, fees: 0.5 });
  assert.ok(words.startsWith("Since the desk's journal of orders began") && words.includes("\u22122.00"), words);
});

// Relative luminance and contrast as WCAG 2 has them.
function luminance(hex) {
  const long = hex.length === 4 ? [...hex.slice(1)].map((digit) => digit + digit).join("") : hex.slice(1);
  const [red, green, blue] = [0, 2, 4]
    .map((at) => Number.parseInt(long.slice(at, at + 2), 16) / 255)
    .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one, other) {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

const style = readFileSync(new URL("../src/base.css", import.meta.url), "utf8");
const [dark, light] = style.split(':root[data-theme="light"]');

test("bars and lines stand out from a pane three to one, words four and a half to one, in both themes", () => {
  for (const [theme, rules] of [["dark", dark], ["light", light]]) {
    const color = (name) => rules.match(new RegExp(`--${name}: (#[0-9a-f]+);`))[1];
    const check = (least, names) => {
      for (const name of names) {
        const found = contrast(color(name), color("panel"));
        assert.ok(found >= least, `${theme} ${name}: ${found.toFixed(2)}`);
      }
    };
    check(3, ["up-volume", "down-volume", "up", "down", "line", "vwap", "ema-fast", "ema-slow"]);
    check(4.5, ["text", "muted", "up", "down", "warn", "danger"]);
  }
});
