// What the page knows: the fold of the dashboard's frames. Pure: no document, no clock, no socket.
//
// Invariants
// 1. Applying a frame twice changes nothing: quotes and positions are whole values, bars are keyed by
//    their start, markers by their id.
// 2. What has changed since the last paint is collected per symbol in `dirty`. A closed bar or a
//    marker stays there until it is painted, however many frames arrive in between.

// The most closed bars kept of a symbol; the dashboard keeps as many.
export const MAX_BARS = 2000;

export function createModel() {
  return {
    session: null,
    seq: 0,
    nowMs: 0,
    desk: null,
    account: null,
    control: null,
    feed: null,
    symbols: new Map(),
    deskDirty: false,
  };
}

function createSymbol() {
  return {
    quote: null,
    forming: null,
    bars: [],
    markers: new Map(),
    position: null,
    orders: [],
    refusals: 0,
    dirty: cleanDirty(),
  };
}

function cleanDirty() {
  return { any: false, reset: false, bars: [], markers: false, forming: false };
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

function begin(model, session) {
  if (model.session === session) return;
  model.session = session;
  model.seq = 0;
  model.symbols.clear();
}

function merge(model, frame) {
  model.nowMs = frame.now_ms;
  for (const key of ["desk", "account", "control", "feed"]) {
    if (frame[key] === undefined) continue;
    model[key] = frame[key];
    model.deskDirty = true;
  }
  for (const [symbol, change] of Object.entries(frame.symbols ?? {})) {
    if (!model.symbols.has(symbol)) model.symbols.set(symbol, createSymbol());
    mergeSymbol(model.symbols.get(symbol), change);
  }
}

function mergeSymbol(pane, change) {
  const { dirty } = pane;
  dirty.any = true;
  for (const key of ["quote", "position", "orders", "refusals"]) {
    if (change[key] !== undefined) pane[key] = change[key];
  }
  if (change.forming !== undefined) {
    pane.forming = change.forming;
    dirty.forming = true;
  }
  if (change.reset) {
    pane.bars = [];
    pane.markers.clear();
    Object.assign(dirty, { bars: [], reset: true, markers: true });
  }
  for (const bar of change.bars ?? []) {
    putBar(pane.bars, bar);
    if (!dirty.reset) dirty.bars.push(bar);
  }
  if (pane.bars.length > MAX_BARS) pane.bars.splice(0, pane.bars.length - MAX_BARS);
  for (const marker of change.markers ?? []) {
    pane.markers.set(marker.id, marker);
    dirty.markers = true;
  }
}

// Bars are `[time_s, open, high, low, close, volume]`, ascending, one per start.
function putBar(bars, bar) {
  let low = 0;
  let high = bars.length;
  if (high === 0 || bars[high - 1][0] < bar[0]) {
    bars.push(bar);
    return;
  }
  while (low < high) {
    const middle = (low + high) >> 1;
    if (bars[middle][0] < bar[0]) low = middle + 1;
    else high = middle;
  }
  bars.splice(low, bars[low]?.[0] === bar[0] ? 1 : 0, bar);
}
