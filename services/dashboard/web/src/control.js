// Halt, reduce, resume from the page, where the desk allows it: a dialog that wants who, why, the
// desk's token and the word. The token lives in this object and in one header, and nowhere else.

import { attribute, part, show, text } from "./dom.js";
import { fullTime } from "./format.js";

const PATIENCE_MS = 12_000;
const WORDS = { halted: "halt", reducing: "reduce", active: "resume" };
const DEEDS = { halted: "halt trading", reducing: "reduce to exits only", active: "resume trading" };

export class ControlDialog {
  constructor(dialog, opener, model) {
    Object.assign(this, { dialog, opener, model, enabled: false, token: null, seen: null });
    this.form = part(dialog, "control-form");
    this.fields = this.form.elements;
    this.form.addEventListener("change", (event) => event.target.name === "state" && this.paintChoice());
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
    part(dialog, "control-close").addEventListener("click", () => dialog.close());
    dialog.addEventListener("close", () => this.clear());
  }

  enable(enabled) {
    this.enabled = enabled;
    show(this.opener, enabled);
    show(part(document, "control-key"), enabled);
    if (!enabled && this.dialog.open) this.dialog.close();
  }

  open() {
    if (!this.enabled || document.querySelector("dialog[open]")) return;
    this.fields.state.value = this.model.control?.state === "halted" ? "active" : "halted";
    this.look();
    show(part(this.dialog, "control-token"), this.token === null);
    this.paintChoice();
    this.dialog.showModal();
    this.fields.by[this.fields.by.value ? "blur" : "focus"]();
    if (this.fields.by.value) this.fields.why.focus();
  }

  // The state that the person has before their eyes when they decide.
  look() {
    const { control } = this.model;
    this.seen = control?.at_ms ?? null;
    text(part(this.dialog, "control-now"), (control?.state ?? "unknown").toUpperCase());
    attribute(part(this.dialog, "control-now"), "data-state", control?.state ?? null);
    const by = control ? `, by ${control.by} on ${fullTime(control.at_ms / 1000)} ET: ${control.why}` : "";
    text(part(this.dialog, "control-who"), by);
  }

  // It has changed under a person who was about to decide: what was typed was meant for another state.
  paint() {
    const { control } = this.model;
    if (!this.dialog.open || (control?.at_ms ?? null) === this.seen) return;
    this.look();
    this.fields.word.value = "";
    // The next Enter must not say what was meant before.
    if (document.activeElement === part(this.dialog, "control-do")) this.fields.word.focus();
    this.tell(changed(control));
  }

  paintChoice() {
    const state = this.fields.state.value;
    text(part(this.dialog, "control-word"), WORDS[state]);
    text(part(this.dialog, "control-do"), DEEDS[state]);
    attribute(part(this.dialog, "control-do"), "data-state", state);
    this.tell("");
  }

  async submit() {
    const missing = this.missing();
    if (missing) {
      this.tell(missing.words);
      missing.field.focus();
      return;
    }
    const button = part(this.dialog, "control-do");
    if (button.getAttribute("aria-disabled")) return;
    attribute(button, "aria-disabled", "true");
    this.tell("");
    const token = this.token ?? this.fields.token.value;
    const { ok, status, words } = await this.say(token);
    attribute(button, "aria-disabled", null);
    if (status === 401) this.forget();
    else if (status) this.token = token;
    show(part(this.dialog, "control-token"), this.token === null);
    if (ok) return this.dialog.close();
    this.tell(words);
    if (status === 401) this.fields.token.focus();
  }

  missing() {
    const { by, why, token, word, state } = this.fields;
    if (!by.value.trim()) return { field: by, words: "Say who you are." };
    if (!why.value.trim()) return { field: why, words: "Say why." };
    if (this.token === null && !token.value) return { field: token, words: "The token of this desk is needed." };
    const wanted = WORDS[state.value];
    return word.value.trim() === wanted ? null : { field: word, words: `Type the word ${wanted} to confirm.` };
  }

  async say(token) {
    const { by, why, word, state } = this.fields;
    const said = {
      state: state.value, word: word.value.trim(), by: by.value, why: why.value, seen_ms: this.seen,
    };
    try {
      const answer = await fetch("/api/control", {
        method: "POST", cache: "no-store", redirect: "error", credentials: "omit",
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        body: JSON.stringify(said), signal: AbortSignal.timeout(PATIENCE_MS),
      });
      const words = answer.ok ? "" : sentence(await answer.text());
      // Refused before the token was looked at: nothing is known about it.
      return { ok: answer.ok, status: [403, 404, 429].includes(answer.status) ? 0 : answer.status, words };
    } catch {
      return { ok: false, status: 0, words: "The dashboard does not answer: see the state at the top of the page, or use desk halt." };
    }
  }

  forget() {
    this.token = null;
    this.fields.token.value = "";
  }

  clear() {
    for (const name of ["why", "word", "token"]) this.fields[name].value = "";
    this.tell("");
  }

  tell(words) {
    text(part(this.dialog, "control-told"), words);
  }
}

function changed(control) {
  if (!control) return "The state has just been changed: see above.";
  const why = control.why ? `: ${control.why}` : "";
  return `The state has just been changed to ${control.state.toUpperCase()} by ${control.by || "somebody"}${why}. Read it, then type the word again.`;
}

const sentence = (words) => `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;
