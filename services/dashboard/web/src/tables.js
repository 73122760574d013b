// The drawer's tables: rows of cells from the model. Pure.
//
// A cell is a text or `{ text, direction?, title?, kind? }`.

import { clockTime, direction, number, shares, signed, stampTime, words } from "./format.js";

export const HEADS = {
  positions: ["symbol", "shares", "average", "last", "value", "unrealised", "realised", "fees", "total", "stop", "target", "leave by"],
  orders: ["time ET", "symbol", "order", "side", "shares", "filled", "price", "fee", "state", "reason", "said"],
  refusals: ["rule", "account", "here", "last time ET", "symbol", "last sentence"],
  unresolved: ["time ET", "symbol", "order", "side", "shares", "state", "said"],
  log: ["time ET", "about", "what"],
};
// Columns of words; all others are figures.
export const WORDS = {
  positions: [0], orders: [0, 1, 2, 3, 8, 9, 10], refusals: [0, 3, 4, 5], unresolved: [0, 1, 2, 3, 5, 6], log: [0, 1, 2],
};

const profit = (value) => ({ text: signed(value), direction: direction(value) });

export function positionRows(symbols) {
  return symbols.map(([symbol, pane]) => {
    const { quote, position, levels } = pane;
    const digits = quote?.digits ?? 2;
    const held = position && position.quantity !== 0;
    const when = held && levels?.leave_by_ms ? clockTime(levels.leave_by_ms) : "–";
    const level = (value) => (held && value ? number(value, digits) : "–");
    return [
      symbol,
      held ? shares(position.quantity) : "flat",
      held ? number(position.average_price, digits) : "–",
      number(quote?.price, digits),
      held && quote ? number(position.quantity * quote.price) : "–",
      held ? profit(position.unrealised) : "–",
      position ? profit(position.realised) : "–",
      position ? number(position.fees) : "–",
      position ? profit(position.total) : "–",
      level(levels?.stop),
      level(levels?.take_profit),
      when,
    ];
  });
}

// All orders of the page, newest first, each with its symbol and the decimals of its prices.
export function allOrders(symbols) {
  const all = symbols.flatMap(([symbol, pane]) => {
    const digits = pane.quote?.digits ?? 2;
    return [...pane.orders.values()].map((order) => ({ ...order, symbol, digits }));
  });
  return all.sort((a, b) => b.at_ms - a.at_ms || (a.id < b.id ? -1 : 1));
}

export function orderRow(order) {
  return [
    stampTime(order.time_ms),
    order.symbol,
    { text: order.id, order: order.id },
    { text: order.side, kind: order.side },
    order.quantity > 0 ? shares(order.quantity) : "–",
    shares(order.filled),
    order.average_price === null ? "–" : number(order.average_price, order.digits ?? 2),
    number(order.fee),
    { text: words(order.state), kind: order.done ? "done" : "open" },
    words(order.reason ?? ""),
    order.message ?? words(order.rule ?? ""),
  ];
}

// How an order got where it stands, a line a step.
export function orderSteps(order) {
  return order.steps.map((step) => [
    stampTime(step.time_ms),
    words(step.state),
    step.quantity === null ? "" : `${shares(step.quantity)} @ ${number(step.price, order.digits ?? 2)}`,
    step.message ?? "",
  ]);
}

// By rule: how often in the whole account, how often on this page, and what was said last.
export function refusalRows(orders, ofAccount) {
  const here = new Map();
  for (const order of orders) {
    const rule = order.rule ?? (order.state === "rejected" ? "rejected by the broker" : null);
    if (rule === null) continue;
    const known = here.get(rule) ?? { count: 0, last: order };
    here.set(rule, { count: known.count + 1, last: known.last });
  }
  const rules = [...new Set([...Object.keys(ofAccount ?? {}), ...here.keys()])].sort();
  return rules.map((rule) => {
    const { count, last } = here.get(rule) ?? { count: 0, last: null };
    return [
      words(rule), String(ofAccount?.[rule] ?? "–"), String(count),
      last ? stampTime(last.time_ms) : "–", last?.symbol ?? "", last?.message ?? "",
    ];
  });
}

// Orders whose fate is not known: those of this page in full, of the others the name.
export function unresolvedRows(orders, ofAccount) {
  const here = orders.filter((order) => order.unresolved);
  const elsewhere = (ofAccount ?? []).filter((id) => !here.some((order) => order.id === id));
  return [
    ...here.map((order) => [
      stampTime(order.time_ms), order.symbol, { text: order.id, order: order.id },
      { text: order.side, kind: order.side }, shares(order.quantity), words(order.state), order.message ?? "",
    ]),
    ...elsewhere.map((id) => ["–", "", id, "", "–", "unresolved", "of another dashboard, or not told here yet"]),
  ];
}

export function logRows(lines) {
  return lines.map(({ ms, kind, text }) => [clockTime(ms), { text: kind, kind }, text]).reverse();
}
