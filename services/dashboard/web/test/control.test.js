import assert from "node:assert/strict";
import { test } from "node:test";
import { ControlDialog } from "../src/control.js";

// As much of a document as the dialog looks at.
function element(name) {
  return {
    name, textContent: "", value: "", attributes: {}, hidden: false, focused: 0,
    getAttribute: (key) => element.of?.attributes?.[key] ?? null,
    setAttribute() {}, removeAttribute() {}, addEventListener() {},
    focus() {
      this.focused += 1;
    },
  };
}

function dialog(control) {
  const parts = {};
  const find = (selector) => (parts[selector] ??= element(selector));
  find('[data-part="control-form"]').elements = {
    state: element("state"), by: element("by"), why: element("why"), word: element("word"), token: element("token"),
  };
  globalThis.document = { activeElement: null, querySelector: find };
  const model = { control };
  const box = { open: true, querySelector: find, addEventListener() {}, close() {} };
  const made = new ControlDialog(box, element("opener"), model);
  made.look();
  const told = () => find('[data-part="control-told"]').textContent;
  return { made, model, told, word: made.fields.word, button: find('[data-part="control-do"]') };
}

const halted = { state: "halted", by: "anna", why: "news", at_ms: 1 };
const again = { state: "halted", by: "bob", why: "the exchange has stopped", at_ms: 2 };

test("a word typed for one state does not undo another one that nobody has read", () => {
  const { made, model, told, word } = dialog(halted);
  made.fields.by.value = "anna";
  made.fields.why.value = "all is well";
  word.value = "resume";
  model.control = again;
  made.paint();
  assert.equal(word.value, "");
  assert.equal(told(), "The state has just been changed to HALTED by bob: the exchange has stopped. Read it, then type the word again.");
  assert.deepEqual([made.fields.by.value, made.fields.why.value, made.seen], ["anna", "all is well", 2]);
});

test("the same state again changes nothing, and a closed dialog is left alone", () => {
  const { made, model, told, word } = dialog(halted);
  word.value = "resume";
  model.control = { ...halted };
  made.paint();
  assert.deepEqual([word.value, told()], ["resume", ""]);
  made.dialog.open = false;
  model.control = again;
  made.paint();
  assert.equal(word.value, "resume");
});

test("who stood on the button is led back to the word, who types is not disturbed", () => {
  const { made, model, word, button } = dialog(halted);
  document.activeElement = made.fields.why;
  model.control = again;
  made.paint();
  assert.equal(word.focused, 0);
  document.activeElement = button;
  model.control = { ...again, at_ms: 3 };
  made.paint();
  assert.equal(word.focused, 1);
});
