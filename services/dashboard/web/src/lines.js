// The prices that are drawn across a chart: previous close, entry, stop, take-profit. Pure.

// Beyond the bars, as part of their range and of the price: within it a line widens the scale, a
// farther one must not flatten the bars.
const ROOM = { level: [1.5, 0.012], close: [0.35, 0.002] };

// `{ key, kind, price, title, color }` of every line, top first. What is held at the broker counts
// where the strategy has not said its levels.
export function priceLines({ quote, position, levels }, shown) {
  const lines = [];
  const add = (key, kind, price, title, color) => {
    if (Number.isFinite(price)) lines.push({ key, kind, price, title, color });
  };
  if (shown.close) add("close", "close", quote?.prev_close, "prev close", "text");
  const held = position && position.quantity !== 0;
  if (held && shown.levels) {
    add("take", "level", levels?.take_profit ?? undefined, "target", "up");
    add("entry", "level", position.average_price, "entry", "line");
    add("stop", "level", levels?.stop ?? undefined, levels?.trailing ? "trailing stop" : "stop", "down");
  }
  return lines.sort((a, b) => b.price - a.price);
}

// The scale's range, widened to the lines that are near enough.
export function widened({ minValue, maxValue }, lines) {
  const range = { minValue, maxValue };
  for (const { kind, price } of lines) {
    const [ofRange, ofPrice] = ROOM[kind];
    const room = Math.max((maxValue - minValue) * ofRange, maxValue * ofPrice);
    if (price < minValue - room || price > maxValue + room) continue;
    range.minValue = Math.min(range.minValue, price);
    range.maxValue = Math.max(range.maxValue, price);
  }
  return range;
}
