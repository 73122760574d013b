// How old prices are, in words. Pure.

export const LEVELS = ["LIVE", "LATE", "STALE"];

// The level of one symbol. A closed session is no fault of the feed.
export function symbolLevel(quote, feed, nowMs) {
  if (!quote) return { level: "STALE", word: "NO PRICE", age: null };
  const age = Math.max(0, nowMs - quote.received_ms);
  if (feed?.state === "done") return { level: "STALE", word: "ENDED", age };
  const level = byAge(age, feed);
  if (level !== "LIVE" && quote.session === "closed") return { level: "LATE", word: "CLOSED", age };
  return { level, word: level, age };
}

// The level of the whole page: the socket first, then the desk's bus, then the freshest symbol.
export function pageLevel({ open, silentMs, desk, quotes, feed, nowMs }) {
  if (!open || silentMs > 10_000) return { level: "STALE", why: "no connection to this dashboard" };
  if (desk && !desk.bus) return { level: "STALE", why: "the dashboard has lost the bus" };
  if (silentMs > 3_000) return { level: "LATE", why: "no frame for over 3 s" };
  const levels = quotes.map((quote) => symbolLevel(quote, feed, nowMs));
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
