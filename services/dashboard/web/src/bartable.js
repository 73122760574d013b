// The bars of one pane as a table: for those who do not see the chart, and those who want the figures.

import { timeframeName } from "./bars.js";
import { part, text } from "./dom.js";
import { compact, fullTime, number } from "./format.js";

const MAX_ROWS = 120;

export class BarTable {
  constructor(dialog) {
    this.dialog = dialog;
  }

  // As they are now, newest first.
  open(pane) {
    const rows = pane.bars().slice(-MAX_ROWS).reverse();
    const digits = pane.state?.quote?.digits ?? 2;
    const name = `${pane.symbol}, ${timeframeName(pane.chart.minutes)} bars, newest first`;
    text(part(this.dialog, "bars-name"), name);
    part(this.dialog, "bars-rows").replaceChildren(...rows.map((row) => tableRow(row, digits)));
    this.dialog.showModal();
  }
}

function tableRow([time, open, high, low, close, volume], digits) {
  const row = document.createElement("tr");
  const head = document.createElement("th");
  head.scope = "row";
  head.textContent = fullTime(time);
  row.append(head);
  const prices = [open, high, low, close].map((price) => number(price, digits));
  for (const words of [...prices, compact(volume)]) row.insertCell().textContent = words;
  return row;
}
