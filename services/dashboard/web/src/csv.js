// Tables as comma-separated text. Pure.

// Bars of a pane as they are drawn.
export function barsCsv(symbol, rows) {
  const head = ["symbol", "start", "open", "high", "low", "close", "volume", "vwap"];
  return table(head, rows.map(([time, ...values]) => [symbol, iso(time * 1000), ...values]));
}

// Orders, oldest first.
export function ordersCsv(orders) {
  const head = ["symbol", "id", "side", "kind", "state", "quantity", "filled", "average_price", "fee",
    "reason", "rule", "message", "time", "written_at"];
  const rows = orders.map((order) => [
    order.symbol, order.id, order.side, order.kind, order.state, order.quantity, order.filled,
    order.average_price, order.fee, order.reason, order.rule, order.message, iso(order.time_ms),
    iso(order.at_ms),
  ]);
  return table(head, rows);
}

function table(head, rows) {
  return [head, ...rows].map((row) => row.map(cell).join(",")).join("\r\n") + "\r\n";
}

// A text that a spreadsheet would take for a formula is shown as text.
function cell(value) {
  if (value === null || value === undefined) return "";
  if (typeof value === "number") return String(value);
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

const iso = (ms) => new Date(ms).toISOString();
