// What a pane shows besides its bars: averages and the day's range. Pure.
//
// Closed bars change once a minute, the forming one several times a second: what follows from closed
// bars alone is kept until they change.

import { withForming } from "./bars.js";
import { newYorkDate } from "./format.js";
import { SessionVwap, anchorOf, ema } from "./indicators.js";
import { dayRange } from "./sessions.js";

export function createDerived() {
  return { key: null, kept: null };
}

// `rows` with the forming one, and arrays of the same length: `emaFast` and `emaSlow` of closed bars
// only, as the strategy has them; `vwap` with the forming one. `day` is `{ high, low }`.
export function derive(cache, state, sessions) {
  const { bars, forming, levels, revision } = state;
  const periods = [levels?.ema_fast ?? 0, levels?.ema_slow ?? 0];
  const key = [revision, sessions, ...periods];
  if (cache.key === null || key.some((part, index) => part !== cache.key[index])) {
    cache.kept = closedPart(bars, sessions, periods);
    cache.key = key;
  }
  const { emaFast, emaSlow, vwap, running, day } = cache.kept;
  const rows = withForming(bars, forming);
  const open = rows.length > bars.length ? rows.at(-1) : null;
  return {
    rows,
    emaFast,
    emaSlow,
    vwap: open ? [...vwap, running.peek(open)] : vwap,
    day: open ? withOpen(day, bars, open, sessions) : day,
  };
}

function closedPart(bars, sessions, [fast, slow]) {
  const running = new SessionVwap(sessions);
  return {
    emaFast: fast > 0 ? ema(bars, fast) : [],
    emaSlow: slow > 0 ? ema(bars, slow) : [],
    vwap: bars.map((row) => running.push(row)),
    running,
    day: dayRange(bars, sessions, newYorkDate),
  };
}

function withOpen(day, bars, open, sessions) {
  const last = bars.at(-1);
  if (day === null || anchorOf(last[0], sessions) !== anchorOf(open[0], sessions)) {
    return dayRange([...bars, open], sessions, newYorkDate);
  }
  return { high: Math.max(day.high, open[2]), low: Math.min(day.low, open[3]) };
}
