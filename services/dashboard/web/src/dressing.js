// What the wall tells its frames of how to look. Pure.

// Each page has its own theme until a person has chosen one on the wall: then all have that one, the
// system's included. `chosen`: it was chosen while this wall is open.
export const dressing = (view, theme, chosen) =>
  ({ type: "look", view, theme: chosen || theme !== "system" ? theme : null });
