// The few ways in which the page is written to. Text only, never markup, and only when it changed.

export function text(element, value) {
  if (element && element.textContent !== value) element.textContent = value;
}

export function attribute(element, name, value) {
  if (!element || element.getAttribute(name) === value) return;
  if (value === null) element.removeAttribute(name);
  else element.setAttribute(name, value);
}

export function show(element, visible) {
  if (element && element.hidden === visible) element.hidden = !visible;
}

export const part = (root, name) => root.querySelector(`[data-part="${name}"]`);
