// Minutes without a bar: quiet where nothing was traded, missing where prices are known to be lost, or
// must be thought so because nothing is quiet for so long in a session. Pure.
//
// `gaps` are `[from_ms, to_ms]` of time whose prices are known to be missing, ascending.

import { isRegular } from "./sessions.js";

// A longer hole within a regular session is missing, whatever is known.
const QUIET_S = 15 * 60;
// Gaps that a page works out by itself, of a symbol.
const MAX_GAPS = 20;

// For every point of one hole whether its time is missing. `grid` is `{ minutes, sessions, gaps }`.
export function missing(points, { minutes, sessions = null, gaps = [] }) {
  const step = minutes * 60;
  const regular = points.map(({ time }) => isRegular(sessions, time));
  const long = regular.filter(Boolean).length * step > QUIET_S;
  return points.map(({ time }, index) => (long && regular[index]) || isKnown(gaps, time, time + step));
}

function isKnown(gaps, start, end) {
  return gaps.some(([from, to]) => from < end * 1000 && to > start * 1000);
}

// The gaps with the one that a price at `gapMs` ends: it began with the minute after the last bar
// before that price. For dashboards that do not tell the gaps themselves.
export function withGap(gaps, rows, gapMs) {
  let index = rows.length - 1;
  const minute = Math.floor(gapMs / 60_000) * 60;
  while (index >= 0 && rows[index][0] >= minute) index -= 1;
  const from = index >= 0 ? (rows[index][0] + 60) * 1000 : gapMs;
  return [...gaps, [from, gapMs]].slice(-MAX_GAPS);
}
