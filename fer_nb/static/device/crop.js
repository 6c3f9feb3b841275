// A face upright, framed as FER-2013 frames it; see crop_face in fer_nb.faces.

import { averageDown, warpSquare } from "./image.js";

const LARGEST = 8; // times the crop's side that a face is warped to before it is averaged down

// The points of the frame that become the crop's top left, top right and bottom left corner.
function cornersOf({ box, eyes }, { box_width: share, eyes_middle: [across, along] }) {
  const [left, top, width, height] = box;
  if (!eyes) return [[left, top], [left + width, top], [left, top + height]]; // a picture that is a face already
  const [[one, other], side] = [eyes, width / share];
  const apart = [other[0] - one[0], other[1] - one[1]];
  const length = Math.max(Math.hypot(...apart), 1e-9);
  const right = apart.map((value) => (side * value) / length);
  const down = [-right[1], right[0]];
  const corner = [0, 1].map((axis) => (one[axis] + other[axis]) / 2 - across * right[axis] - along * down[axis]);
  return [corner, [corner[0] + right[0], corner[1] + right[1]], [corner[0] + down[0], corner[1] + down[1]]];
}

export function cropFace(gray, face, constants) {
  const corners = cornersOf(face, constants);
  const side = Math.hypot(corners[1][0] - corners[0][0], corners[1][1] - corners[0][1]);
  const times = Math.min(LARGEST, Math.max(1, Math.ceil(side / constants.side)));
  const square = warpSquare(gray, corners, constants.side * times);
  return times === 1 ? square : averageDown(square, constants.side * times, times);
}
