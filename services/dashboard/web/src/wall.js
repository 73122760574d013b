// The wall: every dashboard of the configuration as a tile. A dead one is shown as dead and comes
// back by itself.

import { attribute, part, show, text } from "./dom.js";
import { clockTime } from "./format.js";
import { initTheme } from "./theme.js";

const POLL_MS = 2_000;
const PATIENCE_MS = 1_500;

initTheme(null);
const tiles = [...document.querySelectorAll("[data-port]")];
arrange(tiles.length);
for (const tile of tiles) watch(tile);
tell();
setInterval(tell, 1_000);

// As square as it goes, the last row stretched: five are three over two.
function arrange(count) {
  const columns = Math.ceil(Math.sqrt(count));
  const rows = Math.ceil(count / columns);
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
  const origin = `${location.protocol}//${location.hostname}:${tile.dataset.port}`;
  const frame = tile.querySelector("iframe");
  for (;;) {
    const alive = await answers(`${origin}/healthz`);
    const was = tile.dataset.state;
    attribute(tile, "data-state", alive ? "alive" : "dead");
    show(part(tile, "dead"), !alive);
    if (alive && was !== "alive") frame.src = `${origin}/`;
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
  const said = dead.length === 0 ? `all ${tiles.length} dashboards answer` : `no answer from dashboard ${dead.join(", ")}`;
  text(part(document, "status"), said);
  attribute(part(document, "status"), "data-level", dead.length === 0 ? "LIVE" : "STALE");
  text(part(document, "clock"), `${clockTime(Date.now())} ET`);
}
