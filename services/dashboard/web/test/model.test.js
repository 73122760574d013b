import assert from "node:assert/strict";
import { test } from "node:test";
import { Log } from "../src/log.js";
import { MAX_BARS, MAX_ORDERS, applyFrame, createModel, takeDirty, takeNews } from "../src/model.js";

const bar = (minute, close = 10) => [minute * 60, 10, 11, 9, close, 100, 10];
const order = (id, change) => ({ id, done: true, unresolved: false, at_ms: 1, ...change });
const snapshot = (symbols, seq = 5) => ({ type: "snapshot", session: "s", seq, now_ms: 1, symbols });
const delta = (from_seq, to_seq, symbols) => ({ type: "delta", session: "s", from_seq, to_seq, now_ms: 1, symbols });

function modelWith(pane) {
  const model = createModel();
  applyFrame(model, snapshot({ A: { reset: true, ...pane } }));
  takeDirty(model, "A");
  return model;
}

test("a closed bar and a marker wait for the paint, however many frames come in between", () => {
  const model = modelWith({ bars: [bar(1)] });
  applyFrame(model, delta(5, 6, { A: { bars: [bar(2)], markers: [{ id: "m" }] } }));
  applyFrame(model, delta(6, 7, { A: { quote: { price: 1 } } }));
  applyFrame(model, delta(7, 8, { A: { bars: [bar(3)], quote: { price: 2 } } }));
  const dirty = takeDirty(model, "A");
  assert.equal(dirty.since, 120, "from the first of them on");
  assert.deepEqual(model.symbols.get("A").bars, [bar(1), bar(2), bar(3)]);
  assert.ok(dirty.markers);
  assert.equal(takeDirty(model, "A"), null);
});

test("other sessions make every pane be painted, also where no price comes", () => {
  const model = modelWith({ bars: [bar(1)] });
  applyFrame(model, { ...delta(5, 6, {}), sessions: { days: [] } });
  assert.ok(takeDirty(model, "A").any);
});

test("a frame applied twice changes nothing", () => {
  const model = modelWith({ bars: [bar(1)] });
  const frame = delta(5, 6, { A: { bars: [bar(2)], markers: [{ id: "m" }] } });
  applyFrame(model, frame);
  applyFrame(model, frame);
  const { bars, markers } = model.symbols.get("A");
  assert.deepEqual(bars, [bar(1), bar(2)]);
  assert.equal(markers.size, 1);
});

test("a bar that comes again replaces the first, a late one goes to its place", () => {
  const model = modelWith({ bars: [bar(1), bar(3)] });
  applyFrame(model, delta(5, 6, { A: { bars: [bar(3, 12), bar(2)] } }));
  assert.deepEqual(model.symbols.get("A").bars, [bar(1), bar(2), bar(3, 12)]);
});

test("missing frames and another session are a gap", () => {
  const model = modelWith({});
  assert.equal(applyFrame(model, delta(6, 7, {})), "gap");
  assert.equal(applyFrame(model, { ...delta(5, 6, {}), session: "other" }), "gap");
  assert.equal(model.seq, 5);
});

test("an overlapping delta is taken and never turns the number back", () => {
  const model = modelWith({});
  assert.equal(applyFrame(model, delta(3, 4, {})), "applied");
  assert.equal(model.seq, 5);
});

test("a reset forgets bars and markers of the line before", () => {
  const model = modelWith({ bars: [bar(9)], markers: [{ id: "old" }] });
  applyFrame(model, delta(5, 6, { A: { reset: true, bars: [bar(1)], markers: [{ id: "new" }] } }));
  const { bars, markers } = model.symbols.get("A");
  assert.deepEqual(bars, [bar(1)]);
  assert.deepEqual([...markers.keys()], ["new"]);
});

test("bars are bounded", () => {
  const model = modelWith({ bars: Array.from({ length: MAX_BARS }, (_, index) => bar(index)) });
  applyFrame(model, delta(5, 6, { A: { bars: [bar(MAX_BARS)] } }));
  const { bars } = model.symbols.get("A");
  assert.equal(bars.length, MAX_BARS);
  assert.equal(bars.at(-1)[0], MAX_BARS * 60);
});

test("a correction of an old bar is drawn from there on, the same bar again is none", () => {
  const model = modelWith({ bars: [bar(1), bar(2), bar(3)], forming: bar(4) });
  const before = model.symbols.get("A").revision;
  applyFrame(model, delta(5, 6, { A: { bars: [bar(2)], forming: bar(4, 11) } }));
  assert.equal(model.symbols.get("A").revision, before);
  assert.equal(takeDirty(model, "A").since, 240, "only the forming one has moved");
  applyFrame(model, delta(6, 7, { A: { bars: [bar(1, 12)] } }));
  assert.notEqual(model.symbols.get("A").revision, before);
  assert.equal(takeDirty(model, "A").since, 60);
});

test("a forming bar that is taken back leaves nothing behind", () => {
  const model = modelWith({ bars: [bar(1)], forming: bar(2) });
  applyFrame(model, delta(5, 6, { A: { forming: null } }));
  assert.equal(takeDirty(model, "A").since, -Infinity);
  const closed = modelWith({ bars: [bar(1)], forming: bar(2) });
  applyFrame(closed, delta(5, 6, { A: { forming: null, bars: [bar(2, 11)] } }));
  assert.equal(takeDirty(closed, "A").since, 120);
});

test("an order is known by its id, and the oldest finished ones go first", () => {
  const model = modelWith({ orders: [order("open", { done: false, at_ms: 0 })] });
  const many = Array.from({ length: MAX_ORDERS + 5 }, (_, index) => order(`o${index}`, { at_ms: index }));
  applyFrame(model, delta(5, 6, { A: { orders: many } }));
  applyFrame(model, delta(6, 7, { A: { orders: [order(`o${MAX_ORDERS}`, { at_ms: 900, fee: 2 })] } }));
  const { orders } = model.symbols.get("A");
  assert.equal(orders.size, MAX_ORDERS);
  assert.ok(orders.has("open") && !orders.has("o0"));
  assert.equal(orders.get(`o${MAX_ORDERS}`).fee, 2);
});

test("a held price is never the last one, and its end is told", () => {
  const model = modelWith({ quote: { price: 1 } });
  applyFrame(model, delta(5, 6, { A: { held: { price: 9, reason: "outlier" } } }));
  const pane = model.symbols.get("A");
  assert.deepEqual([pane.quote.price, pane.held.price], [1, 9]);
  applyFrame(model, delta(6, 7, { A: { held: null, quote: { price: 2 } } }));
  assert.deepEqual([pane.quote.price, pane.held], [2, null]);
  assert.deepEqual(takeNews(model).map((news) => news.kind), ["held", "held"]);
});

test("only what is new is news, and what waits is bounded", () => {
  const model = modelWith({ markers: [{ id: "old" }] });
  applyFrame(model, delta(5, 6, { A: { markers: [{ id: "old" }, { id: "new" }] } }));
  assert.deepEqual(takeNews(model).map((news) => news.marker.id), ["new"]);
  const many = Array.from({ length: 999 }, (_, index) => ({ id: `m${index}`, time_s: index }));
  applyFrame(model, delta(6, 7, { A: { markers: many } }));
  assert.ok(takeNews(model).length <= 200);
  assert.equal(model.symbols.get("A").markers.size, 500);
});

test("what has traded lately is told, what a late joiner is handed of before is only noted, at its own time", () => {
  const model = modelWith({});
  const fill = (id) => ({ id: `${id}/1`, kind: "fill", side: "buy", quantity: 1, price: 9, time_s: 60 });
  const now = 1_000_000;
  applyFrame(model, { ...delta(5, 6, { A: {
    markers: [fill("A-old-B"), fill("A-new-B"), fill("A-gone-B")],
    orders: [order("A-old-B", { at_ms: now - 60_000 }), order("A-new-B", { at_ms: now - 59_999 })],
  } }), now_ms: now });
  const news = takeNews(model);
  assert.deepEqual(news.map(({ recent, at_ms }) => [recent, at_ms]), [[false, now - 60_000], [true, now - 59_999], [false, null]]);
  const log = new Log();
  log.add(now - 59_999.5, "link", "connected");
  for (const each of news.slice(0, 2)) log.take(each, now, () => 2);
  assert.deepEqual(log.lines.map(({ ms }) => ms), [now - 60_000, now - 59_999.5, now - 59_999]);
});

test("the dashboard's gaps are the page's; of one that tells none the last is known", () => {
  const minute = 60_000;
  const model = modelWith({ bars: [bar(1)], quote: { price: 1, gap_ms: null } });
  const { gaps } = model.symbols.get("A");
  assert.deepEqual(gaps, []);
  applyFrame(model, delta(5, 6, { A: { forming: bar(9), quote: { price: 1, gap_ms: 9 * minute + 1 } } }));
  assert.deepEqual(model.symbols.get("A").gaps, [[2 * minute, 9 * minute + 1]]);
  assert.equal(takeDirty(model, "A").since, -Infinity, "what is quiet or missing is drawn anew");
  applyFrame(model, delta(6, 7, { A: { bars: [bar(8)], quote: { price: 1, gap_ms: 9 * minute + 1 } } }));
  assert.deepEqual(model.symbols.get("A").gaps, [[2 * minute, 9 * minute + 1]], "a late bar makes it no shorter");
  assert.equal(takeDirty(model, "A").since, 480);
  applyFrame(model, delta(7, 8, { A: { gaps: [[1, 2]] } }));
  applyFrame(model, delta(8, 9, { A: { quote: { price: 1, gap_ms: 20 * minute } } }));
  assert.deepEqual(model.symbols.get("A").gaps, [[1, 2]]);
});
