// Numbers and times as people read them. Pure.

const MINUS = "\u2212";
const NARROW = "\u202f";

const newYork = (options) =>
  new Intl.DateTimeFormat("en-US", { timeZone: "America/New_York", hourCycle: "h23", ...options });
const clockFormat = newYork({ hour: "2-digit", minute: "2-digit", second: "2-digit" });
const minuteFormat = newYork({ hour: "2-digit", minute: "2-digit" });
const dayFormat = newYork({ month: "short", day: "numeric" });
const fullFormat = newYork({
  weekday: "short", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit",
});
const dateFormat = newYork({ year: "numeric", month: "2-digit", day: "2-digit" });
const grouped = new Map();

// A number with `digits` decimals and a real minus sign.
export function number(value, digits = 2) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  if (!grouped.has(digits)) {
    const options = { minimumFractionDigits: digits, maximumFractionDigits: digits };
    grouped.set(digits, new Intl.NumberFormat("en-US", options));
  }
  return grouped.get(digits).format(value).replace("-", MINUS);
}

// The same, always with its sign; zero has none.
export function signed(value, digits = 2) {
  const text = number(value, digits);
  return value > 0 && /[1-9]/.test(text) ? `+${text}` : text;
}

export function percent(value) {
  return value === null || value === undefined ? "–" : `${signed(value, 2)}${NARROW}%`;
}

// A share count: whole when it is whole.
export function shares(value) {
  return number(value, Number.isInteger(value) ? 0 : 4).replace(/(\.\d*?)0+$/, "$1");
}

// Volume in few characters.
export function compact(value) {
  if (value >= 1e6) return `${number(value / 1e6, 2)}M`;
  if (value >= 1e4) return `${number(value / 1e3, 1)}k`;
  return number(value, 0);
}

export function arrow(value) {
  if (value > 0) return "▲";
  return value < 0 ? "▼" : "■";
}

// For the style sheet: "up", "down" or "flat".
export function direction(value) {
  if (value > 0) return "up";
  return value < 0 ? "down" : "flat";
}

// "0.4 s", "12 s", "3 min", "2 h".
export function age(milliseconds) {
  const seconds = Math.max(0, milliseconds) / 1000;
  if (seconds < 9.95) return `${seconds.toFixed(1)}${NARROW}s`;
  if (seconds < 120) return `${Math.round(seconds)}${NARROW}s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)}${NARROW}min`;
  return `${Math.round(seconds / 3600)}${NARROW}h`;
}

// Words of the wire for people: `take_profit` becomes "take profit".
export function words(name) {
  return String(name ?? "").replaceAll("_", " ");
}

export const clockTime = (ms) => clockFormat.format(ms);
export const minuteTime = (seconds) => minuteFormat.format(seconds * 1000);
export const dayTime = (seconds) => dayFormat.format(seconds * 1000);
export const fullTime = (seconds) => fullFormat.format(seconds * 1000);
export const newYorkDate = (seconds) => dateFormat.format(seconds * 1000);
