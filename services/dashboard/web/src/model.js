// What the page knows: the fold of the dashboard's frames. Pure: no document, no clock, no socket.
//
// Invariants
// 1. Applying a frame twice changes nothing: quotes and positions are whole values, bars are keyed by
//    their start, markers and orders by their id.
// 2. What has changed since the last paint is collected per symbol in `dirty`. A closed bar or a
//    marker stays there until it is painted, however many frames arrive in between.
// 3. Nothing grows without end: bars, markers, orders and news are bounded.

import { withGap } from "./holes.js";

// The most closed bars, markers and orders kept of a symbol; the dashboard keeps as many.
export const MAX_BARS = 2000;
export const MAX_MARKERS = 500;
export const MAX_ORDERS = 200;
// What may wait to be written into the page's log.
const MAX_NEWS = 200;

// A page that joins late is handed old events in a delta too: they are no news to a person.
const RECENT_MS = 60_000;

const DESK = ["desk", "account", "control", "feed", "sessions"];
const PANE = ["quote", "position", "levels", "refusals"];

export function createModel() {
  return {
    session: null,
    seq: 0,
    nowMs: 0,
    desk: null,
    account: null,
    control: null,
    feed: null,
    sessions: null,
    symbols: new Map(),
    deskDirty: false,
    news: [],
  };
}

function createSymbol() {
  return {
    quote: null,
    held: null,
    forming: null,
    bars: [],
    revision: 0,
    // Time whose prices are known to be missing, `[from_ms, to_ms]`.
    gaps: [],
    gapsTold: false,
    gapSeen: null,
    markers: new Map(),
    position: null,
    levels: null,
    orders: new Map(),
    refusals: 0,
    dirty: cleanDirty(),
  };
}

// `since`: start of the oldest bar that has changed, seconds; `Infinity` when none has.
function cleanDirty() {
  return { any: false, since: Infinity, markers: false, orders: false, levels: false };
}

// Applies a snapshot or a delta. Returns "applied", or "gap" when frames are missing before it.
export function applyFrame(model, frame) {
  if (frame.type === "snapshot") {
    begin(model, frame.session);
    merge(model, frame);
    model.seq = frame.seq;
    return "applied";
  }
  if (frame.session !== model.session || frame.from_seq > model.seq) return "gap";
  merge(model, frame);
  model.seq = Math.max(model.seq, frame.to_seq);
  return "applied";
}

// Hands out what has changed for `symbol` since the last call, and forgets it.
export function takeDirty(model, symbol) {
  const pane = model.symbols.get(symbol);
  if (!pane || !pane.dirty.any) return null;
  const taken = pane.dirty;
  pane.dirty = cleanDirty();
  return taken;
}

// Hands out what is worth telling since the last call, oldest first.
export function takeNews(model) {
  return model.news.splice(0, model.news.length);
}

function begin(model, session) {
  if (model.session === session) return;
  model.session = session;
  model.seq = 0;
  model.symbols.clear();
}

function merge(model, frame) {
  model.nowMs = frame.now_ms;
  const live = frame.type === "delta";
  for (const key of DESK) {
    if (frame[key] === undefined) continue;
    tell(model, { kind: key, before: model[key], after: frame[key] });
    model[key] = frame[key];
    model.deskDirty = true;
  }
  for (const [symbol, change] of Object.entries(frame.symbols ?? {})) {
    if (!model.symbols.has(symbol)) model.symbols.set(symbol, createSymbol());
    const pane = model.symbols.get(symbol);
    if (!live) pane.orders.clear();
    if (live) tellChanges(model, symbol, pane, change);
    mergeSymbol(pane, change);
  }
  // Shading and axes follow the sessions, price or no price.
  if (frame.sessions !== undefined) for (const pane of model.symbols.values()) pane.dirty.any = true;
}

function mergeSymbol(pane, change) {
  const { dirty } = pane;
  dirty.any = true;
  for (const key of PANE) {
    if (change[key] !== undefined) pane[key] = change[key];
  }
  if (change.held !== undefined) pane.held = change.held;
  dirty.levels ||= change.levels !== undefined;
  if (change.reset) {
    Object.assign(pane, { bars: [], revision: pane.revision + 1 });
    if (!pane.gapsTold) Object.assign(pane, { gaps: [], gapSeen: null });
    pane.markers.clear();
    Object.assign(dirty, { since: -Infinity, markers: true });
  }
  for (const bar of change.bars ?? []) {
    if (!putBar(pane.bars, bar)) continue;
    pane.revision += 1;
    dirty.since = Math.min(dirty.since, bar[0]);
  }
  if (pane.bars.length > MAX_BARS) pane.bars.splice(0, pane.bars.length - MAX_BARS);
  if (change.forming !== undefined) mergeForming(pane, change.forming);
  mergeGaps(pane, change);
  for (const marker of change.markers ?? []) {
    pane.markers.set(marker.id, marker);
    dirty.markers = true;
  }
  for (const order of change.orders ?? []) {
    pane.orders.set(order.id, order);
    dirty.orders = true;
  }
  drop(pane.markers, MAX_MARKERS, () => true, "time_s");
  drop(pane.orders, MAX_ORDERS, (order) => order.done, "at_ms");
}

function mergeForming(pane, forming) {
  // One that is gone, because its minute has been closed, may leave a bar behind that nothing covers.
  const gone = pane.forming && !forming && (pane.bars.at(-1)?.[0] ?? 0) < pane.forming[0];
  pane.dirty.since = gone ? -Infinity : Math.min(pane.dirty.since, forming?.[0] ?? Infinity);
  pane.forming = forming;
}

// The dashboard tells the gaps; of one that does not, the page knows the last.
function mergeGaps(pane, { gaps }) {
  const last = pane.quote?.gap_ms ?? null;
  if (gaps !== undefined) Object.assign(pane, { gaps, gapsTold: true });
  else if (pane.gapsTold || last === null || last === pane.gapSeen) return;
  else pane.gaps = withGap(pane.gaps, pane.bars, last);
  pane.gapSeen = last;
  pane.dirty.since = -Infinity;
}

// Drops the oldest that may go, by `key`, until `limit` are left.
function drop(map, limit, mayGo, key) {
  if (map.size <= limit) return;
  const old = [...map.values()].filter(mayGo).sort((a, b) => a[key] - b[key]);
  for (const { id } of old.slice(0, map.size - limit)) map.delete(id);
}

// Bars are ascending, one per start. Returns false when the same bar was there already.
function putBar(bars, bar) {
  let low = 0;
  let high = bars.length;
  if (high === 0 || bars[high - 1][0] < bar[0]) {
    bars.push(bar);
    return true;
  }
  while (low < high) {
    const middle = (low + high) >> 1;
    if (bars[middle][0] < bar[0]) low = middle + 1;
    else high = middle;
  }
  const present = bars[low]?.[0] === bar[0] ? bars[low] : null;
  if (present?.every((value, index) => value === bar[index])) return false;
  bars.splice(low, present ? 1 : 0, bar);
  return true;
}

function tellChanges(model, symbol, pane, change) {
  for (const marker of change.markers ?? []) {
    if (pane.markers.has(marker.id)) continue;
    const wrote = orderOf(marker, pane, change)?.at_ms ?? null;
    const recent = wrote !== null && model.nowMs - wrote < RECENT_MS;
    tell(model, { kind: "marker", symbol, marker, at_ms: wrote, recent });
  }
  for (const order of change.orders ?? []) {
    const before = pane.orders.get(order.id);
    if (order.unresolved && !before?.unresolved) tell(model, { kind: "unresolved", symbol, order, at_ms: order.at_ms });
  }
  if (change.held !== undefined && Boolean(change.held) !== Boolean(pane.held)) {
    tell(model, { kind: "held", symbol, held: change.held });
  }
  const gap = change.quote?.gap_ms;
  if (gap && gap !== pane.quote?.gap_ms) tell(model, { kind: "gap", symbol, time_ms: gap });
}

// A marker is named by its order and the fill.
function orderOf(marker, pane, change) {
  const id = marker.id.slice(0, Math.max(0, marker.id.lastIndexOf("/")));
  return change.orders?.find((order) => order.id === id) ?? pane.orders.get(id);
}

function tell(model, news) {
  model.news.push(news);
  if (model.news.length > MAX_NEWS) model.news.shift();
}
