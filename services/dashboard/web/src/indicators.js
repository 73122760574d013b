// Averages over one-minute bars. Pure.

import { newYorkDate } from "./format.js";
import { partAt } from "./sessions.js";

// Exponential moving average of closes, as the strategy works it out: it begins with the plain mean of
// its first period and has no value before that. `null` where it has none.
export function ema(rows, period) {
  const values = [];
  let value = 0;
  rows.forEach((row, index) => {
    const close = row[4];
    if (index < period) {
      value += close;
      if (index === period - 1) value /= period;
    } else {
      value += ((close - value) * 2) / (period + 1);
    }
    values.push(index >= period - 1 ? value : null);
  });
  return values;
}

// Where a session's average begins: with each part of the trading day, or with the New York day where
// the market never closes.
export function anchorOf(time, sessions) {
  if (!sessions || sessions.always_open) return newYorkDate(time);
  const { part, day } = partAt(sessions, time);
  return `${day?.[0] ?? newYorkDate(time)} ${part}`;
}

// Volume-weighted average price of the running session: feed it rows in their order.
export class SessionVwap {
  constructor(sessions) {
    this.sessions = sessions;
    this.clear(null);
  }

  clear(anchor) {
    Object.assign(this, { anchor, traded: 0, volume: 0, sum: 0, count: 0 });
  }

  push(row) {
    const anchor = anchorOf(row[0], this.sessions);
    if (anchor !== this.anchor) this.clear(anchor);
    this.traded += row[6] * row[5];
    this.volume += row[5];
    this.sum += row[6];
    this.count += 1;
    return this.value;
  }

  // The value if `row` were the next one; it is not counted.
  peek(row) {
    const { anchor, traded, volume, sum, count } = this;
    const value = this.push(row);
    Object.assign(this, { anchor, traded, volume, sum, count });
    return value;
  }

  // Where nothing tells the volume, the plain mean of the minutes.
  get value() {
    return this.volume > 0 ? this.traded / this.volume : this.sum / this.count;
  }
}
