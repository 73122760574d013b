// How long a price takes from the feed to the eye, and how far two clocks are apart. Pure.

const KEPT = 1_000;
const ASKED = 8;

// The last thousand delays.
export class Delays {
  constructor() {
    this.values = new Float64Array(KEPT);
    this.count = 0;
  }

  add(milliseconds) {
    if (!Number.isFinite(milliseconds)) return;
    this.values[this.count % KEPT] = milliseconds;
    this.count += 1;
  }

  // `{ p50, p99, count }`, by nearest rank; `null` before the first.
  summary() {
    if (this.count === 0) return null;
    const sorted = this.values.slice(0, Math.min(this.count, KEPT)).sort();
    return { p50: rank(sorted, 0.5), p99: rank(sorted, 0.99), count: sorted.length };
  }
}

const rank = (sorted, part) => sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)];

// How the dashboard's clock stands to this one, by asking it the time: of the last answers the quickest
// is believed, and it cannot be off by more than half the time it took.
export class Skew {
  constructor() {
    this.answers = [];
  }

  add(sentMs, nowMs, heardMs) {
    const took = heardMs - sentMs;
    if (!(took >= 0)) return;
    this.answers.push({ took, offset: nowMs - (sentMs + heardMs) / 2 });
    if (this.answers.length > ASKED) this.answers.shift();
  }

  // `{ offset, error }` in milliseconds: add `offset` to the time here for the time there.
  best() {
    if (this.answers.length === 0) return null;
    const best = this.answers.reduce((a, b) => (b.took < a.took ? b : a));
    return { offset: best.offset, error: best.took / 2 };
  }
}
