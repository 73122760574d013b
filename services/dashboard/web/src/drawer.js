// The drawer below the panes: positions, orders, refusals, unresolved, log. Drawn only while open.

import { attribute, part, show, text } from "./dom.js";
import { saveCsv } from "./files.js";
import { ordersCsv } from "./csv.js";
import { number, signed } from "./format.js";
import {
  HEADS, WORDS, allOrders, logRows, orderRow, orderSteps, positionRows, refusalRows, unresolvedRows,
} from "./tables.js";

// Rows of one table; older ones are in the file that can be saved.
const MAX_ROWS = 200;
const EVERY_MS = 500;

export class Drawer {
  constructor(element, model, log, settings, symbols) {
    Object.assign(this, { element, model, log, settings, symbols });
    this.tabs = [...element.querySelectorAll("[role=tab]")];
    this.chosen = null;
    this.drawnAt = -Infinity;
    this.bind();
    this.select(HEADS[settings.get("tab")] ? settings.get("tab") : "positions");
    this.open(settings.get("drawer"));
  }

  bind() {
    for (const tab of this.tabs) {
      tab.addEventListener("click", () => this.select(tab.dataset.tab));
      tab.addEventListener("keydown", (event) => this.moveTab(event));
    }
    part(this.element, "drawer-close").addEventListener("click", () => this.open(false));
    part(this.element, "orders-csv").addEventListener("click", () => this.save());
    part(this.element, "rows").addEventListener("click", (event) => {
      const button = event.target.closest("button[data-order]");
      if (button) this.choose(button.dataset.order);
    });
  }

  get isOpen() {
    return !this.element.hidden;
  }

  open(wanted = !this.isOpen) {
    // What is closed keeps no focus.
    const within = !wanted && this.element.contains(document.activeElement);
    if (within) document.querySelector("[data-action=d]")?.focus();
    show(this.element, wanted);
    document.body.toggleAttribute("data-drawer", wanted);
    this.settings.set("drawer", wanted);
    this.paint(true);
  }

  // Shows a tab, and the drawer with it.
  show(tab) {
    this.select(tab);
    this.open(true);
  }

  select(name) {
    this.tab = name;
    this.settings.set("tab", name);
    for (const tab of this.tabs) {
      const selected = tab.dataset.tab === name;
      attribute(tab, "aria-selected", String(selected));
      attribute(tab, "tabindex", selected ? "0" : "-1");
    }
    attribute(part(this.element, "panel"), "aria-labelledby", `tab-${name}`);
    this.element.dataset.tab = name;
    this.choose(null);
    fillHead(part(this.element, "head"), name);
    part(this.element, "rows").replaceChildren();
    this.paint(true);
  }

  moveTab(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const index = this.tabs.findIndex((tab) => tab.dataset.tab === this.tab);
    const next = this.tabs[(index + step + this.tabs.length) % this.tabs.length];
    this.select(next.dataset.tab);
    next.focus();
  }

  // Draws what is open, twice a second at most.
  paint(now = false) {
    this.paintCounts();
    if (!this.isOpen) return;
    if (!now && performance.now() - this.drawnAt < EVERY_MS) return;
    this.drawnAt = performance.now();
    const rows = this.rows();
    fillRows(part(this.element, "rows"), rows.slice(0, MAX_ROWS), this.tab);
    show(part(this.element, "none"), rows.length === 0);
    text(part(this.element, "more"), rows.length > MAX_ROWS ? `${rows.length - MAX_ROWS} more` : "");
    this.paintSteps();
    this.paintAccount();
  }

  rows() {
    const { account } = this.model;
    const panes = this.panes();
    switch (this.tab) {
      case "positions": return positionRows(panes);
      case "orders": return allOrders(panes).map(orderRow);
      case "refusals": return refusalRows(allOrders(panes), account?.refusals);
      case "unresolved": return unresolvedRows(allOrders(panes), account?.unresolved);
      default: return logRows(this.log.lines);
    }
  }

  panes() {
    return this.symbols.flatMap((symbol) => {
      const pane = this.model.symbols.get(symbol);
      return pane ? [[symbol, pane]] : [];
    });
  }

  paintCounts() {
    const { account } = this.model;
    const refused = Object.values(account?.refusals ?? {}).reduce((sum, count) => sum + count, 0);
    const counts = { refusals: refused, unresolved: account?.unresolved?.length ?? 0 };
    for (const tab of this.tabs) {
      const count = counts[tab.dataset.tab];
      text(part(tab, "count"), count ? number(count, 0) : "");
    }
  }

  paintAccount() {
    const { account } = this.model;
    const told = account
      ? `account · cash ${number(account.cash)} · invested ${number(account.exposure)} · unrealised ${signed(account.unrealised)} · realised ${signed(account.realised)} ${account.currency}`
      : "the executor has not said how the account stands";
    text(part(this.element, "account"), told);
  }

  choose(id) {
    this.chosen = id === this.chosen ? null : id;
    this.paintSteps();
  }

  paintSteps() {
    const order = this.chosen && allOrders(this.panes()).find((each) => each.id === this.chosen);
    show(part(this.element, "steps"), Boolean(order));
    if (!order) return;
    text(part(this.element, "steps-name"), order.id);
    fillRows(part(this.element, "steps-rows"), orderSteps(order), "steps");
  }

  save() {
    saveCsv("tickwall-orders", ordersCsv(allOrders(this.panes()).reverse()));
  }
}

function fillHead(head, name) {
  const cells = HEADS[name].map((title, column) => {
    const cell = document.createElement("th");
    cell.scope = "col";
    cell.textContent = title;
    if (WORDS[name].includes(column)) cell.className = "words";
    return cell;
  });
  head.replaceChildren(...cells);
}

// Changes only the texts that differ: what is selected or focused stays so.
function fillRows(body, rows, name) {
  while (body.rows.length > rows.length) body.deleteRow(-1);
  rows.forEach((cells, index) => {
    const row = body.rows[index] ?? body.insertRow();
    cells.forEach((cell, column) => fillCell(row.cells[column] ?? newCell(row, name, column), cell));
  });
}

function newCell(row, name, column) {
  const cell = row.insertCell();
  if (!WORDS[name] || WORDS[name].includes(column)) cell.className = "words";
  return cell;
}

function fillCell(element, cell) {
  const { text: words, direction = null, kind = null, order = null } = typeof cell === "string" ? { text: cell } : cell;
  attribute(element, "data-direction", direction);
  attribute(element, "data-kind", kind);
  if (order === null) return text(element, words);
  let button = element.querySelector("button");
  if (!button) {
    button = document.createElement("button");
    button.type = "button";
    button.className = "reveal";
    element.replaceChildren(button);
  }
  attribute(button, "data-order", order);
  attribute(button, "title", "how it got where it stands");
  text(button, words);
}
