// The trading day as the exchanges' calendar has it. Pure: the dashboard sends the days.
//
// A day is `[pre_open_s, open_s, close_s, post_close_s, early]`.

export const PARTS = { pre: "pre-market", regular: "open", post: "after hours", closed: "closed" };

// The part of the trading day at a time, and the day it belongs to.
export function partAt(sessions, time) {
  const { days } = sessions;
  // Nearly always the last one that has begun.
  for (let index = days.length - 1; index >= 0; index -= 1) {
    const day = days[index];
    if (time < day[0]) continue;
    if (time < day[1]) return { part: "pre", day };
    if (time < day[2]) return { part: "regular", day };
    if (time < day[3]) return { part: "post", day };
    break;
  }
  return { part: "closed", day: null };
}

// In a regular session, as far as is known.
export const isRegular = (sessions, time) =>
  !sessions || sessions.always_open || !sessions.covered || partAt(sessions, time).part === "regular";

// When the part of the trading day began that a time is in: spans of an hour are counted from there.
// 0, which is on the hour, where there is none.
export function anchorAt(sessions, time) {
  if (!sessions || sessions.always_open) return 0;
  const { part, day } = partAt(sessions, time);
  return { pre: day?.[0], regular: day?.[1], post: day?.[2] }[part] ?? 0;
}

// What the market does now and what it does next: `{ part, word, next, at, early }`; `at` in seconds.
export function phase(sessions, time) {
  if (!sessions) return { part: null, word: "", next: "", at: null, early: false };
  if (sessions.always_open) return { part: "regular", word: "always open", next: "", at: null, early: false };
  if (!sessions.covered) return { part: null, word: "no calendar for this year", next: "", at: null, early: false };
  const { part, day } = partAt(sessions, time);
  const ahead = sessions.days.find((each) => each[1] > time);
  const [next, at] = {
    pre: ["opens", day?.[1]],
    regular: [day?.[4] ? "closes early" : "closes", day?.[2]],
    post: ["ends", day?.[3]],
    closed: ["opens", ahead?.[1]],
  }[part];
  return { part, word: PARTS[part], next, at: at ?? null, early: Boolean(day?.[4]) };
}

// Runs of points to shade, as `{ from, to, start, end, kind }` by index and by time: before and after
// the regular session, and time that is missing. `points` are a series' own: `{ time }`, without a value
// where there is no bar; `missing(points)` says of each point of such a hole whether its time is missing.
export function shades(points, sessions, missing) {
  const runs = [];
  const lost = lostOnes(points, missing);
  points.forEach(({ time }, index) => {
    const kind = lost.has(index) ? "missing" : partKind(sessions, time);
    const last = runs.at(-1);
    if (last && last.kind === kind && last.to === index - 1) Object.assign(last, { to: index, end: time });
    else if (kind) runs.push({ from: index, to: index, start: time, end: time, kind });
  });
  return runs;
}

// Indexes of the points whose time is missing.
function lostOnes(points, missing) {
  const lost = new Set();
  let index = 0;
  while (index < points.length) {
    const first = index;
    while (index < points.length && isEmpty(points[index])) index += 1;
    if (index > first) {
      missing(points.slice(first, index)).forEach((is, at) => is && lost.add(first + at));
    }
    index += 1;
  }
  return lost;
}

const isEmpty = (point) => point.value === undefined && point.open === undefined;

function partKind(sessions, time) {
  if (!sessions || sessions.always_open) return null;
  const { part } = partAt(sessions, time);
  return part === "pre" || part === "post" ? part : null;
}

// The highest and lowest price of the last bar's day: of the regular session, once it has begun.
export function dayRange(rows, sessions, dateOf) {
  const last = rows.at(-1);
  if (!last) return null;
  const regular = (row) => !sessions || sessions.always_open || partAt(sessions, row[0]).part === "regular";
  const date = dateOf(last[0]);
  let [all, main] = [null, null];
  for (let index = rows.length - 1; index >= 0 && dateOf(rows[index][0]) === date; index -= 1) {
    all = widen(all, rows[index]);
    if (regular(rows[index])) main = widen(main, rows[index]);
  }
  return main ?? all;
}

function widen(range, [, , high, low]) {
  if (range === null) return { high, low };
  return { high: Math.max(range.high, high), low: Math.min(range.low, low) };
}
