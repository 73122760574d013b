// The page's line to its dashboard: one snapshot over HTTP, then the socket, resumed by sequence.
// It carries frames and acknowledgements; of what is in them it knows only a snapshot.

const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 10_000;
const SILENCE_MS = 10_000;
const PATIENCE_MS = 10_000;

// The browser's side of it; a test brings its own.
const browser = {
  now: () => performance.now(),
  hidden: () => document.hidden,
  onSight: (act) => document.addEventListener("visibilitychange", act),
  later: (act, wait) => setTimeout(act, wait),
  every: (act, wait) => setInterval(act, wait),
  fetch: (path, options) => fetch(path, options),
  socket: (query) => {
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    return new WebSocket(`${scheme}//${location.host}/ws?${query}`);
  },
};

// `position()` says `{ session, seq }` of what the page has; `onFrame` gets every frame.
export function openLink({ position, onFrame, onState }, host = browser) {
  let socket = null;
  let listening = null;
  let delay = FIRST_DELAY_MS;
  // When a frame last came, which is what people are told; and since when the present socket has had
  // the time to bring one, which is what it is judged by.
  let heardAt = host.now();
  let givenAt = heardAt;
  let askedAt = -Infinity;

  async function start() {
    try {
      if (position().session === null) await loadSnapshot();
      connect();
    } catch {
      retry();
    }
  }

  async function loadSnapshot() {
    const response = await host.fetch("/api/snapshot", { cache: "no-store", signal: AbortSignal.timeout(PATIENCE_MS) });
    if (!response.ok) throw new Error(`snapshot: ${response.status}`);
    heard(await response.json());
  }

  function connect() {
    const { session, seq } = position();
    socket = host.socket(new URLSearchParams({ session: session ?? "", since: String(seq) }));
    givenAt = host.now();
    askedAt = -Infinity;
    listening = new AbortController();
    const { signal } = listening;
    socket.addEventListener("open", () => onState("open"), { signal });
    socket.addEventListener("message", ({ data }) => {
      delay = FIRST_DELAY_MS;
      heard(JSON.parse(data));
    }, { signal });
    socket.addEventListener("close", retry, { signal });
  }

  function heard(frame) {
    heardAt = host.now();
    givenAt = heardAt;
    if (frame.type === "snapshot") askedAt = -Infinity;
    onFrame(frame);
  }

  // Nothing that this socket may still say is listened to.
  function leave() {
    listening?.abort();
    socket = null;
    onState("closed");
  }

  function retry() {
    leave();
    host.later(start, delay * (0.5 + Math.random() / 2));
    delay = Math.min(delay * 2, LONGEST_DELAY_MS);
  }

  // A dead peer says nothing, not even goodbye: it is not waited for.
  function watch() {
    if (socket === null || host.hidden() || host.now() - givenAt <= SILENCE_MS) return;
    const silent = socket;
    leave();
    silent.close();
    start();
  }

  function say(message) {
    if (socket?.readyState === 1) socket.send(JSON.stringify(message));
  }

  // One question for all frames that do not fit until the answer is here.
  function resync() {
    if (host.now() - askedAt <= PATIENCE_MS) return;
    askedAt = host.now();
    say({ type: "resync" });
  }

  host.every(watch, 1_000);
  // While it was hidden nothing was acknowledged, so that nothing may have come.
  host.onSight(() => {
    givenAt = host.now();
  });
  start();
  return {
    ack: (seq) => say({ type: "ack", seq }),
    ping: (sentMs) => say({ type: "ping", sent_ms: sentMs }),
    resync,
    silentMs: () => host.now() - heardAt,
    isOpen: () => socket?.readyState === 1,
  };
}
