// The line above the panes: whose money, which feed, may it trade, what time it is, how it stands.

import { attribute, part, show, text } from "./dom.js";
import { age, clockTime, direction, number, signed, words } from "./format.js";
import { pageLevel } from "./freshness.js";

const MODES = {
  sim: "Simulated prices, paper money",
  replay: "Replayed prices, paper money",
  paper: "Real prices, paper money",
  demo: "Practice account at the broker",
  live: "Real money",
};
const SESSIONS = { pre: "pre-market", regular: "open", post: "after hours", closed: "closed" };

export class TopBar {
  constructor(element, model) {
    this.element = element;
    this.model = model;
    this.level = null;
  }

  paint() {
    const { desk, feed, control, account } = this.model;
    this.paintMode(desk);
    this.paintFeed(feed);
    this.paintTrading(control);
    this.paintAccount(account);
  }

  paintMode(desk) {
    const mode = desk?.mode ?? "unknown";
    document.documentElement.dataset.mode = mode;
    const element = part(this.element, "mode");
    text(element, mode === "live" ? "LIVE MONEY" : mode.toUpperCase());
    attribute(element, "title", MODES[mode] ?? "The executor has not said yet whose money it is");
  }

  paintFeed(feed) {
    const element = part(this.element, "feed");
    if (!feed) return text(element, "feed unknown");
    const delay = feed.delay_ms > 0 ? `, ${age(feed.delay_ms)} delayed` : "";
    const speed = feed.clock === "tape" && feed.source === "replay" ? `, ${feed.speed > 0 ? `${number(feed.speed, 0)}×` : "full speed"}` : "";
    const state = feed.state === "live" ? "" : ` · ${feed.state}`;
    text(element, `${feed.source}${speed}${delay}${state}`);
    attribute(element, "title", feed.detail);
    attribute(element, "data-state", feed.state);
  }

  paintTrading(control) {
    const element = part(this.element, "trading");
    const state = control?.state ?? "unknown";
    attribute(element, "data-state", state);
    text(part(element, "trading-state"), state.toUpperCase());
    const told = control && (control.by || control.why) ? `${control.by}: ${control.why}` : "";
    text(part(element, "trading-why"), state === "active" ? "" : told);
    attribute(element, "title", told || "Trading state");
  }

  paintAccount(account) {
    const digits = account && Math.abs(account.equity) >= 1e6 ? 0 : 2;
    text(part(this.element, "equity"), account ? `${number(account.equity, digits)} ${account.currency}` : "–");
    const profit = part(this.element, "day-profit");
    text(profit, account ? signed(account.day_profit) : "–");
    attribute(profit, "data-direction", direction(account?.day_profit));
    text(part(this.element, "open-orders"), String(account?.open_orders ?? "–"));
    const unresolved = account?.unresolved ?? [];
    const warning = unresolved.length > 0 ? `${unresolved.length} unresolved` : (account?.warnings?.[0] ?? "");
    const element = part(this.element, "warning");
    show(element, warning !== "");
    text(element, warning);
    const all = [...unresolved.map((id) => `unresolved: ${id}`), ...(account?.warnings ?? [])];
    attribute(element, "title", all.join("\n") || null);
  }

  // Time passes without frames too: clock and connection are looked at several times a second.
  paintTime(link, nowMs) {
    const quotes = [...this.model.symbols.values()].map((pane) => pane.quote).filter(Boolean);
    this.paintClock(quotes, nowMs);
    const { level, why } = pageLevel({
      open: link.isOpen(), silentMs: link.silentMs(), desk: this.model.desk, feed: this.model.feed,
      quotes, nowMs,
    });
    const element = part(this.element, "link");
    attribute(element, "data-level", level);
    attribute(element, "title", why);
    text(part(element, "link-word"), level);
    document.documentElement.dataset.level = level;
    this.announce(level, why);
  }

  paintClock(quotes, nowMs) {
    const newest = quotes.reduce((latest, quote) => (quote.time_ms > (latest?.time_ms ?? 0) ? quote : latest), null);
    const tape = this.model.feed?.source === "replay" && newest;
    text(part(this.element, "clock"), `${clockTime(tape ? newest.time_ms : nowMs)} ET`);
    const session = this.model.feed?.source === "sim" ? "always open" : SESSIONS[newest?.session];
    text(part(this.element, "session"), session ?? "");
  }

  // Screen readers hear of changes of state, never of prices.
  announce(level, why) {
    const trading = words(this.model.control?.state ?? "unknown");
    const said = `Prices ${level.toLowerCase()}: ${why}. Trading ${trading}.`;
    if (said === this.said) return;
    this.said = said;
    text(document.querySelector("[data-part='status']"), said);
  }
}
