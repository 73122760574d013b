// The line above the panes: whose money, which feed, may it trade, what time it is, how it stands.

import { attribute, part, show, text } from "./dom.js";
import {
  clockTime, countdown, delay, direction, fullTime, number, signed, words,
} from "./format.js";
import { feedWords, isTape } from "./feedwords.js";
import { pageLevel, silentSince } from "./freshness.js";
import { phase } from "./sessions.js";

const MODES = {
  sim: "Simulated prices, paper money",
  replay: "Replayed prices, paper money",
  paper: "Real prices, paper money",
  demo: "Practice account at the broker",
  live: "Real money",
};

export class TopBar {
  constructor(element, model) {
    this.model = model;
    this.parts = Object.fromEntries(
      [...element.querySelectorAll("[data-part]")].map((child) => [child.dataset.part, child]),
    );
    this.status = part(document, "status");
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
    text(this.parts.mode, mode === "live" ? "LIVE MONEY" : mode.toUpperCase());
    attribute(this.parts.mode, "title", MODES[mode] ?? "The executor has not said yet whose money it is");
  }

  paintFeed(feed) {
    const element = this.parts.feed;
    if (!feed) return text(element, "unknown");
    const told = feedWords(feed);
    text(element, told);
    const missing = feed.missing?.length ? `\nnot served: ${feed.missing.join(" ")}` : "";
    attribute(element, "title", `${told}\n${feed.detail}${missing}`);
    attribute(element, "data-state", feed.state);
    const tape = feed.tape;
    show(this.parts.tape, Boolean(tape));
    if (!tape) return;
    this.parts["tape-bar"].value = tape.percent;
    text(this.parts["tape-word"], `${number(tape.percent, 1)}\u202f%`);
    attribute(this.parts.tape, "title", `${number(tape.rows, 0)} of ${number(tape.of, 0)} rows${tape.paused ? ", paused" : ""}`);
  }

  paintTrading(control) {
    const state = control?.state ?? "unknown";
    attribute(this.parts.trading, "data-state", state);
    text(this.parts["trading-state"], state.toUpperCase());
    const told = control && (control.by || control.why) ? `${control.by}: ${control.why}` : "";
    text(this.parts["trading-why"], told);
    const since = control ? `${state.toUpperCase()} since ${fullTime(control.at_ms / 1000)} ET` : "Trading state";
    attribute(this.parts.trading, "title", told ? `${since}\n${told}` : since);
  }

  paintAccount(account) {
    const { parts } = this;
    const digits = account && Math.abs(account.equity) >= 1e6 ? 0 : 2;
    text(parts.equity, account ? `${number(account.equity, digits)} ${account.currency}` : "–");
    text(parts["day-profit"], account ? signed(account.day_profit) : "–");
    attribute(parts["day-profit"], "data-direction", direction(account?.day_profit));
    text(parts["open-orders"], String(account?.open_orders ?? "–"));
    const unresolved = account?.unresolved ?? [];
    const warning = unresolved.length > 0 ? `${unresolved.length} unresolved` : (account?.warnings?.[0] ?? "");
    show(parts.warning, warning !== "");
    text(parts.warning, warning);
    const all = [...unresolved.map((id) => `unresolved: ${id}`), ...(account?.warnings ?? [])];
    attribute(parts.warning, "title", all.join("\n") || null);
  }

  // Time passes without frames too: clock and connection are looked at several times a second.
  paintTime(link, nowMs) {
    const quotes = [...this.model.symbols.values()].map((pane) => pane.quote).filter(Boolean);
    this.paintClock(quotes, nowMs);
    const silent = silentSince(this.model.account, quotes);
    this.paintSilence(silent);
    const { level, why, word } = pageLevel({
      open: link.isOpen(), silentMs: link.silentMs(), desk: this.model.desk, feed: this.model.feed,
      sessions: this.model.sessions, quotes, nowMs,
    });
    attribute(this.parts.link, "data-level", level);
    attribute(this.parts.link, "title", why);
    text(this.parts["link-word"], word);
    document.documentElement.dataset.level = level;
    this.announce(word, why, silent);
    return { level, why, silent };
  }

  // What the executor says is as old as its last word.
  paintSilence(since) {
    const { silent } = this.parts;
    show(silent, since !== null);
    attribute(document.documentElement, "data-executor", since === null ? null : "silent");
    if (since === null) return;
    text(silent, `EXECUTOR SILENT since ${clockTime(since)}`);
    attribute(silent, "title", `Prices arrive and the executor does not write: account, orders and trading state are as of ${clockTime(since)} ET. Nothing is known of what it does.`);
  }

  paintClock(quotes, nowMs) {
    const { feed, sessions } = this.model;
    const newest = quotes.reduce((latest, quote) => Math.max(latest, quote.time_ms), 0);
    const tape = isTape(feed) && newest > 0;
    const time = tape ? newest : nowMs;
    text(this.parts.clock, `${clockTime(time)} ET`);
    const { word, next, at, part: now } = phase(sessions, time / 1000);
    const left = at === null ? "" : ` · ${next} in ${countdown(at - time / 1000)}`;
    text(this.parts.session, `${word}${left}`);
    attribute(this.parts.session, "data-session", now);
    const clock = tape ? "the tape's time" : "New York time";
    attribute(this.parts.session, "title", at === null ? `${word}, ${clock}` : `${word}, ${next} ${fullTime(at)} ET, ${clock}`);
  }

  paintLatency(summary, skew, intervalMs) {
    const element = this.parts.latency;
    text(element, summary ? `${delay(summary.p50)} / ${delay(summary.p99)}` : "–");
    const clocks = skew ? `the clocks of this computer and the dashboard's are ${delay(skew.offset)} apart, known to ±${delay(skew.error)}` : "the clocks are not compared yet";
    attribute(element, "title", summary ? `From the feed having a price to this page having painted it: half are faster than the first number, 99 of 100 faster than the second (last ${summary.count} prices shown; a price that was overtaken before its frame is not counted).\nFrames go out every ${intervalMs} ms; ${clocks}.` : "no price was painted yet");
  }

  // Screen readers hear of changes of state, never of prices.
  announce(word, why, silent) {
    const trading = words(this.model.control?.state ?? "unknown");
    const executor = silent === null ? "" : ` The executor is silent since ${clockTime(silent)}.`;
    const said = `Prices ${word.toLowerCase()}: ${why}. Trading ${trading}.${executor}`;
    if (said === this.said) return;
    this.said = said;
    text(this.status, said);
  }
}
