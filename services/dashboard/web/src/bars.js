// Bars as the chart library wants them, with a hole shown as a hole. Pure.
//
// A bar is a row `[time_s, open, high, low, close, volume, vwap]`, one per minute, ascending.

// `grid` says which bars are drawn: `{ minutes, sessions, gaps }`, the last two as far as they are known.

import { newYorkDate } from "./format.js";
import { missing } from "./holes.js";
import { anchorAt } from "./sessions.js";

const MINUTE = 60;
// Minutes without a bar between two bars that are drawn as such; a longer hole is drawn as if it were
// so long: the library works through every point.
const MAX_HOLE = 120;

// What a chart can show, in minutes.
export const TIMEFRAMES = [1, 5, 15, 60];
export const timeframeName = (minutes) => (minutes < 60 ? `${minutes}m` : `${minutes / 60}h`);
export const nextTimeframe = (minutes) => TIMEFRAMES[(TIMEFRAMES.indexOf(minutes) + 1) % TIMEFRAMES.length];

// Start of the span that a time falls into. New York is whole hours from UTC, so that spans of up to
// half an hour begin on its clock; those of an hour begin with each part of the trading day, at 09:30,
// 10:30 and so on, so that none mixes prices from before the open with those after it.
export function spanStart(time, { minutes, sessions = null }) {
  const step = minutes * MINUTE;
  const anchor = minutes < 60 ? 0 : anchorAt(sessions, time);
  return time - ((time - anchor) % step);
}

// Start of the span after the one that starts at `start`: the last one of a part may be shorter.
export const nextSpan = (start, grid) => spanStart(start + grid.minutes * MINUTE, grid);

// Minutes into bars of `minutes`, the forming one included: it is the last of `rows`.
export function aggregate(rows, grid) {
  if (grid.minutes === 1) return rows;
  const wide = [];
  for (const row of rows) {
    const start = spanStart(row[0], grid);
    const open = wide.at(-1);
    if (open && open[0] === start) extend(open, row);
    else wide.push([start, ...row.slice(1)]);
  }
  return wide;
}

function extend(wide, [, , high, low, close, volume, vwap]) {
  const sum = wide[5] + volume;
  wide[6] = sum > 0 ? (wide[6] * wide[5] + vwap * volume) / sum : (wide[6] + vwap) / 2;
  wide[2] = Math.max(wide[2], high);
  wide[3] = Math.min(wide[3], low);
  wide[4] = close;
  wide[5] = sum;
}

// Starts of the spans without a bar between two bars of one New York day: without them the chart would
// draw an outage as if no time had passed. Nights and weekends stay folded.
export function emptySpans(before, after, grid) {
  if (after - before <= grid.minutes * MINUTE || newYorkDate(before) !== newYorkDate(after)) return [];
  const points = [];
  for (let time = nextSpan(before, grid); time < after && points.length < MAX_HOLE; time = nextSpan(time, grid)) {
    points.push({ time });
  }
  return points;
}

// Prices are missing between two bars, not merely quiet.
export function isTorn(before, after, grid) {
  const points = emptySpans(before, after, grid);
  return points.length > 0 && missing(points, grid).includes(true);
}

export const candle = ([time, open, high, low, close]) => ({ time, open, high, low, close });
export const closing = ([time, , , , close]) => ({ time, value: close });
export const volume = ([time, open, , , close, value]) => ({ time, value, rising: close >= open });

// All points of a series: `shape` turns a bar into one, `endOfLine` the last point before missing time.
export function series(rows, grid, shape, endOfLine = (point) => point) {
  const points = [];
  let before = null;
  for (const row of rows) {
    const empty = before === null ? [] : emptySpans(before, row[0], grid);
    if (empty.length > 0 && missing(empty, grid).includes(true)) points.push(endOfLine(points.pop()));
    points.push(...empty);
    points.push(shape(row));
    before = row[0];
  }
  return points;
}

// A line must not run straight across a hole: the piece that begins at this point is not seen.
export const unseenPiece = (point) => ({ ...point, color: "transparent" });

// Closed bars and the one being formed, which is left out when a closed one already stands there.
export function withForming(bars, forming) {
  const last = bars.at(-1);
  if (!forming || (last && forming[0] <= last[0])) return bars;
  return [...bars, forming];
}

// Index of the first row that starts at `time` or later; rows that matter are near the end.
export function firstFrom(rows, time) {
  let index = rows.length;
  while (index > 0 && rows[index - 1][0] >= time) index -= 1;
  return index;
}
