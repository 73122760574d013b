// What a person has chosen for this page, kept in the browser. Nothing of it is needed: a page without
// storage works with the defaults.

const DEFAULTS = {
  vwap: true, emaFast: true, emaSlow: true, levels: true, close: true, sessions: true,
  crosshair: true, sound: false, notify: false, drawer: false, tab: "positions", panes: {},
};

export class Settings {
  constructor(dashboard) {
    this.key = `tickwall.settings.${dashboard}`;
    this.values = { ...DEFAULTS, ...recall(this.key) };
    this.listeners = [];
  }

  get(name) {
    return this.values[name];
  }

  set(name, value) {
    if (this.values[name] === value) return;
    this.values = { ...this.values, [name]: value };
    try {
      localStorage.setItem(this.key, JSON.stringify(this.values));
    } catch {
      // Kept until the page is closed.
    }
    for (const listener of this.listeners) listener(name);
  }

  // What a pane was left at.
  pane(symbol) {
    return this.values.panes?.[symbol] ?? {};
  }

  setPane(symbol, change) {
    this.set("panes", { ...this.values.panes, [symbol]: { ...this.pane(symbol), ...change } });
  }

  onChange(listener) {
    this.listeners.push(listener);
  }
}

// Only values of the kind that is expected: an older page may have kept others.
function recall(key) {
  try {
    const kept = JSON.parse(localStorage.getItem(key) ?? "{}");
    const known = Object.entries(kept).filter(([name, value]) => typeof value === typeof DEFAULTS[name] && value !== null);
    return Object.fromEntries(known);
  } catch {
    return {};
  }
}

// Ties the boxes of the settings dialog to the settings; `on` may veto a choice by giving false.
export function bindSettings(dialog, settings, on) {
  for (const box of dialog.querySelectorAll("[data-setting]")) {
    const name = box.dataset.setting;
    box.checked = settings.get(name);
    box.addEventListener("change", async () => {
      const allowed = !box.checked || (await on(name));
      box.checked = box.checked && allowed !== false;
      settings.set(name, box.checked);
    });
    settings.onChange((changed) => {
      if (changed === name) box.checked = settings.get(name);
    });
  }
}

// A button that shows and changes one setting.
export function bindToggle(button, settings, name) {
  const paint = () => button.setAttribute("aria-pressed", String(settings.get(name)));
  settings.onChange((changed) => changed === name && paint());
  paint();
}
