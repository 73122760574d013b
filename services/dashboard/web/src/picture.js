// A picture of a chart that says by itself what it shows.

import { caption } from "./legend.js";
import { palette } from "./theme.js";

const HEIGHT = 26;

// The chart's own canvas below a line of words.
export function pictureOf(chart, about) {
  const ratio = devicePixelRatio || 1;
  const strip = Math.round(HEIGHT * ratio);
  const canvas = document.createElement("canvas");
  canvas.width = chart.width;
  canvas.height = chart.height + strip;
  const pen = canvas.getContext("2d");
  const colors = palette();
  pen.fillStyle = colors.panel;
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.fillStyle = colors.strong;
  pen.textBaseline = "middle";
  pen.font = `600 ${Math.round(13 * ratio)}px system-ui, "Liberation Sans", sans-serif`;
  pen.fillText(caption(about), Math.round(8 * ratio), strip / 2, canvas.width - 16 * ratio);
  pen.drawImage(chart, 0, strip);
  return canvas;
}
