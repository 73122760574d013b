// What `make bench-page` measures ours against: the same chart of the same prices in the same library,
// by a page that keeps everything, draws everything anew at every frame and writes markup. Runs with
// the library as `LightweightCharts` in an empty document of the dashboard's own origin.

window.__naive = { paints: 0, delays: [] };
document.head.replaceChildren();
document.body.replaceChildren();
Object.assign(document.body.style, {
  margin: 0, height: "100vh", display: "grid", gridTemplateColumns: "1fr 1fr", gridTemplateRows: "1fr 1fr",
  background: "#10141a", color: "#d5dbe3", font: "12px system-ui",
});
const L = window.LightweightCharts;
const panes = new Map();
const clock = () => performance.timeOrigin + performance.now();

function pane(symbol) {
  if (panes.has(symbol)) return panes.get(symbol);
  const box = document.createElement("section");
  Object.assign(box.style, { display: "flex", flexDirection: "column", minWidth: 0, minHeight: 0 });
  const head = document.createElement("header");
  head.style.height = "48px";
  const plot = document.createElement("div");
  Object.assign(plot.style, { flex: 1, minHeight: 0 });
  box.append(head, plot);
  document.body.append(box);
  const chart = L.createChart(plot, {
    autoSize: true,
    layout: { attributionLogo: false, background: { color: "#10141a" }, textColor: "#d5dbe3" },
  });
  const bars = chart.addSeries(L.CandlestickSeries, {});
  const volume = chart.addSeries(L.HistogramSeries, { priceScaleId: "", priceFormat: { type: "volume" } });
  volume.priceScale().applyOptions({ scaleMargins: { top: 0.84, bottom: 0 } });
  const vwap = chart.addSeries(L.LineSeries, { lineWidth: 1 });
  const made = { symbol, head, bars, volume, vwap, rows: new Map(), quote: null };
  panes.set(symbol, made);
  return made;
}

function take(frame) {
  for (const [symbol, change] of Object.entries(frame.symbols ?? {})) {
    const into = pane(symbol);
    for (const row of change.bars ?? []) into.rows.set(row[0], row);
    if (change.forming) into.rows.set(change.forming[0], change.forming);
    if (change.quote) into.quote = change.quote;
  }
}

function draw() {
  const received = [];
  for (const { symbol, head, bars, volume, vwap, rows, quote } of panes.values()) {
    const all = [...rows.values()].sort((a, b) => a[0] - b[0]);
    bars.setData(all.map(([time, open, high, low, close]) => ({ time, open, high, low, close })));
    volume.setData(all.map(([time, open, , , close, value]) => ({ time, value, color: close >= open ? "#3d9be9" : "#f0883e" })));
    let [traded, sum] = [0, 0];
    vwap.setData(all.map(([time, , , , , shares, price]) => {
      traded += price * shares;
      sum += shares;
      return { time, value: sum > 0 ? traded / sum : price };
    }));
    head.innerHTML = `<b>${symbol}</b> ${quote?.price ?? "–"} <span>${quote?.change ?? ""}</span>
      <dl>bid ${quote?.bid} ask ${quote?.ask} of ${all.length} bars</dl>`;
    if (quote) received.push(quote.received_ms);
  }
  window.__naive.paints += 1;
  requestAnimationFrame(() => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      const now = clock();
      for (const at of received) window.__naive.delays.push(now - at);
      window.__naive.delays.splice(0, window.__naive.delays.length - 1_000);
    };
    port2.postMessage(null);
  });
}

function connect({ session, seq }) {
  const query = new URLSearchParams({ session, since: String(seq) });
  const socket = new WebSocket(`ws://${location.host}/ws?${query}`);
  socket.addEventListener("message", (event) => {
    const frame = JSON.parse(event.data);
    if (frame.type !== "delta" && frame.type !== "snapshot") return;
    take(frame);
    draw();
    socket.send(JSON.stringify({ type: "ack", seq: frame.to_seq ?? frame.seq }));
  });
}

fetch("/api/snapshot").then((answer) => answer.json()).then((snapshot) => {
  take(snapshot);
  draw();
  connect(snapshot);
});
