// Dark, light or as the system says. Charts do not follow CSS by themselves: they read the variables
// here and are told when these change.

const KEY = "tickwall.theme";
const ORDER = ["system", "dark", "light"];
const system = matchMedia("(prefers-color-scheme: light)");
const listeners = [];

export function initTheme(configured) {
  const remembered = recall();
  apply(ORDER.includes(remembered) ? remembered : (configured ?? "system"));
  system.addEventListener("change", () => apply(chosen()));
}

// What the wall says, for as long as this page is in it.
export const showTheme = (choice) => ORDER.includes(choice) && apply(choice);

export const themeChoice = () => chosen();

// The next choice, or this one.
export function chooseTheme(wanted = null) {
  const next = wanted ?? ORDER[(ORDER.indexOf(chosen()) + 1) % ORDER.length];
  try {
    localStorage.setItem(KEY, next);
  } catch {
    // A page without storage keeps its choice until it is closed.
  }
  apply(next);
  return next;
}

export function onTheme(listener) {
  listeners.push(listener);
}

export function palette() {
  const style = getComputedStyle(document.documentElement);
  const read = (name) => style.getPropertyValue(`--${name}`).trim();
  return {
    up: read("up"), down: read("down"), upVolume: read("up-volume"), downVolume: read("down-volume"),
    text: read("muted"), strong: read("text"), grid: read("grid"), panel: read("panel"),
    line: read("line"), label: read("label"), onLabel: read("on-label"), cross: read("cross"),
    vwap: read("vwap"), emaFast: read("ema-fast"), emaSlow: read("ema-slow"),
    shade: { pre: read("shade-pre"), post: read("shade-post"), missing: read("shade-missing") },
  };
}

const chosen = () => document.documentElement.dataset.choice ?? "system";

function apply(choice) {
  const root = document.documentElement;
  root.dataset.choice = choice;
  root.dataset.theme = choice === "system" ? (system.matches ? "light" : "dark") : choice;
  for (const listener of listeners) listener();
}

function recall() {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}
