// Every face of a picture: BlazeFace at several sizes and turns, each face checked and placed by the face mesh; see
// fer_nb.search, whose steps and numbers these are.

import { enlarged, moved } from "./detector.js";
import { roundEven, shrink } from "./image.js";

const longer = ({ width, height }) => Math.max(width, height);
const shorter = ({ width, height }) => Math.min(width, height);
const fromTheLeft = (faces) => faces.sort((one, other) => one.box[0] - other.box[0]);

// The boxes' intersection over their union, and over the smaller of them.
function shared(one, other) {
  const sides = [0, 1].map((axis) =>
    Math.max(Math.min(one[axis] + one[2 + axis], other[axis] + other[2 + axis]) - Math.max(one[axis], other[axis]), 0));
  const [both, areas] = [sides[0] * sides[1], [one[2] * one[3], other[2] * other[3]]];
  return [both / Math.max(areas[0] + areas[1] - both, 1e-9), both / Math.max(Math.min(...areas), 1e-9)];
}

function cosineOf(face, candidate) {
  const [one, other] = [face, candidate].map(({ eyes }) => [eyes[1][0] - eyes[0][0], eyes[1][1] - eyes[0][1]]);
  return (one[0] * other[0] + one[1] * other[1]) / Math.max(Math.hypot(...one) * Math.hypot(...other), 1e-9);
}

// { data, width, height } (RGBA) turned clockwise by so many quarters.
function turned(picture, quarters) {
  if (quarters === 0) return picture;
  const { width, height } = picture;
  const from = new Uint32Array(picture.data.buffer, picture.data.byteOffset, width * height);
  const to = new Uint32Array(from.length);
  const [w, h] = quarters === 2 ? [width, height] : [height, width];
  for (let y = 0, place = 0; y < h; y += 1) {
    for (let x = 0; x < w; x += 1, place += 1) {
      const [column, row] = [[x, y], [y, height - 1 - x], [width - 1 - x, height - 1 - y], [width - 1 - y, x]][quarters];
      to[place] = from[row * width + column];
    }
  }
  return { data: new Uint8ClampedArray(to.buffer), width: w, height: h };
}

// A face of the turned picture, in the picture before it was turned.
function turnedBack({ box: [left, top, width, height], eyes, score }, quarters, picture) {
  const back = ([x, y]) =>
    [[x, y], [y, picture.height - x], [picture.width - x, picture.height - y], [picture.width - y, x]][quarters];
  const middle = back([left + width / 2, top + height / 2]);
  const size = quarters % 2 === 0 ? [width, height] : [height, width];
  return { box: [middle[0] - size[0] / 2, middle[1] - size[1] / 2, ...size], eyes: eyes.map(back), score };
}

// By how many quarters a picture is turned, clockwise, so that the face stands nearly upright.
function quartersOf({ eyes: [one, other] }) {
  return (((-Math.round(Math.atan2(other[1] - one[1], other[0] - one[0]) / (Math.PI / 2))) % 4) + 4) % 4;
}

function part({ data, width }, left, top, w, h) {
  const cut = new Uint8ClampedArray(4 * w * h);
  for (let y = 0; y < h; y += 1) cut.set(data.subarray(4 * ((top + y) * width + left), 4 * ((top + y) * width + left + w)), 4 * y * w);
  return { data: cut, width: w, height: h };
}

export class FaceSearch {
  constructor(
    constants, // of fer_nb.search
    blaze, // BlazeFace
  ) {
    Object.assign(this, { constants, blaze, mesh: null }); // the mesh comes later, see worker.js
  }

  // The longer side, in pixels, to which a picture is reduced before it is searched.
  reducedSide(picture) {
    const { smallest, least, least_in_parts: inParts, whole, near } = this.constants;
    const side = Math.ceil((least * longer(picture)) / smallest);
    return Math.max(near, side <= whole ? side : Math.ceil((inParts * longer(picture)) / smallest));
  }

  // Every face of a picture by itself, from left to right.
  async find(frame, gray) {
    const picture = shrink(frame, this.reducedSide(frame), 4);
    let faces = await this.see(picture, gray, 0);
    if (!faces.some(this.isSure)) {
      for (const quarters of [1, 2, 3]) faces = [...faces, ...(await this.see(picture, gray, quarters))];
      faces = this.distinct(faces);
    }
    return fromTheLeft(faces);
  }

  // The faces of a sequence's frame, from left to right; `known` are those of the frame before, `number` counts the looks. Small faces
  // are looked for once a second; between, the picture is looked at from afar, and the mesh looks after the faces that are known.
  async findAgain(frame, gray, known, number) {
    if (!this.mesh) return fromTheLeft(await this.glance(frame));
    const fine = !known.length || number % this.constants.fine_every === 0;
    const picture = shrink(frame, fine ? this.reducedSide(frame) : this.constants.near, 4);
    let faces = [];
    for (const quarters of new Set([0, ...known.map(quartersOf).sort()])) faces.push(...(await this.see(picture, gray, quarters)));
    if (!faces.some(this.isSure)) faces.push(...(await this.see(picture, gray, 1 + (number % 3))));
    if (!fine) faces = await this.checked(gray, known, faces);
    return fromTheLeft(this.distinct(faces));
  }

  // What BlazeFace sees from afar, unchecked: for the first moments, before the mesh has come.
  async glance(frame) {
    const { near, unchecked } = this.constants;
    const faces = await this.blaze.look(shrink(frame, near, 4));
    return faces.filter(({ score }) => score > unchecked).map((face) => enlarged(face, longer(frame) / near));
  }

  isSure = ({ score }) => score > this.constants.surely;

  // The checked faces of the picture, turned by so many quarters, in pixels of `gray`.
  async see(picture, gray, quarters) {
    const { whole, near, border, fills } = this.constants;
    const upright = turned(picture, quarters);
    const scale = longer(gray) / longer(picture);
    const checked = (candidates, size, found) => this.checked(gray, candidates
      .map((face) => enlarged(turnedBack(enlarged(face, size), quarters, picture), scale)), found);
    const faces = await checked(await this.lookInParts(upright), 1, []);
    const isFilled = Math.max(0, ...faces.map(({ box }) => box[2])) > fills * shorter(gray);
    if (longer(picture) <= whole && faces.length && !isFilled) return faces;
    return checked(await this.blaze.look(shrink(upright, near, 4), border), longer(picture) / near, faces);
  }

  async lookInParts(picture) {
    const { part: side } = this.constants;
    const found = [];
    for (const top of this.starts(picture.height)) {
      for (const left of this.starts(picture.width)) {
        const size = [Math.min(side, picture.width - left), Math.min(side, picture.height - top)];
        const isWhole = size[0] === picture.width && size[1] === picture.height;
        const faces = await this.blaze.look(isWhole ? picture : part(picture, left, top, ...size));
        found.push(...faces.map((face) => moved(face, [left, top])));
      }
    }
    return found;
  }

  // Where the parts of a picture begin, along one side: all as long, the last one at the end.
  starts(length) {
    const { part: side, overlap } = this.constants;
    const count = length <= side ? 1 : Math.ceil((length - overlap) / (side - overlap));
    return Array.from({ length: count }, (_, place) => roundEven((place * (length - side)) / Math.max(1, count - 1)));
  }

  // The candidate where the mesh sees it, asked once more where it was asked in the wrong place.
  async fitted(gray, candidate) {
    const { same_place: place, same_turn: turn, a_face: least } = this.constants;
    const face = await this.mesh.fit(gray, candidate);
    const isClose = shared(face.box, candidate.box)[0] >= place && cosineOf(face, candidate) >= turn;
    return face.score > least && !isClose ? this.mesh.fit(gray, face) : face;
  }

  // Those found before, and the faces among the candidates, each where the mesh sees it.
  async checked(gray, candidates, found = []) {
    const { same_place: place, a_face: least } = this.constants;
    const faces = [...found];
    for (const candidate of candidates) {
      if (faces.some((face) => this.isSure(face) && shared(face.box, candidate.box)[0] >= place)) continue; // seen already
      const face = await this.fitted(gray, candidate);
      if (face.score > least) faces.push(face);
    }
    return this.distinct(faces);
  }

  // Of faces in the same place the surest one.
  distinct(faces) {
    const kept = [];
    for (const face of [...faces].sort((one, other) => other.score - one.score)) {
      if (kept.every((other) => shared(face.box, other.box)[1] <= this.constants.same_face)) kept.push(face);
    }
    return kept;
  }
}
