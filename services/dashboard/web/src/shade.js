// What lies behind the bars: the parts of the day outside the regular session, and missing time.

export class Shade {
  constructor(chart) {
    this.chart = chart;
    this.runs = [];
    this.colors = null;
    // How often the chart has been drawn.
    this.draws = 0;
    const renderer = { draw: () => {}, drawBackground: (target) => this.paint(target) };
    this.views = [{ zOrder: () => "bottom", renderer: () => renderer }];
  }

  paneViews() {
    return this.views;
  }

  set(runs, colors) {
    this.runs = runs;
    this.colors = colors;
  }

  paint(target) {
    this.draws += 1;
    if (this.runs.length === 0 || !this.colors) return;
    const scale = this.chart.timeScale();
    const half = scale.options().barSpacing / 2;
    target.useBitmapCoordinateSpace(({ context, bitmapSize, horizontalPixelRatio: ratio }) => {
      for (const { start, end: last, kind } of this.runs) {
        // By time: the chart may hold older points than the page keeps.
        const [left, right] = [scale.timeToCoordinate(start), scale.timeToCoordinate(last)];
        if (left === null || right === null) continue;
        const x = Math.max(0, Math.round((left - half) * ratio));
        const end = Math.min(bitmapSize.width, Math.round((right + half) * ratio));
        if (end <= x) continue;
        context.fillStyle = kind === "missing" ? this.hatch(context, ratio) : this.colors[kind];
        context.fillRect(x, 0, end - x, bitmapSize.height);
      }
    });
  }

  // Slanted lines: missing is not merely another shade.
  hatch(context, ratio) {
    const { missing } = this.colors;
    if (this.tile?.ratio !== ratio || this.tile.missing !== missing) {
      this.tile = { ratio, missing, canvas: this.drawTile(ratio) };
    }
    return context.createPattern(this.tile.canvas, "repeat");
  }

  drawTile(ratio) {
    const size = Math.max(4, Math.round(7 * ratio));
    const tile = document.createElement("canvas");
    tile.width = size;
    tile.height = size;
    const pen = tile.getContext("2d");
    pen.strokeStyle = this.colors.missing;
    pen.lineWidth = ratio;
    pen.beginPath();
    for (const shift of [-size, 0, size]) {
      pen.moveTo(shift, size);
      pen.lineTo(shift + size, 0);
    }
    pen.stroke();
    return tile;
  }
}
