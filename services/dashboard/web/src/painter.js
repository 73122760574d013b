// When the page is drawn: as often as the dashboard sends frames and no oftener, once per picture of
// the screen, and never while nobody can see it. Pure but for what it is given.

// Frames come a little early and late: so much of an interval may be made up for.
const SLACK = 0.25;
// The beat is a little quicker than the frames: after a late picture it falls in with them again, where
// one of the same length would keep every later picture as late.
const EASE = 0.9;

// A steady beat of `interval` milliseconds at most: a late one does not entitle to two in a row.
export class Pace {
  constructor(interval) {
    this.interval = interval * EASE;
    this.due = -Infinity;
  }

  // Milliseconds until the next is allowed.
  wait(now) {
    return Math.max(0, this.due - this.interval * SLACK - now);
  }

  took(now) {
    this.due = Math.max(this.due, now) + this.interval;
  }
}

// The browser's side of it; a test brings its own.
export const screen = {
  now: () => performance.now(),
  hidden: () => document.hidden,
  later: (act, wait) => setTimeout(act, wait),
  frame: (act) => requestAnimationFrame(act),
  afterwards,
  onSight: (act) => document.addEventListener("visibilitychange", act),
};

// `draw()` gives the charts what is new. They draw themselves in the next animation frame, together
// with all that it wrote into the page; `shown()` is called when they have, `seen()` when that picture
// has gone to the screen. Until then nothing is drawn anew, however much arrives.
export class Painter {
  constructor({ interval, draw, shown, seen }, host = screen) {
    Object.assign(this, { draw, shown, seen, host });
    this.pace = new Pace(interval);
    this.wanted = false;
    this.busy = false;
    this.timer = null;
    host.onSight(() => this.next());
  }

  request() {
    this.wanted = true;
    this.next();
  }

  next() {
    const { host, pace } = this;
    if (!this.wanted || this.busy || this.timer !== null || host.hidden()) return;
    const wait = pace.wait(host.now());
    if (wait > 0) {
      this.timer = host.later(() => {
        this.timer = null;
        this.next();
      }, wait);
      return;
    }
    this.wanted = false;
    this.busy = true;
    pace.took(host.now());
    try {
      this.draw();
    } finally {
      // After the charts' own, which have asked for the frame while they were drawn.
      host.frame(() => this.finish());
    }
  }

  finish() {
    this.shown();
    // By then the frames that answer `shown` are often here: the newest is drawn and none before it.
    this.host.afterwards(() => {
      this.seen();
      this.busy = false;
      this.next();
    });
  }
}

// After the picture of this animation frame has been handed over.
function afterwards(act) {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => {
    port1.close();
    act();
  };
  port2.postMessage(null);
}
