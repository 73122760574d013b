import assert from "node:assert/strict";
import { test } from "node:test";
import { aggregate, emptySpans, nextSpan, spanStart } from "../src/bars.js";
import { missing, withGap } from "../src/holes.js";

// 2026-11-25 (Wednesday) 14:30 UTC: the open in New York.
const OPEN = 1795617000;
const HOUR = 3600;
const sessions = { always_open: false, covered: true, days: [[OPEN - 5.5 * HOUR, OPEN, OPEN + 6.5 * HOUR, OPEN + 10.5 * HOUR, false]] };
const hole = (from, count) => Array.from({ length: count }, (_, index) => ({ time: from + index * 60 }));
const lost = (points, grid) => missing(points, { minutes: 1, ...grid }).filter(Boolean).length;
const row = (time) => [time, 1, 2, 0.5, 1.5, 10, 1];

test("a minute in which nothing was traded is not missing, one of a known gap is", () => {
  assert.equal(lost(hole(OPEN, 7), { sessions }), 0);
  const gaps = [[(OPEN + 60) * 1000, (OPEN + 179) * 1000]];
  assert.deepEqual(missing(hole(OPEN, 4), { minutes: 1, sessions, gaps }), [false, true, true, false]);
});

test("a bar's whole span is missing when a part of it is", () => {
  const gaps = [[(OPEN + 290) * 1000, (OPEN + 310) * 1000]];
  const points = [{ time: OPEN }, { time: OPEN + 300 }, { time: OPEN + 600 }];
  assert.deepEqual(missing(points, { minutes: 5, sessions, gaps }), [true, true, false]);
});

test("more than a quarter of an hour of a regular session is never quiet", () => {
  assert.equal(lost(hole(OPEN, 15), { sessions }), 0);
  assert.equal(lost(hole(OPEN, 16), { sessions }), 16);
  assert.equal(lost(hole(OPEN, 16), {}), 16, "nor where no session is known");
  assert.equal(lost(hole(OPEN - 40 * 60, 30), { sessions }), 0, "before the open it is");
  assert.equal(lost(hole(OPEN - 60, 20), { sessions }), 19, "only the session's part counts");
});

test("a gap that is not told begins with the minute after the last bar before it", () => {
  const rows = [row(OPEN), row(OPEN + 60), row(OPEN + 600)];
  assert.deepEqual(withGap([], rows, (OPEN + 601) * 1000), [[(OPEN + 120) * 1000, (OPEN + 601) * 1000]]);
  assert.deepEqual(withGap([], [], 5_000), [[5_000, 5_000]]);
  let gaps = [];
  for (let index = 0; index < 99; index += 1) gaps = withGap(gaps, [], index);
  assert.equal(gaps.length, 20);
});

test("bars of an hour begin with each part of the day, and none mixes two of them", () => {
  const grid = { minutes: 60, sessions };
  const starts = [-1, 0, 3599, 3600, 6.5 * HOUR - 1, 6.5 * HOUR].map((at) => (spanStart(OPEN + at, grid) - OPEN) / HOUR);
  assert.deepEqual(starts, [-0.5, 0, 0, 1, 6, 6.5]);
  assert.equal(nextSpan(OPEN - 0.5 * HOUR, grid), OPEN, "the last of a part is shorter");
  assert.equal(nextSpan(OPEN + 6 * HOUR, grid), OPEN + 6.5 * HOUR);
  assert.deepEqual(aggregate([row(OPEN - 60), row(OPEN), row(OPEN + 60)], grid).map(([time]) => time), [OPEN - 1800, OPEN]);
  assert.deepEqual(emptySpans(OPEN - HOUR / 2, OPEN + HOUR, grid), [{ time: OPEN }]);
});

test("where the market never closes, hours are those of the clock, and so is a quarter of one", () => {
  for (const sessions of [null, { always_open: true, covered: true, days: [] }]) {
    assert.equal(spanStart(OPEN, { minutes: 60, sessions }), OPEN - 1800);
  }
  assert.equal(spanStart(OPEN + 899, { minutes: 15, sessions }), OPEN);
});
