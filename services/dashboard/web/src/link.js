// The page's line to its dashboard: one snapshot over HTTP, then the socket, resumed by sequence.
// It carries frames and acknowledgements and knows nothing of what is in them.

const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 10_000;
const SILENCE_MS = 10_000;

// `position()` says `{ session, seq }` of what the page has; `onFrame` gets every frame.
export function openLink({ position, onFrame, onState }) {
  let socket = null;
  let delay = FIRST_DELAY_MS;
  let heardAt = performance.now();

  async function start() {
    try {
      if (position().session === null) await loadSnapshot();
      connect();
    } catch {
      retry();
    }
  }

  async function loadSnapshot() {
    const response = await fetch("/api/snapshot", { cache: "no-store" });
    if (!response.ok) throw new Error(`snapshot: ${response.status}`);
    heard(await response.json());
  }

  function connect() {
    const { session, seq } = position();
    const query = new URLSearchParams({ session: session ?? "", since: String(seq) });
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    socket = new WebSocket(`${scheme}//${location.host}/ws?${query}`);
    socket.addEventListener("open", () => onState("open"));
    socket.addEventListener("message", (event) => {
      delay = FIRST_DELAY_MS;
      heard(JSON.parse(event.data));
    });
    socket.addEventListener("close", retry);
  }

  function heard(frame) {
    heardAt = performance.now();
    onFrame(frame);
  }

  function retry() {
    if (socket !== null) socket.removeEventListener("close", retry);
    socket = null;
    onState("closed");
    setTimeout(start, delay * (0.5 + Math.random() / 2));
    delay = Math.min(delay * 2, LONGEST_DELAY_MS);
  }

  function say(message) {
    if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
  }

  // A dead peer says nothing, not even goodbye. A hidden page is not called back in time to tell.
  setInterval(() => {
    if (!document.hidden && silentMs() > SILENCE_MS) socket?.close();
  }, 1_000);

  const silentMs = () => performance.now() - heardAt;
  start();
  return {
    ack: (seq) => say({ type: "ack", seq }),
    ping: (sentMs) => say({ type: "ping", sent_ms: sentMs }),
    resync: () => say({ type: "resync" }),
    silentMs,
    isOpen: () => socket?.readyState === WebSocket.OPEN,
  };
}
