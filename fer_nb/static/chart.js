// The last minute of a face as curves, one an expression.

import { WINDOW } from "./timeline.js";

const MARGIN = { left: 44, right: 6, top: 10, bottom: 22 }; // pixels; "100%" has room in wide fonts, too
const GAP = 1; // seconds without the face after which its curves begin anew
const FONT = '12px system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif';

function drawGrid(pen, area, colours) {
  pen.font = FONT;
  pen.lineWidth = 1;
  pen.strokeStyle = colours("--line");
  pen.fillStyle = colours("--quiet");
  pen.textAlign = "right";
  pen.textBaseline = "middle";
  for (const share of [0, 0.5, 1]) {
    const y = Math.round(area.y(share)) + 0.5;
    pen.beginPath();
    pen.moveTo(area.left, y);
    pen.lineTo(area.right, y);
    pen.stroke();
    pen.fillText(`${100 * share}%`, area.left - 6, y);
  }
  pen.textBaseline = "alphabetic";
  const times = [[WINDOW, `${WINDOW} s ago`, "left"], [WINDOW / 2, `${WINDOW / 2} s`, "center"], [0, "now", "right"]];
  for (const [ago, text, align] of times) {
    pen.textAlign = align;
    pen.fillText(text, area.x(ago), area.bottom + 16);
  }
}

function drawCurve(pen, faces, area, now, name) {
  pen.beginPath();
  let last = null;
  for (const { seconds, probabilities } of faces) {
    const share = probabilities[name];
    if (share === undefined) continue;
    const [x, y] = [area.x(now - seconds), area.y(share)];
    if (last === null || seconds - last > GAP) pen.moveTo(x, y);
    else pen.lineTo(x, y);
    last = seconds;
  }
  pen.stroke();
}

export function drawChart(
  canvas,
  faces, // of one track, none older than the window
  now, // seconds at the right edge
  curves, // { name, colour } of each expression that is drawn
) {
  const { width, height } = canvas.getBoundingClientRect();
  if (!width || !height) return;
  const density = window.devicePixelRatio || 1;
  canvas.width = Math.round(width * density);
  canvas.height = Math.round(height * density);
  const pen = canvas.getContext("2d");
  pen.scale(density, density);

  const style = getComputedStyle(canvas);
  const colours = (variable) => style.getPropertyValue(variable).trim();
  const area = { left: MARGIN.left, right: width - MARGIN.right, bottom: height - MARGIN.bottom };
  area.x = (ago) => area.right - (ago / WINDOW) * (area.right - area.left);
  area.y = (share) => area.bottom - share * (area.bottom - MARGIN.top);

  drawGrid(pen, area, colours);
  pen.save();
  pen.beginPath();
  pen.rect(area.left, 0, area.right - area.left, area.bottom + 2);
  pen.clip();
  pen.lineJoin = "round";
  const label = faces.at(-1)?.label;
  const ordered = [...curves].sort((one, other) => (one.name === label) - (other.name === label)); // the label's on top
  for (const { name, colour } of ordered) {
    pen.strokeStyle = colour;
    pen.lineWidth = name === label ? 2.75 : 1.5;
    drawCurve(pen, faces, area, now, name);
  }
  pen.restore();
}
