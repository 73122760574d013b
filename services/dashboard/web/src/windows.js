// Opens the other dashboards in windows of their own, side by side.

import { part, text } from "./dom.js";
import { tiles } from "./tiles.js";

export function bindWindows(dialog, wall) {
  const address = (port) => `${location.protocol}//${location.hostname}:${port}/`;
  const list = part(dialog, "windows-list");
  for (const { id, port, title, symbols } of wall) {
    const link = document.createElement("a");
    link.href = address(port);
    link.target = `tickwall-${id}`;
    link.rel = "noopener";
    link.textContent = `${id} · ${title}`;
    const names = document.createElement("span");
    names.className = "name";
    names.textContent = symbols.join(" ");
    const item = document.createElement("li");
    item.append(link, names);
    list.append(item);
  }
  part(dialog, "windows-open").addEventListener("click", () => {
    const blocked = openAll(wall.map(({ id, port }) => ({ id, url: address(port) })));
    text(part(dialog, "windows-told"), blocked === 0 ? "" : `The browser has blocked ${blocked} of ${wall.length}: allow pop-ups for this page.`);
  });
}

// How many the browser has blocked.
function openAll(pages) {
  const { availLeft = 0, availTop = 0, availWidth, availHeight } = screen;
  const places = tiles(pages.length, { left: availLeft, top: availTop, width: availWidth, height: availHeight });
  const opened = pages.map(({ id, url }, index) => {
    const { left, top, width, height } = places[index];
    return window.open(url, `tickwall-${id}`, `popup,left=${left},top=${top},width=${width},height=${height}`);
  });
  return opened.filter((each) => each === null).length;
}
