// The wall: every dashboard of the configuration as a tile, each its own page in a frame. A dead one is
// shown as dead and comes back by itself. Frames are to look at: a click or Enter opens the dashboard.

import { attribute, part, show, text } from "./dom.js";
import { dressing } from "./dressing.js";
import { clockTime } from "./format.js";
import { chooseTheme, initTheme, themeChoice } from "./theme.js";
import { tiles as places } from "./tiles.js";
import { asView, nextView } from "./view.js";

const POLL_MS = 2_000;
const PATIENCE_MS = 1_500;

const root = document.documentElement;
const tiles = [...document.querySelectorAll("[data-port]")];
const origin = (tile) => `${location.protocol}//${location.hostname}:${tile.dataset.port}`;
let view = "full";
let themed = false;

initTheme(null);
arrange(tiles.length);
// On a phone there is room for curves only, unless a person says otherwise.
const usual = matchMedia("(max-width: 600px)").matches ? "compact" : "full";
setView(asView(new URLSearchParams(location.search).get("mode") ?? usual));
for (const tile of tiles) {
  const link = part(tile, "open");
  link.href = `${origin(tile)}/`;
  link.target = `tickwall-${tile.dataset.id}`;
  tile.querySelector("iframe").addEventListener("load", () => dress(tile));
  watch(tile);
}
tell();
setInterval(tell, 1_000);
bind();

// As windows stand on a screen: five are three over two.
function arrange(count) {
  const rows = new Set(places(count, { left: 0, top: 0, width: 1e4, height: 1e4 }).map(({ top }) => top)).size;
  const columns = Math.ceil(Math.sqrt(count));
  const last = count - columns * (rows - 1);
  const wall = part(document, "wall");
  wall.style.setProperty("--columns", String(columns * last));
  wall.style.setProperty("--rows", String(rows));
  tiles.forEach((tile, index) => {
    const span = index < columns * (rows - 1) ? last : columns;
    tile.style.setProperty("--span", String(span));
  });
}

async function watch(tile) {
  const frame = tile.querySelector("iframe");
  for (;;) {
    const alive = await answers(`${origin(tile)}/healthz`);
    const was = tile.dataset.state;
    attribute(tile, "data-state", alive ? "alive" : "dead");
    show(part(tile, "dead"), !alive);
    show(part(tile, "open"), alive);
    if (alive && was !== "alive") frame.src = `${origin(tile)}/${view === "full" ? "" : `?view=${view}`}`;
    if (!alive && was !== "dead") text(part(tile, "since"), `since ${clockTime(Date.now())} ET`);
    if (was !== tile.dataset.state) tell();
    await new Promise((done) => setTimeout(done, POLL_MS));
  }
}

// Another port is another origin: the answer cannot be read, but it can be had.
async function answers(url) {
  try {
    await fetch(url, { mode: "no-cors", cache: "no-store", signal: AbortSignal.timeout(PATIENCE_MS) });
    return true;
  } catch {
    return false;
  }
}

function tell() {
  const dead = tiles.filter((tile) => tile.dataset.state === "dead").map((tile) => tile.dataset.id);
  const known = tiles.every((tile) => tile.dataset.state);
  const fine = known ? `all ${tiles.length} dashboards answer` : "looking for dashboards";
  text(part(document, "status"), dead.length === 0 ? fine : `no answer from dashboard ${dead.join(", ")}`);
  attribute(part(document, "status"), "data-level", dead.length > 0 ? "STALE" : known ? "LIVE" : "LATE");
  text(part(document, "clock"), `${clockTime(Date.now())} ET`);
}

function setView(wanted) {
  view = wanted;
  root.dataset.view = view;
  const address = new URL(location.href);
  if (view === usual) address.searchParams.delete("mode");
  else address.searchParams.set("mode", view);
  history.replaceState(null, "", address);
  for (const button of document.querySelectorAll("[data-view-choice]")) {
    attribute(button, "aria-pressed", String(button.dataset.viewChoice === view));
  }
  tiles.forEach(dress);
}

// Tells a frame how to look.
function dress(tile) {
  if (tile.dataset.state !== "alive") return;
  const look = dressing(view, themeChoice(), themed);
  tile.querySelector("iframe").contentWindow.postMessage(look, origin(tile));
}

function bind() {
  const actions = {
    v: () => setView(nextView(view)),
    m: () => {
      chooseTheme();
      themed = true;
      tiles.forEach(dress);
    },
    escape: () => setView("full"),
  };
  for (const button of document.querySelectorAll("[data-view-choice]")) {
    button.addEventListener("click", () => setView(button.dataset.viewChoice));
  }
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    const key = event.key.toLowerCase();
    const tile = /^[1-9]$/.test(key) ? tiles[Number(key) - 1] : null;
    if (tile) part(tile, "open").focus();
    else if (Object.hasOwn(actions, key)) actions[key]();
  });
}
