// The head of a pane: last price, badges, holding, levels. Text only.

import { attribute, show, text } from "./dom.js";
import { age, arrow, clockTime, direction, number, percent, shares, signed, words } from "./format.js";
import { isResting, symbolLevel } from "./freshness.js";
import { profitTitle } from "./legend.js";

const TINT_MS = 150;

export class Head {
  constructor(element, parts) {
    this.element = element;
    this.parts = parts;
    this.price = undefined;
  }

  paint(state, day) {
    const { quote, held, position } = state;
    if (quote) this.paintQuote(quote);
    this.paintHeld(held, quote);
    this.paintDay(day, quote);
    this.paintHolding(position, quote);
    this.paintLevels(state);
    this.paintOrders(state);
  }

  paintQuote(quote) {
    const { parts } = this;
    const before = this.price;
    this.price = quote.price;
    text(parts.price, number(quote.price, quote.digits));
    if (before !== undefined && before !== quote.price) this.tint(quote.price > before ? "up" : "down");
    attribute(parts.change, "data-direction", direction(quote.change));
    text(parts.arrow, quote.change === null ? "" : arrow(quote.change));
    text(parts["change-by"], signed(quote.change, quote.digits));
    text(parts["change-percent"], quote.change === null ? "" : percent(quote.change_percent));
    const known = quote.bid !== null && quote.ask !== null;
    text(parts.spread, known ? number(quote.ask - quote.bid, quote.digits) : "–");
    attribute(parts.spread, "title", known ? `bid ${number(quote.bid, quote.digits)}, ask ${number(quote.ask, quote.digits)}` : "no bid and ask from this source");
  }

  // A price that is not believed yet stands beside the last one, never in its place.
  paintHeld(held, quote) {
    const { parts } = this;
    show(parts.held, Boolean(held));
    if (!held) return;
    text(parts.held, `HELD ${number(held.price, quote?.digits ?? 2)} · ${words(held.reason)}`);
    attribute(parts.held, "title", `Received ${clockTime(held.time_ms)} ET and not believed yet (${words(held.reason)}): it counts for no bar, no order and no profit until the prices after it bear it out.`);
  }

  paintDay(day, quote) {
    const { parts } = this;
    if (!day || !quote) return;
    text(parts["day-low"], number(day.low, quote.digits));
    text(parts["day-high"], number(day.high, quote.digits));
    const width = day.high - day.low;
    const place = width > 0 ? Math.min(1, Math.max(0, (quote.price - day.low) / width)) : 0.5;
    const left = `${(place * 100).toFixed(0)}%`;
    if (parts["day-mark"].style.left !== left) parts["day-mark"].style.left = left;
  }

  paintHolding(position, quote) {
    const { parts } = this;
    const held = position && position.quantity !== 0;
    text(parts.position, held ? `${shares(position.quantity)} @ ${number(position.average_price, quote?.digits ?? 2)}` : "flat");
    attribute(parts.position, "data-held", held ? "" : null);
    const total = position?.total ?? 0;
    text(parts.profit, position ? signed(total) : "–");
    attribute(parts.profit, "data-direction", direction(total));
    attribute(parts.profit, "title", position ? profitTitle(position) : null);
  }

  paintLevels({ position, levels, quote }) {
    const { parts } = this;
    const held = position && position.quantity !== 0;
    const digits = quote?.digits ?? 2;
    show(parts["stop-fact"], Boolean(held && levels?.stop));
    show(parts["take-fact"], Boolean(held && levels?.take_profit));
    if (!held || !levels) return;
    text(parts["stop-name"], levels.trailing ? "trail" : "stop");
    attribute(parts["stop-name"], "title", levels.trailing ? "Trailing stop" : null);
    text(parts.stop, number(levels.stop, digits));
    text(parts.take, number(levels.take_profit, digits));
  }

  paintOrders({ orders, position, refusals }) {
    const { parts } = this;
    const open = [...orders.values()].find((order) => !order.done);
    show(parts.order, Boolean(open));
    const told = open ? `${words(open.side)} ${shares(open.quantity)} ${words(open.state)}`.toUpperCase() : "";
    text(parts.order, told);
    attribute(parts.order, "title", told || null);
    const unresolved = position?.unresolved ?? [...orders.values()].find((order) => order.unresolved)?.id;
    show(parts.unresolved, Boolean(unresolved));
    attribute(parts.unresolved, "title", unresolved ? `Order ${unresolved} is unresolved: the symbol is frozen` : null);
    show(parts.refused, refusals > 0);
    text(parts.refused, `${refusals} refused`);
  }

  // One soft tint at most; the style sheet switches it off where motion is unwanted.
  tint(direction) {
    const { price } = this.parts;
    attribute(price, "data-tint", direction);
    clearTimeout(this.tinting);
    this.tinting = setTimeout(() => attribute(price, "data-tint", null), TINT_MS);
  }

  paintAge(state, { feed, sessions }, nowMs) {
    const resting = isResting(feed, sessions, nowMs);
    const { level, word, age: old } = symbolLevel(state?.quote, feed, nowMs, { held: state?.held, resting });
    attribute(this.element, "data-level", level);
    attribute(this.element, "data-word", word);
    text(this.parts.age, old === null || word === "PAUSED" ? word : `${word} ${age(old)}`);
  }
}
