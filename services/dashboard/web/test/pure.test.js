import assert from "node:assert/strict";
import { test } from "node:test";
import {
  aggregate, closing, emptySpans, isTorn, nextTimeframe, series, spanStart, timeframeName, unseenPiece, withForming,
} from "../src/bars.js";
import { age, compact, countdown, delay, number, percent, shares, signed, tickTime } from "../src/format.js";
import { isResting, pageLevel, symbolLevel } from "../src/freshness.js";

// 2026-11-20 15:00 UTC, 10:00 in New York.
const TEN = 1795186800;
const bar = (time, close = 10) => [time, 10, 11, 9, close, 100, 10];

const minutes = (count) => ({ minutes: count });

test("minutes of a day without a bar are points without a value, and a long hole has its bound", () => {
  assert.deepEqual(emptySpans(TEN, TEN + 60, minutes(1)), []);
  assert.deepEqual(emptySpans(TEN, TEN + 180, minutes(1)), [{ time: TEN + 60 }, { time: TEN + 120 }]);
  assert.deepEqual(emptySpans(TEN, TEN + 900, minutes(5)), [{ time: TEN + 300 }, { time: TEN + 600 }]);
  assert.equal(emptySpans(TEN, TEN + 5 * 3600, minutes(1)).length, 120);
});

test("a night is folded away", () => {
  assert.deepEqual(emptySpans(TEN, TEN + 24 * 3600, minutes(1)), []);
});

test("a line ends where prices are missing, and runs on over a quiet minute", () => {
  const rows = [bar(TEN), bar(TEN + 120, 12)];
  const torn = { minutes: 1, gaps: [[(TEN + 60) * 1000, (TEN + 119) * 1000]] };
  assert.deepEqual(series(rows, torn, closing, unseenPiece), [
    { time: TEN, value: 10, color: "transparent" }, { time: TEN + 60 }, { time: TEN + 120, value: 12 },
  ]);
  assert.equal(series(rows, minutes(1), closing, unseenPiece)[0].color, undefined);
  assert.deepEqual([isTorn(TEN, TEN + 120, torn), isTorn(TEN, TEN + 120, minutes(1))], [true, false]);
});

test("a forming bar that has been closed is not drawn twice", () => {
  assert.deepEqual(withForming([bar(60)], bar(60, 12)), [bar(60)]);
  assert.equal(withForming([bar(60)], bar(120)).length, 2);
});

test("minutes become wider bars, the forming one included", () => {
  const rows = [
    [TEN, 10, 12, 9, 11, 100, 10.5], [TEN + 60, 11, 15, 11, 14, 300, 12.5], [TEN + 240, 14, 14, 8, 9, 0, 9],
    [TEN + 300, 9, 9, 7, 8, 50, 8],
  ];
  assert.deepEqual(aggregate(rows, minutes(5)), [[TEN, 10, 15, 8, 9, 400, 12], [TEN + 300, 9, 9, 7, 8, 50, 8]]);
  assert.equal(aggregate(rows, minutes(1)), rows);
  assert.deepEqual(rows[0], [TEN, 10, 12, 9, 11, 100, 10.5], "the minutes are left as they were");
  assert.deepEqual(aggregate(rows, minutes(60)).map(([time, , high, low]) => [time, high, low]), [[TEN, 15, 7]]);
});

test("timeframes go round, and spans begin on the clock", () => {
  assert.deepEqual([1, 5, 15, 60].map(nextTimeframe), [5, 15, 60, 1]);
  assert.deepEqual([1, 60].map(timeframeName), ["1m", "1h"]);
  assert.equal(spanStart(TEN + 1799, minutes(15)), TEN + 900);
});

test("times to go and delays are short", () => {
  assert.deepEqual([0, 272, 19_620, 226_800].map(countdown), ["0:00", "4:32", "5\u202fh 27\u202fmin", "2\u202fd 15\u202fh"]);
  assert.deepEqual([38.4, -3, 1_240].map(delay), ["38\u202fms", "\u22123\u202fms", "1.2\u202fs"]);
});

test("numbers have a real minus sign, profits always a sign", () => {
  assert.equal(number(-1.5), "\u22121.50");
  assert.equal(signed(1234.5), "+1,234.50");
  assert.equal(signed(0), "0.00");
  assert.equal(signed(0.001), "0.00");
  assert.equal(signed(-0.001), "0.00");
  assert.equal(percent(null), "–");
  assert.equal(number(undefined), "–");
  assert.equal(shares(12), "12");
  assert.equal(shares(1.5), "1.5");
  assert.equal(compact(2_500_000), "2.50M");
});

test("the axis names a day where it begins in New York, not where it does in UTC", () => {
  assert.deepEqual([tickTime(TEN, true), tickTime(TEN, false)], ["Nov 20", "10:00"]);
  assert.equal(tickTime(TEN + 9 * 3600, true), "19:00");
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

test("while a newer price is held back the page says so, and never calls the last one live", () => {
  const quote = { received_ms: 0, session: "regular" };
  const held = { price: 500, reason: "outlier" };
  assert.deepEqual(symbolLevel(quote, null, 500, { held }), { level: "LATE", word: "HELD", age: 500 });
  assert.equal(symbolLevel(quote, null, 60_000, { held }).level, "STALE");
  assert.equal(symbolLevel(null, null, 0, { held }).word, "HELD");
});

test("an old price of a closed session is no fault", () => {
  const quote = { received_ms: 0, session: "closed" };
  assert.equal(symbolLevel(quote, null, 3_600_000).word, "CLOSED");
  const post = { received_ms: 0, session: "post" };
  assert.equal(symbolLevel(post, null, 3_600_000, { resting: true }).word, "CLOSED");
  assert.equal(symbolLevel(post, null, 3_600_000).word, "STALE");
});

test("a live feed rests while its market is closed, a delayed one later by its delay", () => {
  const sessions = { covered: true, always_open: false, days: [[1_000, 2_000, 3_000, 4_000, false]] };
  const rests = (feed, seconds) => isResting({ source: "polygon", ...feed }, sessions, seconds * 1000);
  assert.deepEqual([500, 1_500, 2_500, 3_500, 4_500].map((at) => rests({}, at)), [true, false, false, false, true]);
  assert.equal(rests({ delay_ms: 900_000 }, 4_500), false);
  assert.equal(rests({ source: "sim" }, 4_500), false);
  assert.equal(isResting({ source: "polygon" }, null, 0), false);
});

test("the page is stale without its socket or its bus, whatever the prices say", () => {
  const sound = { open: true, silentMs: 0, desk: { bus: true }, quotes: [{ received_ms: 0 }], feed: null, nowMs: 100 };
  assert.equal(pageLevel(sound).level, "LIVE");
  assert.equal(pageLevel({ ...sound, open: false }).level, "STALE");
  assert.equal(pageLevel({ ...sound, desk: { bus: false } }).level, "STALE");
  assert.equal(pageLevel({ ...sound, silentMs: 4_000 }).level, "LATE");
  assert.equal(pageLevel({ ...sound, quotes: [] }).level, "STALE");
});
