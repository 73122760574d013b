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
const stampFormat = newYork({ month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit" });
const grouped = new Map();
const dates = new Map();
const MAX_DATES = 4_000;

// A number with `digits` decimals and a real minus sign; what is rounded to zero has none.
export function number(value, digits = 2) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  if (!grouped.has(digits)) {
    const options = { minimumFractionDigits: digits, maximumFractionDigits: digits };
    grouped.set(digits, new Intl.NumberFormat("en-US", options));
  }
  const text = grouped.get(digits).format(value);
  return /[1-9]/.test(text) ? text.replace("-", MINUS) : text.replace("-", "");
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

// A time to go: "4:32", "5 h 27 min", "2 d 15 h".
export function countdown(seconds) {
  const left = Math.max(0, Math.floor(seconds));
  if (left < 3600) return `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
  if (left < 86_400) return `${Math.floor(left / 3600)}${NARROW}h ${String(Math.floor((left % 3600) / 60)).padStart(2, "0")}${NARROW}min`;
  return `${Math.floor(left / 86_400)}${NARROW}d ${Math.floor((left % 86_400) / 3600)}${NARROW}h`;
}

// A delay: "38 ms", "1.2 s".
export function delay(milliseconds) {
  if (Math.abs(milliseconds) < 1000) return `${number(milliseconds, 0)}${NARROW}ms`;
  return `${number(milliseconds / 1000, 1)}${NARROW}s`;
}

// Words of the wire for people: `take_profit` becomes "take profit".
export function words(name) {
  return String(name ?? "").replaceAll("_", " ");
}

export const clockTime = (ms) => clockFormat.format(ms);
export const minuteTime = (seconds) => minuteFormat.format(seconds * 1000);
export const dayTime = (seconds) => dayFormat.format(seconds * 1000);
export const fullTime = (seconds) => fullFormat.format(seconds * 1000);
// Words at the time axis, where days of UTC begin: in the New York evening that is no new day.
export const tickTime = (seconds, begins) =>
  (begins && minuteTime(seconds) < "19:00" ? dayTime(seconds) : minuteTime(seconds));
export const stampTime = (ms) => stampFormat.format(ms);

// The New York date of a time, seconds since 1970 UTC. Asked for every bar: dates change on the hour.
export function newYorkDate(seconds) {
  const hour = Math.floor(seconds / 3600);
  let date = dates.get(hour);
  if (date === undefined) {
    if (dates.size > MAX_DATES) dates.clear();
    date = dateFormat.format(hour * 3_600_000);
    dates.set(hour, date);
  }
  return date;
}
