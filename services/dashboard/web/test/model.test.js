import assert from "node:assert/strict";
import { test } from "node:test";
import { MAX_BARS, applyFrame, createModel, takeDirty } from "../src/model.js";

const bar = (minute, close = 10) => [minute * 60, 10, 11, 9, close, 100];
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
  assert.deepEqual(dirty.bars, [bar(2), bar(3)]);
  assert.ok(dirty.markers);
  assert.equal(takeDirty(model, "A"), null);
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
