// One series of a chart, drawn whole or from where it has changed.

export class Layer {
  constructor(series) {
    this.series = series;
    this.last = null;
    // Points added since it was last drawn whole: the library keeps every one.
    this.grown = 0;
  }

  // Draws `points` anew, or only adds them: then they begin where the last draw ended.
  draw(points, whole) {
    if (whole) {
      this.series.setData(points);
      this.last = points.at(-1) ?? null;
      this.grown = 0;
      return;
    }
    for (const point of points) {
      if (this.last !== null && (point.time < this.last.time || same(point, this.last))) continue;
      if (point.time !== this.last?.time) this.grown += 1;
      this.series.update(point);
      this.last = point;
    }
  }
}

// Every change makes the library work through all bars of the series.
function same(point, last) {
  const keys = Object.keys(point);
  return keys.length === Object.keys(last).length && keys.every((key) => point[key] === last[key]);
}
