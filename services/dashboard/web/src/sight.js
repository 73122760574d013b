// Whether an element can be seen.

// Tells each time it changes. What is queued is told oldest first: the last is what holds now.
export function onSight(element, tell, Observer = globalThis.IntersectionObserver) {
  new Observer((entries) => tell(entries.at(-1).isIntersecting)).observe(element);
}
