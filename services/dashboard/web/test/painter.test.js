import assert from "node:assert/strict";
import { test } from "node:test";
import { Layer } from "../src/layer.js";
import { Pace, Painter } from "../src/painter.js";

// A screen in one hand: time passes and frames are shown when the test says so.
function screen() {
  const host = {
    time: 0, unseen: false, timers: [], frames: [], posts: [], sight: null,
    now: () => host.time,
    hidden: () => host.unseen,
    later: (act, wait) => host.timers.push({ act, at: host.time + wait }),
    frame: (act) => host.frames.push(act),
    afterwards: (act) => host.posts.push(act),
    onSight: (act) => {
      host.sight = act;
    },
    show() {
      for (const act of host.frames.splice(0)) act();
      for (const act of host.posts.splice(0)) act();
    },
    pass(milliseconds) {
      host.time += milliseconds;
      const due = host.timers.filter(({ at }) => at <= host.time);
      host.timers = host.timers.filter(({ at }) => at > host.time);
      for (const { act } of due) act();
    },
  };
  return host;
}

function painter(host) {
  const told = [];
  const tell = (word) => () => told.push(word);
  const made = new Painter({ interval: 250, draw: tell("draw"), shown: tell("shown"), seen: tell("seen") }, host);
  return { made, told, drawn: () => told.filter((word) => word === "draw").length };
}

test("a picture is drawn, acknowledged when it is drawn and timed when it is out", () => {
  const host = screen();
  const { made, told } = painter(host);
  made.request();
  assert.deepEqual(told, ["draw"]);
  host.show();
  assert.deepEqual(told, ["draw", "shown", "seen"]);
});

test("however much arrives, one picture is drawn per interval", () => {
  const host = screen();
  const { made, drawn } = painter(host);
  for (let time = 0; time < 10_000; time += 5) {
    made.request();
    host.show();
    host.pass(5);
  }
  assert.ok(drawn() >= 40 && drawn() <= 45, `${drawn()} pictures in 40 intervals, whatever arrives`);
});

test("frames that come in step with the interval never wait, early or late", () => {
  const host = screen();
  const { made, drawn } = painter(host);
  for (let frame = 0; frame < 40; frame += 1) {
    made.request();
    assert.equal(drawn(), frame + 1);
    host.show();
    host.pass(frame % 2 === 0 ? 210 : 290);
  }
});

test("after one late picture the next ones are on time again", () => {
  const pace = new Pace(250);
  let wait = 0;
  for (const time of [0, 250, 500 + 200, 750, 1_000, 1_250, 1_500, 1_750, 2_000, 2_250, 2_500]) {
    wait = pace.wait(time);
    pace.took(time + wait);
  }
  assert.equal(wait, 0);
});

test("nothing is drawn before the last picture has been shown", () => {
  const host = screen();
  const { made, drawn } = painter(host);
  made.request();
  host.pass(5_000);
  made.request();
  assert.equal(drawn(), 1);
  host.show();
  assert.equal(drawn(), 2);
});

test("a hidden page draws nothing, and all of it once when it is seen again", () => {
  const host = screen();
  const { made, drawn } = painter(host);
  host.unseen = true;
  for (let frame = 0; frame < 100; frame += 1) {
    made.request();
    host.pass(250);
  }
  assert.equal(drawn(), 0);
  host.unseen = false;
  host.sight();
  assert.equal(drawn(), 1);
  host.show();
  host.pass(5_000);
  assert.equal(drawn(), 1);
});

test("a chart that fails to draw does not stop the page", () => {
  const host = screen();
  const { made, told } = painter(host);
  made.draw = () => {
    throw new Error("no");
  };
  assert.throws(() => made.request());
  host.show();
  made.draw = () => told.push("draw");
  host.pass(300);
  made.request();
  assert.ok(told.includes("draw"));
});

test("a pause gives no right to two pictures in a row", () => {
  const pace = new Pace(100);
  pace.took(0);
  pace.took(1_000);
  assert.equal(pace.wait(1_000), 67.5);
  assert.equal(pace.wait(1_067.5), 0);
});

test("a series is not worked through for a point that is the same, and knows how much it has grown", () => {
  const calls = [];
  const layer = new Layer({ setData: (points) => calls.push(points.length), update: (point) => calls.push(point) });
  layer.draw([{ time: 60, value: 1 }, { time: 120, value: 2 }], true);
  layer.draw([{ time: 120, value: 2 }], false);
  assert.deepEqual(calls, [2]);
  layer.draw([{ time: 120, value: 3 }, { time: 180 }, { time: 240, value: 3 }], false);
  assert.equal(calls.length, 4);
  assert.equal(layer.grown, 2);
  layer.draw([{ time: 240, value: 3 }], true);
  assert.equal(layer.grown, 0);
});
