// What has happened on this page since it was opened, in words, by its own time, newest last. Pure.

import { clockTime, number, words } from "./format.js";
import { describeMarker } from "./legend.js";

const MAX_LINES = 500;

export class Log {
  constructor() {
    this.lines = [];
    this.revision = 0;
  }

  // `kind` is one of link, feed, trading, fill, refused, price.
  add(ms, kind, text) {
    let place = this.lines.length;
    while (place > 0 && this.lines[place - 1].ms > ms) place -= 1;
    this.lines.splice(place, 0, { ms, kind, text });
    if (this.lines.length > MAX_LINES) this.lines.shift();
    this.revision += 1;
  }

  // Takes one piece of the model's news, heard at `ms`; what is no news to a person gives no line.
  take(news, ms, digitsOf) {
    const told = sentence(news, digitsOf);
    if (told) this.add(news.at_ms ?? ms, told.kind, told.text);
  }
}

function sentence(news, digitsOf) {
  const { symbol } = news;
  switch (news.kind) {
    case "control": return control(news);
    case "feed": return feed(news);
    case "desk": return desk(news);
    case "marker": {
      const kind = news.marker.kind === "fill" ? "fill" : "refused";
      return { kind, text: `${symbol} ${describeMarker(news.marker, digitsOf(symbol))}` };
    }
    case "unresolved": return { kind: "refused", text: `${symbol} order ${news.order.id} is unresolved: whether the broker has it is not known` };
    case "held": return held(news, digitsOf(symbol));
    case "gap": return { kind: "price", text: `${symbol} prices before ${clockTime(news.time_ms)} ET are missing: the source was away` };
    default: return null;
  }
}

function control({ before, after }) {
  if (before && before.state === after.state && before.at_ms === after.at_ms) return null;
  const who = after.by ? ` by ${after.by}` : "";
  return { kind: "trading", text: `trading ${after.state}${who}${after.why ? `: ${after.why}` : ""}` };
}

function feed({ before, after }) {
  const same = before && before.state === after.state && before.source === after.source;
  // A tape's detail counts rows: only a failure is worth a line each time it changes.
  if (same && (after.state !== "failing" || before.detail === after.detail)) return null;
  return { kind: "feed", text: `feed ${after.source} ${after.state}: ${after.detail}` };
}

function desk({ before, after }) {
  if (!before || before.bus === after.bus) return null;
  return { kind: "link", text: after.bus ? "the dashboard has the bus again" : "the dashboard has lost the bus" };
}

function held({ symbol, held: price }, digits) {
  if (!price) return { kind: "price", text: `${symbol} no price is held back any more` };
  return { kind: "price", text: `${symbol} ${number(price.price, digits)} is held back: ${words(price.reason)}` };
}
