import assert from "node:assert/strict";
import { test } from "node:test";
import { createDerived, derive } from "../src/derived.js";
import { SessionVwap, ema } from "../src/indicators.js";
import { priceLines, widened } from "../src/lines.js";
import { dayRange, partAt, phase, shades } from "../src/sessions.js";

// 2026-11-25 (Wednesday) 14:30 UTC: the open in New York. Friday closes early.
const OPEN = 1795617000;
const HOUR = 3600;
const day = (open, early = false) => [open - 5.5 * HOUR, open, open + (early ? 3.5 : 6.5) * HOUR, open + (early ? 7.5 : 10.5) * HOUR, early];
const sessions = { always_open: false, covered: true, days: [day(OPEN), day(OPEN + 48 * HOUR, true)] };
const always = { always_open: true, covered: true, days: [] };
const row = (time, close, volume = 100, vwap = close) => [time, close, close + 1, close - 1, close, volume, vwap];
const close = (value) => Math.round(value * 1e9) / 1e9;

test("the average is the strategy's: the plain mean of its first period, then two parts in period and one", () => {
  const rows = [2, 4, 6, 12, 3].map((value, index) => row(OPEN + index * 60, value));
  // By hand: mean(2,4,6) = 4; 4 + (12-4)/2 = 8; 8 + (3-8)/2 = 5.5.
  assert.deepEqual(ema(rows, 3), [null, null, 4, 8, 5.5]);
  assert.deepEqual(ema(rows.slice(0, 2), 3), [null, null]);
  assert.deepEqual(ema(rows, 1), [2, 4, 6, 12, 3]);
});

test("the session's average weighs by volume and begins anew with each part of the day", () => {
  const vwap = new SessionVwap(sessions);
  assert.equal(vwap.push(row(OPEN - 60, 90)), 90);
  assert.equal(vwap.push(row(OPEN, 100, 300)), 100, "the pre-market is not in it");
  assert.equal(vwap.push(row(OPEN + 60, 110, 100)), 102.5);
  assert.equal(vwap.peek(row(OPEN + 120, 102.5, 800)), 102.5);
  assert.equal(vwap.push(row(OPEN + 6.5 * HOUR, 50)), 50);
});

test("without volume it is the plain mean, and a market that never closes begins anew at midnight", () => {
  const vwap = new SessionVwap(always);
  vwap.push(row(OPEN, 100, 0));
  assert.equal(vwap.push(row(OPEN + 60, 104, 0)), 102);
  assert.equal(vwap.push(row(OPEN + 14.5 * HOUR, 7, 5)), 7);
});

test("what follows from closed bars is kept, the forming one is added to it", () => {
  const cache = createDerived();
  const bars = [1, 2, 3].map((value, index) => row(OPEN + index * 60, value));
  const state = { bars, forming: row(OPEN + 180, 6), levels: { ema_fast: 2, ema_slow: 3 }, revision: 1 };
  const first = derive(cache, state, always);
  assert.equal(first.rows.length, 4);
  assert.deepEqual(first.emaFast.map((value) => value && close(value)), [null, 1.5, 2.5]);
  assert.deepEqual(first.emaSlow, [null, null, 2], "closed bars only");
  assert.deepEqual([first.vwap.at(-1), first.day], [3, { high: 7, low: 0 }]);
  const second = derive(cache, { ...state, forming: row(OPEN + 180, 10) }, always);
  assert.equal(second.emaFast, first.emaFast, "kept");
  assert.deepEqual([second.vwap.at(-1), second.day.high], [4, 11]);
  bars[0] = row(OPEN, 9);
  const corrected = derive(cache, { ...state, revision: 2 }, always);
  assert.equal(corrected.emaSlow.at(-1), 14 / 3, "a correction of an old bar goes into all that follows");
});

test("the day's range is the regular session's, once it has begun", () => {
  const early = [row(OPEN - 60, 50), row(OPEN - 120, 60)];
  const date = (time) => Math.floor((time - 5 * HOUR) / 86_400);
  assert.deepEqual(dayRange(early, sessions, date), { high: 61, low: 49 });
  assert.deepEqual(dayRange([...early, row(OPEN, 55)], sessions, date), { high: 56, low: 54 });
  assert.deepEqual(dayRange([row(OPEN - 86_400, 1), row(OPEN, 55)], sessions, date), { high: 56, low: 54 });
  assert.equal(dayRange([], sessions, date), null);
});

test("the clock knows what the market does and what it does next", () => {
  assert.deepEqual(phase(sessions, OPEN - 60), { part: "pre", word: "pre-market", next: "opens", at: OPEN, early: false });
  assert.equal(phase(sessions, OPEN).at, OPEN + 6.5 * HOUR);
  assert.equal(phase(sessions, OPEN + 7 * HOUR).word, "after hours");
  const night = phase(sessions, OPEN + 20 * HOUR);
  assert.deepEqual([night.part, night.next, night.at], ["closed", "opens", OPEN + 48 * HOUR], "Thanksgiving is passed over");
  const friday = phase(sessions, OPEN + 48 * HOUR);
  assert.deepEqual([friday.next, friday.at], ["closes early", OPEN + 51.5 * HOUR]);
  assert.equal(phase(always, OPEN).word, "always open");
  assert.equal(phase({ ...sessions, covered: false }, OPEN).at, null);
  assert.equal(phase(null, OPEN).word, "");
});

test("before and after the session differ, and missing time is neither", () => {
  const points = [
    { time: OPEN - 60, value: 1 }, { time: OPEN, value: 1 }, { time: OPEN + 60 }, { time: OPEN + 120 },
    { time: OPEN + 180, open: 1 }, { time: OPEN + 6.5 * HOUR, value: 1 },
  ];
  const kinds = (sessions, missing) => shades(points, sessions, missing).map(({ from, to, kind }) => [from, to, kind]);
  const lost = (hole) => hole.map(() => true);
  assert.deepEqual(kinds(sessions, lost), [[0, 0, "pre"], [2, 3, "missing"], [5, 5, "post"]]);
  assert.deepEqual(kinds(always, lost), [[2, 3, "missing"]]);
  assert.deepEqual(kinds(always, (hole) => hole.map(({ time }) => time > OPEN + 60)), [[3, 3, "missing"]]);
  assert.deepEqual(kinds(always, (hole) => hole.map(() => false)), [], "a quiet minute is nothing");
  assert.deepEqual(shades(points, sessions, lost)[1], { from: 2, to: 3, start: OPEN + 60, end: OPEN + 120, kind: "missing" });
  assert.equal(partAt(sessions, OPEN + 11 * HOUR).part, "closed");
});

test("entry, stop and target are lines while shares are held, and no longer", () => {
  const shown = { levels: true, close: true };
  const state = {
    quote: { prev_close: 95 }, position: { quantity: 5, average_price: 100 },
    levels: { stop: 99.5, take_profit: 100.8, trailing: true },
  };
  const lines = priceLines(state, shown).map(({ title, price }) => [title, price]);
  assert.deepEqual(lines, [["target", 100.8], ["entry", 100], ["trailing stop", 99.5], ["prev close", 95]]);
  const flat = { ...state, position: { quantity: 0 } };
  assert.deepEqual(priceLines(flat, shown).map((line) => line.key), ["close"]);
  assert.deepEqual(priceLines(state, { levels: false, close: false }), []);
  assert.deepEqual(priceLines({ ...state, levels: null }, shown).map((line) => line.key), ["entry", "close"]);
});

test("the scale takes in lines that are near, and is not flattened by far ones", () => {
  const range = { minValue: 100, maxValue: 101 };
  const line = (kind, price) => [{ kind, price }];
  assert.deepEqual(widened(range, line("level", 99)), { minValue: 99, maxValue: 101 });
  assert.deepEqual(widened(range, line("level", 102)), { minValue: 100, maxValue: 102 });
  assert.deepEqual(widened(range, line("close", 80)), range);
  assert.deepEqual(widened(range, []), range);
});
