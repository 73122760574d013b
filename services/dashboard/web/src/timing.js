// Time on this page: what time it is at the dashboard, and how long prices take to the eye.

import { Delays, Skew } from "./latency.js";

const ASK_MS = 10_000;
const FIRST_ASKS_MS = [0, 500, 1_500, 3_000];

export const clock = () => performance.timeOrigin + performance.now();

export class Timing {
  constructor() {
    this.skew = new Skew();
    this.delays = new Delays();
    this.offset = 0;
    // Prices that were waiting for us, after a break, say nothing about how long they take.
    this.catchingUp = true;
    this.painted = new Map();
    this.fresh = [];
  }

  // Asks the dashboard for its time, often at first.
  start(link) {
    const ask = () => document.hidden || link.ping(clock());
    for (const later of FIRST_ASKS_MS) setTimeout(ask, later);
    setInterval(ask, ASK_MS);
    document.addEventListener("visibilitychange", () => {
      this.catchingUp = true;
    });
  }

  // A frame carries the time too: good enough until the first answer.
  roughly(frameMs) {
    if (frameMs && this.skew.best() === null) this.offset = frameMs - clock();
  }

  answered({ sent_ms: sent, now_ms: there }) {
    this.skew.add(sent, there, clock());
    this.offset = this.skew.best()?.offset ?? this.offset;
  }

  now() {
    return clock() + this.offset;
  }

  // Notes the prices that are being painted.
  paintedQuotes(symbols) {
    const fresh = [];
    for (const [symbol, { quote }] of symbols) {
      if (!quote || this.painted.get(symbol) === quote.seq) continue;
      this.painted.set(symbol, quote.seq);
      fresh.push(quote.received_ms);
    }
    const waited = this.catchingUp || this.skew.best() === null;
    this.catchingUp = false;
    this.fresh = waited ? [] : fresh;
  }

  // The picture with them has gone to the screen.
  seen() {
    for (const received of this.fresh) this.delays.add(this.now() - received);
    this.fresh = [];
  }
}
