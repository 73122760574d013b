import assert from "node:assert/strict";
import { test } from "node:test";
import { barsCsv, ordersCsv } from "../src/csv.js";
import { Delays, Skew } from "../src/latency.js";
import { describeAverages, describeMarker } from "../src/legend.js";
import { Log } from "../src/log.js";
import { HEADS, allOrders, logRows, orderRow, orderSteps, positionRows, refusalRows, unresolvedRows } from "../src/tables.js";
import { tiles } from "../src/tiles.js";

const TEN_MS = 1795186800_000;
const order = (id, change) => ({
  id, side: "buy", kind: "entry", state: "filled", done: true, unresolved: false, quantity: 12, filled: 12,
  average_price: 101.5, fee: 0.25, reason: "cross_up", rule: null, message: null, time_ms: TEN_MS,
  at_ms: TEN_MS, steps: [], ...change,
});
const refused = order("A-2-B", { state: "refused", rule: "tick_age", filled: 0, average_price: null, message: "the last tick is 20 s old", at_ms: TEN_MS + 1 });
const unknown = order("A-3-B", { state: "unknown", done: false, unresolved: true, at_ms: TEN_MS + 2 });
const pane = (orders, change) => ({ quote: null, position: null, levels: null, orders: new Map(orders.map((each) => [each.id, each])), ...change });

test("percentiles are by nearest rank over the last thousand", () => {
  const delays = new Delays();
  assert.equal(delays.summary(), null);
  for (let value = 1; value <= 100; value += 1) delays.add(101 - value);
  assert.deepEqual(delays.summary(), { p50: 50, p99: 99, count: 100 });
  delays.add(Number.NaN);
  for (let value = 0; value < 1_000; value += 1) delays.add(7);
  assert.deepEqual(delays.summary(), { p50: 7, p99: 7, count: 1_000 });
});

test("of several answers the quickest tells how the clocks stand", () => {
  const skew = new Skew();
  assert.equal(skew.best(), null);
  skew.add(1_000, 6_500, 1_200);
  skew.add(2_000, 7_005, 2_010);
  skew.add(3_000, 9_000, 3_900);
  assert.deepEqual(skew.best(), { offset: 5_000, error: 5 });
  skew.add(5_000, 0, 4_000);
  assert.equal(skew.best().error, 5, "an answer from before its question is none");
  for (let index = 0; index < 8; index += 1) skew.add(0, 100, 40);
  assert.deepEqual(skew.best(), { offset: 80, error: 20 }, "old answers are forgotten");
});

test("orders are listed newest first, with price, fee and reason", () => {
  const orders = allOrders([["A", pane([order("A-1-B"), refused])], ["B", pane([])]]);
  assert.deepEqual(orders.map(({ id, symbol }) => [id, symbol]), [["A-2-B", "A"], ["A-1-B", "A"]]);
  const cells = orderRow(orders[1]).map((cell) => cell.text ?? cell);
  assert.deepEqual(cells.slice(3), ["buy", "12", "12", "101.50", "0.25", "filled", "cross up", ""]);
  for (const [name, rows] of [["orders", orders.map(orderRow)], ["refusals", refusalRows(orders, {})], ["unresolved", unresolvedRows([unknown], ["X"])], ["log", logRows([{ ms: 1, kind: "link", text: "x" }])], ["positions", positionRows([["A", pane([])]])]]) {
    for (const row of rows) assert.equal(row.length, HEADS[name].length, name);
  }
});

test("the history of an order is a line a step", () => {
  const steps = [
    { state: "submitting", time_ms: TEN_MS, quantity: null, price: null, message: null },
    { state: "partially_filled", time_ms: TEN_MS, quantity: 4, price: 101, message: "4 of 12" },
  ];
  const told = orderSteps({ steps }).map(([, ...rest]) => rest);
  assert.deepEqual(told, [["submitting", "", ""], ["partially filled", "4 @ 101.00", "4 of 12"]]);
});

test("refusals are told by rule, of the account and of this page, with the last sentence", () => {
  const rows = refusalRows([{ ...refused, symbol: "A" }], { tick_age: 5, cash: 2 });
  assert.deepEqual(rows[0].slice(0, 3), ["cash", "2", "0"]);
  assert.deepEqual([rows[1][0], rows[1][1], rows[1][2], rows[1][5]], ["tick age", "5", "1", "the last tick is 20 s old"]);
});

test("unresolved orders of other dashboards are named too, and none twice", () => {
  const rows = unresolvedRows([{ ...unknown, symbol: "A" }, order("A-1-B")], ["A-3-B", "X-9-S"]);
  assert.deepEqual(rows.map((row) => row[2].text ?? row[2]), ["A-3-B", "X-9-S"]);
});

test("a flat symbol still tells what it has made", () => {
  const position = { quantity: 0, average_price: 0, realised: -3.5, unrealised: 0, total: -3.5, fees: 0.5 };
  const [row] = positionRows([["A", pane([], { position, quote: { price: 10, digits: 2 }, levels: { stop: 9 } })]]);
  assert.deepEqual([row[1], row[6].text, row[6].direction, row[9]], ["flat", "\u22123.50", "down", "–"]);
});

test("a file for a spreadsheet holds no formula and keeps commas apart", () => {
  const evil = order("A-4-B", { symbol: "A", message: '=cmd(), "x"', time_ms: TEN_MS });
  const [head, line] = ordersCsv([evil]).split("\r\n");
  assert.equal(head.split(",").length, 14);
  assert.ok(line.includes(`"'=cmd(), ""x"""`), line);
  assert.ok(line.includes(",12,12,101.5,0.25,cross_up,,") && line.includes("2026-11-20T15:00:00.000Z"), line);
  assert.equal(barsCsv("A", [[TEN_MS / 1000, 1, -2, 0.5, 1, 9, 1]]).split("\r\n")[1], "A,2026-11-20T15:00:00.000Z,1,-2,0.5,1,9,1");
});

test("five windows stand three over two and cover the screen", () => {
  const placed = tiles(5, { left: 0, top: 20, width: 1200, height: 800 });
  assert.deepEqual(placed.map(({ left, top }) => [left, top]), [[0, 20], [400, 20], [800, 20], [0, 420], [600, 420]]);
  assert.deepEqual(placed.map(({ width }) => width), [400, 400, 400, 600, 600]);
  assert.equal(tiles(1, { left: 0, top: 0, width: 9, height: 9 })[0].width, 9);
});

test("the log tells changes once, in words, and is bounded", () => {
  const log = new Log();
  const digits = () => 2;
  const active = { state: "active", by: "provision", why: "first start", at_ms: 1 };
  const halted = { state: "halted", by: "anna", why: "news", at_ms: 2 };
  log.take({ kind: "control", before: active, after: active }, 1, digits);
  log.take({ kind: "control", before: active, after: halted }, 2, digits);
  const feed = { source: "sim", state: "live", detail: "a" };
  log.take({ kind: "feed", before: feed, after: { ...feed, detail: "b" } }, 3, digits);
  log.take({ kind: "feed", before: feed, after: { ...feed, state: "failing", detail: "no answer" } }, 3, digits);
  log.take({ kind: "held", symbol: "A", held: { price: 9, reason: "corporate_action" } }, 4, digits);
  assert.deepEqual(log.lines.map((line) => line.text), [
    "trading halted by anna: news", "feed sim failing: no answer", "A 9.00 is held back: corporate action",
  ]);
  for (let index = 0; index < 600; index += 1) log.add(index, "link", "x");
  assert.equal(log.lines.length, 500);
});

test("words for markers and averages", () => {
  const marker = { kind: "fill", side: "sell", quantity: 3, price: 9.5, reason: "stop_loss" };
  assert.equal(describeMarker(marker, 2), "SOLD 3 @ 9.50 · stop loss");
  const told = describeAverages({ vwap: 9.5, emaFast: null, emaSlow: 8 }, { ema_fast: 12, ema_slow: 26 }, 2, { vwap: true, emaFast: true, emaSlow: false });
  assert.deepEqual(told.map(([, words]) => words), ["VWAP 9.50", "", ""]);
});
