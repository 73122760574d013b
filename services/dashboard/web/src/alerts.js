// A sound and a notification when shares have traded: only when a person has asked for them.

let audio = null;

// Asks what must be asked for, on the person's click. Gives false when it cannot be had.
export async function allow(name) {
  if (name === "sound") return wake() && beep("buy");
  if (name !== "notify") return true;
  if (!("Notification" in window)) return false;
  return (await Notification.requestPermission()) === "granted";
}

// Browsers let a page make a sound only after it was touched: a choice remembered from before waits
// for the first touch.
export function wakeOnTouch(settings) {
  const touched = () => settings.get("sound") && wake();
  document.addEventListener("pointerdown", touched, { once: true });
  document.addEventListener("keydown", touched, { once: true });
}

export function tellFill(settings, { symbol, marker }, words) {
  if (settings.get("sound")) beep(marker.side);
  if (settings.get("notify") && globalThis.Notification?.permission === "granted") {
    try {
      const note = new Notification(`${symbol} · tickwall`, { body: words, tag: marker.id });
      note.addEventListener("click", () => window.focus());
    } catch {
      // Some phones notify from service workers only.
    }
  }
}

function wake() {
  if (!("AudioContext" in window)) return false;
  audio ??= new AudioContext();
  audio.resume();
  return true;
}

// Two short soft notes: up for a buy, down for a sell.
function beep(side) {
  if (audio === null) return false;
  const notes = side === "buy" ? [523, 784] : [659, 440];
  notes.forEach((pitch, index) => note(pitch, audio.currentTime + index * 0.11));
  return true;
}

function note(pitch, at) {
  const [tone, loudness] = [audio.createOscillator(), audio.createGain()];
  tone.frequency.value = pitch;
  loudness.gain.setValueAtTime(0.0001, at);
  loudness.gain.exponentialRampToValueAtTime(0.12, at + 0.01);
  loudness.gain.exponentialRampToValueAtTime(0.0001, at + 0.16);
  tone.connect(loudness).connect(audio.destination);
  tone.start(at);
  tone.stop(at + 0.18);
}
