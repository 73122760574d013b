// One symbol on the page: its header, its badges, its chart. Reads the model, writes the document.

import { Chart } from "./chart.js";
import { attribute, part, show, text } from "./dom.js";
import { age, arrow, direction, number, percent, shares, signed, words } from "./format.js";
import { symbolLevel } from "./freshness.js";
import { describeBar, describeMarker, summary } from "./legend.js";
import { onTheme } from "./theme.js";

export class Pane {
  constructor(element, model) {
    this.element = element;
    this.symbol = element.dataset.symbol;
    this.model = model;
    const accent = element.dataset.accent || null;
    if (accent) element.style.setProperty("--accent", accent);
    this.parts = Object.fromEntries(
      [...element.querySelectorAll("[data-part]")].map((child) => [child.dataset.part, child]),
    );
    this.chart = new Chart(part(element, "chart"), accent);
    this.hovered = null;
    onTheme(() => this.redraw());
  }

  get state() {
    return this.model.symbols.get(this.symbol);
  }

  // Draws what has changed.
  paint(dirty) {
    const { quote, bars, forming, position } = this.state;
    if (quote) this.chart.setDigits(quote.digits);
    if (!this.drawBars(dirty, bars, forming)) this.chart.reset(bars, forming);
    if (dirty.markers || dirty.reset) this.drawMarkers();
    const held = position && position.quantity !== 0 ? position.average_price : null;
    this.chart.setEntry(held);
    this.drawHeader();
    this.drawLegend();
    show(this.parts.empty, bars.length === 0 && !forming);
  }

  drawBars(dirty, bars, forming) {
    if (dirty.reset) return false;
    const changed = dirty.forming && forming ? [...dirty.bars, forming] : dirty.bars;
    const last = bars.at(-1);
    return changed.every((bar) => {
      const covered = bar === forming && last && forming[0] <= last[0];
      return covered || this.chart.update(bar);
    });
  }

  drawMarkers() {
    const first = this.state.bars[0]?.[0] ?? 0;
    const drawn = [...this.state.markers.values()]
      .filter((marker) => marker.time_s >= first)
      .sort((a, b) => a.time_s - b.time_s);
    this.chart.setMarkers(drawn);
  }

  drawHeader() {
    const { quote, position, orders, refusals } = this.state;
    const { parts } = this;
    if (quote) this.drawQuote(quote);
    const holds = position && position.quantity !== 0;
    text(parts.position, holds ? `${shares(position.quantity)} @ ${number(position.average_price, quote?.digits ?? 2)}` : "flat");
    attribute(parts.position, "data-held", holds ? "" : null);
    this.drawProfit(position);
    const open = orders[0];
    show(parts.order, Boolean(open));
    if (open) text(parts.order, `${words(open.side)} ${shares(open.quantity)} ${words(open.state)}`.toUpperCase());
    show(parts.unresolved, Boolean(position?.unresolved));
    attribute(parts.unresolved, "title", position?.unresolved ? `Order ${position.unresolved} is unresolved: the symbol is frozen` : null);
    show(parts.refused, refusals > 0);
    text(parts.refused, `${refusals} refused`);
    text(parts.summary, summary(this.symbol, this.state));
  }

  drawQuote(quote) {
    const { parts } = this;
    const before = this.price;
    this.price = quote.price;
    text(parts.price, number(quote.price, quote.digits));
    if (before !== undefined && before !== quote.price) this.tint(quote.price > before ? "up" : "down");
    attribute(parts.change, "data-direction", direction(quote.change));
    text(parts.arrow, quote.change === null ? "" : arrow(quote.change));
    text(parts["change-by"], signed(quote.change, quote.digits));
    text(parts["change-percent"], quote.change === null ? "" : percent(quote.change_percent));
    const spread = quote.bid !== null && quote.ask !== null ? number(quote.ask - quote.bid, quote.digits) : "–";
    text(parts.spread, spread);
    attribute(parts.spread, "title", quote.bid === null ? "no bid and ask from this source" : `bid ${number(quote.bid, quote.digits)}, ask ${number(quote.ask, quote.digits)}`);
  }

  drawProfit(position) {
    const { profit } = this.parts;
    const total = position?.total ?? 0;
    text(profit, position ? signed(total) : "–");
    attribute(profit, "data-direction", direction(total));
    attribute(profit, "title", position ? `unrealised ${signed(position.unrealised)}, realised ${signed(position.realised)}` : null);
  }

  // One soft tint at most; the style sheet switches it off where motion is unwanted.
  tint(direction) {
    const { price } = this.parts;
    attribute(price, "data-tint", direction);
    clearTimeout(this.tinting);
    this.tinting = setTimeout(() => attribute(price, "data-tint", null), 150);
  }

  drawAge(nowMs) {
    const { quote } = this.state ?? {};
    const { level, word, age: old } = symbolLevel(quote, this.model.feed, nowMs);
    attribute(this.element, "data-level", level);
    text(this.parts.age, old === null ? word : `${word} ${age(old)}`);
  }

  point(time) {
    this.hovered = time;
    this.drawLegend();
  }

  drawLegend() {
    const { bars, forming, markers, quote } = this.state ?? { bars: [], markers: new Map() };
    const digits = quote?.digits ?? 2;
    const shown = this.hovered === null ? (forming ?? bars.at(-1)) : this.barAt(this.hovered);
    text(this.parts.legend, shown ? describeBar(shown, digits, this.hovered !== null) : "");
    attribute(this.parts.legend, "data-hovered", this.hovered === null ? null : "");
    const here = this.hovered === null ? [] : [...markers.values()].filter((marker) => marker.time_s === this.hovered);
    text(this.parts.events, here.map((marker) => describeMarker(marker, digits)).join("\n"));
    show(this.parts.events, here.length > 0);
  }

  barAt(time) {
    const { bars, forming } = this.state ?? { bars: [] };
    return bars.find((bar) => bar[0] === time) ?? (forming?.[0] === time ? forming : undefined);
  }

  toggleKind() {
    this.chart.setKind(this.chart.kind === "candles" ? "line" : "candles");
    this.redraw();
  }

  redraw() {
    this.chart.applyTheme();
    if (!this.state) return;
    this.chart.reset(this.state.bars, this.state.forming);
    this.drawMarkers();
  }
}
