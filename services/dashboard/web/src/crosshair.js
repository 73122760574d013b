// One crosshair over all panes: pointing at a time in one points at it in the others.

import { spanStart } from "./bars.js";

export function syncCrosshairs(panes, settings) {
  let pointed = null;

  function follow(pane, time) {
    const there = time === null ? null : spanStart(time, pane.chart.grid);
    pane.point(there);
    pane.chart.pointAt(there, pane.barAt(there)?.[4] ?? null);
  }

  function others(source, time) {
    for (const pane of panes) if (pane !== source) follow(pane, time);
  }

  for (const source of panes) {
    source.chart.onCrosshair((time, byHand) => {
      // What we have moved ourselves is no news; a pointer that leaves comes without an event of its own.
      if (!byHand && !(time === null && pointed === source)) return;
      pointed = time === null ? null : source;
      source.point(time);
      if (settings.get("crosshair")) others(source, time);
    });
  }
  settings.onChange((name) => {
    if (name === "crosshair" && !settings.get(name)) others(pointed, null);
  });
}
