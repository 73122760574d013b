import assert from "node:assert/strict";
import { test } from "node:test";
import { closing, missingMinutes, series, unseenPiece, withForming } from "../src/bars.js";
import { age, compact, number, percent, shares, signed } from "../src/format.js";
import { pageLevel, symbolLevel } from "../src/freshness.js";

// 2026-11-20 15:00 UTC, 10:00 in New York.
const TEN = 1795186800;
const bar = (time, close = 10) => [time, 10, 11, 9, close, 100];

test("missing minutes of a day are points without a value", () => {
  assert.deepEqual(missingMinutes(TEN, TEN + 60), []);
  assert.deepEqual(missingMinutes(TEN, TEN + 180), [{ time: TEN + 60 }, { time: TEN + 120 }]);
});

test("a night is folded away", () => {
  assert.deepEqual(missingMinutes(TEN, TEN + 24 * 3600), []);
});

test("a line ends at a hole", () => {
  const points = series([bar(TEN), bar(TEN + 120, 12)], closing, unseenPiece);
  assert.deepEqual(points, [
    { time: TEN, value: 10, color: "transparent" }, { time: TEN + 60 }, { time: TEN + 120, value: 12 },
  ]);
});

test("a forming bar that has been closed is not drawn twice", () => {
  assert.deepEqual(withForming([bar(60)], bar(60, 12)), [bar(60)]);
  assert.equal(withForming([bar(60)], bar(120)).length, 2);
});

test("numbers have a real minus sign, profits always a sign", () => {
  assert.equal(number(-1.5), "\u22121.50");
  assert.equal(signed(1234.5), "+1,234.50");
  assert.equal(signed(0), "0.00");
  assert.equal(signed(0.001), "0.00");
  assert.equal(percent(null), "–");
  assert.equal(number(undefined), "–");
  assert.equal(shares(12), "12");
  assert.equal(shares(1.5), "1.5");
  assert.equal(compact(2_500_000), "2.50M");
});

test("ages are short", () => {
  assert.deepEqual([400, 12_000, 240_000].map(age), ["0.4\u202fs", "12\u202fs", "4\u202fmin"]);
});

test("a price ages from live to late to stale by the limits of its feed", () => {
  const quote = { received_ms: 0, session: "regular" };
  const level = (nowMs, feed) => symbolLevel(quote, feed, nowMs).word;
  assert.deepEqual([1_000, 4_000, 11_000].map((now) => level(now, null)), ["LIVE", "LATE", "STALE"]);
  const slow = { late_ms: 60_000, stale_ms: 120_000, state: "live" };
  assert.deepEqual([31_000, 61_000, 121_000].map((now) => level(now, slow)), ["LIVE", "LATE", "STALE"]);
  assert.equal(level(1_000, { ...slow, state: "done" }), "ENDED");
});

test("an old price of a closed session is no fault", () => {
  const quote = { received_ms: 0, session: "closed" };
  assert.equal(symbolLevel(quote, null, 3_600_000).word, "CLOSED");
});

test("the page is stale without its socket or its bus, whatever the prices say", () => {
  const sound = { open: true, silentMs: 0, desk: { bus: true }, quotes: [{ received_ms: 0 }], feed: null, nowMs: 100 };
  assert.equal(pageLevel(sound).level, "LIVE");
  assert.equal(pageLevel({ ...sound, open: false }).level, "STALE");
  assert.equal(pageLevel({ ...sound, desk: { bus: false } }).level, "STALE");
  assert.equal(pageLevel({ ...sound, silentMs: 4_000 }).level, "LATE");
  assert.equal(pageLevel({ ...sound, quotes: [] }).level, "STALE");
});
