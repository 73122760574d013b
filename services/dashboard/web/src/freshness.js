// How old prices are, in words. Pure.

import { partAt } from "./sessions.js";

export const LEVELS = ["LIVE", "LATE", "STALE"];

// A live feed has nothing to say: the market it shows, as late as its plan makes it, is closed.
export function isResting(feed, sessions, nowMs) {
  if (feed?.source !== "polygon" || !sessions?.covered || sessions.always_open) return false;
  return partAt(sessions, (nowMs - (feed.delay_ms ?? 0)) / 1000).part === "closed";
}

// The level of one symbol. A closed market is no fault of the feed; while a newer price is held back,
// the one that is shown is not the newest, however young it is.
export function symbolLevel(quote, feed, nowMs, { held = null, resting = false } = {}) {
  if (!quote) return { level: "STALE", word: held ? "HELD" : "NO PRICE", age: null };
  const age = Math.max(0, nowMs - quote.received_ms);
  if (held) return { level: byAge(age, feed) === "STALE" ? "STALE" : "LATE", word: "HELD", age };
  if (feed?.state === "done") return { level: "STALE", word: "ENDED", age };
  const level = byAge(age, feed);
  if (level !== "LIVE" && (resting || quote.session === "closed")) return { level: "LATE", word: "CLOSED", age };
  return { level, word: level, age };
}

// The level of the whole page: the socket first, then the desk's bus, then the freshest symbol.
export function pageLevel({ open, silentMs, desk, quotes, feed, sessions, nowMs }) {
  if (!open || silentMs > 10_000) return { level: "STALE", why: "no connection to this dashboard" };
  if (desk && !desk.bus) return { level: "STALE", why: "the dashboard has lost the bus" };
  if (silentMs > 3_000) return { level: "LATE", why: "no frame for over 3 s" };
  const resting = isResting(feed, sessions, nowMs);
  const levels = quotes.map((quote) => symbolLevel(quote, feed, nowMs, { resting }));
  if (levels.length === 0) return { level: "STALE", why: "no price yet" };
  const best = levels.reduce((a, b) => (rank(b.level) < rank(a.level) ? b : a));
  const why = best.level === "LIVE" ? "prices arrive" : `newest price: ${best.word.toLowerCase()}`;
  return { level: best.level, why };
}

function byAge(age, feed) {
  if (age > (feed?.stale_ms ?? 10_000)) return "STALE";
  return age > (feed?.late_ms ?? 3_000) ? "LATE" : "LIVE";
}

const rank = (level) => LEVELS.indexOf(level);
