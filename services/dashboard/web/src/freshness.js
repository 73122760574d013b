// How old prices are, in words, and whether the executor still writes. Pure.

import { partAt } from "./sessions.js";

export const LEVELS = ["LIVE", "LATE", "STALE"];
// A streamed symbol that has said nothing for so long is quiet: nobody can tell that from here.
const QUIET_MS = 10_000;
// The executor writes the account soon after every price.
const SILENT_MS = 10_000;

// A live feed has nothing to say: the market it shows, as late as its plan makes it, is closed.
export function isResting(feed, sessions, nowMs) {
  if (feed?.source !== "polygon" || !sessions?.covered || sessions.always_open) return false;
  return partAt(sessions, (nowMs - (feed.delay_ms ?? 0)) / 1000).part === "closed";
}

// When the executor last wrote, milliseconds, if prices have gone on without it since; `null` while it
// keeps up, and where it is not known when it wrote.
export function silentSince(account, quotes) {
  const wrote = account?.at_ms;
  if (!Number.isFinite(wrote)) return null;
  const newest = quotes.reduce((latest, quote) => Math.max(latest, quote.received_ms), -Infinity);
  return newest - wrote > SILENT_MS ? wrote : null;
}

// The level of one symbol. A closed market is no fault of the feed; while a newer price is held back,
// the one that is shown is not the newest, however young it is.
export function symbolLevel(quote, feed, nowMs, { held = null, resting = false } = {}) {
  if (!quote) return { level: "STALE", word: held ? "HELD" : "NO PRICE", age: null };
  const age = Math.max(0, nowMs - quote.received_ms);
  if (held) return { level: byAge(age, feed) === "STALE" ? "STALE" : "LATE", word: "HELD", age };
  if (feed?.state === "done") return { level: "STALE", word: "ENDED", age };
  if (feed?.tape?.paused) return { level: "LATE", word: "PAUSED", age };
  const level = byAge(age, feed);
  if (level !== "LIVE" && (resting || quote.session === "closed")) return { level: "LATE", word: "CLOSED", age };
  const quiet = level === "LIVE" && feed?.transport === "stream" && age > QUIET_MS;
  return { level, word: quiet ? "QUIET" : level, age };
}

// The level of the whole page: the socket first, then the desk's bus, then the freshest symbol. `word`
// is what to call it.
export function pageLevel(page) {
  const { level, why, word = level } = judged(page);
  return { level, why, word };
}

function judged({ open, silentMs, desk, quotes, feed, sessions, nowMs }) {
  if (!open || silentMs > 10_000) return { level: "STALE", why: "no connection to this dashboard" };
  if (desk && !desk.bus) return { level: "STALE", why: "the dashboard has lost the bus" };
  if (silentMs > 3_000) return { level: "LATE", why: "no frame for over 3 s" };
  const resting = isResting(feed, sessions, nowMs);
  const levels = quotes.map((quote) => symbolLevel(quote, ofPage(feed), nowMs, { resting }));
  if (levels.length === 0) return { level: "STALE", why: "no price yet" };
  const best = levels.reduce((a, b) => (better(b, a) ? b : a));
  if (best.word === "PAUSED") return { level: best.level, word: best.word, why: "the tape is paused" };
  const why = best.word === "LIVE" ? "prices arrive" : `newest price: ${best.word.toLowerCase()}`;
  return { level: best.level, why };
}

// One symbol may be quiet for longer than all of them.
function ofPage(feed) {
  if (!feed) return feed;
  const { late_ms: late, stale_ms: stale, page_late_ms = late, page_stale_ms = stale } = feed;
  return { ...feed, late_ms: page_late_ms, stale_ms: page_stale_ms };
}

const better = (one, other) =>
  rank(one.level) < rank(other.level) || (one.level === other.level && one.age < other.age);

function byAge(age, feed) {
  if (age > (feed?.stale_ms ?? 10_000)) return "STALE";
  return age > (feed?.late_ms ?? 3_000) ? "LATE" : "LIVE";
}

const rank = (level) => LEVELS.indexOf(level);
