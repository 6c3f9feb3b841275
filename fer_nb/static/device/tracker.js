// The same face keeps its number, and its label stops flickering; see fer_nb.tracks, whose steps and numbers these are.

import { moved } from "./detector.js";

const smoothing = (seconds, constant) => (constant > 0 ? -Math.expm1(-seconds / constant) : 1);
const towards = (from, to, share) => from.map((value, place) => value + share * (to[place] - value));
const largest = (values) => values.indexOf(Math.max(...values));
const middleOf = ([left, top, width, height]) => [left + width / 2, top + height / 2];
const sizeOf = ([, , width, height]) => Math.sqrt(Math.max(width * height, 1));

function pairingCost(expected, found) {
  const [one, other] = [middleOf(found), middleOf(expected)];
  const [size, before] = [sizeOf(found), sizeOf(expected)];
  const distance = (one[0] - other[0]) ** 2 + (one[1] - other[1]) ** 2;
  return distance / (size * before) + Math.log(size / before) ** 2;
}

// A column for each row, each taken once, of the least sum (the Hungarian method with prices).
function assign(cost) {
  const [rows, columns] = [cost.length, cost[0]?.length ?? 0];
  const [rowPrice, columnPrice] = [new Float64Array(rows + 1), new Float64Array(columns + 1)];
  const owner = new Int32Array(columns + 1); // the row of each column, counted from 1; 0 is nobody
  for (let row = 1; row <= rows; row += 1) {
    const least = new Float64Array(columns + 1).fill(Infinity);
    const [cameFrom, used] = [new Int32Array(columns + 1), new Uint8Array(columns + 1)];
    let column = 0;
    owner[0] = row;
    while (column === 0 || owner[column]) {
      used[column] = 1;
      let next = -1;
      for (let other = 1; other <= columns; other += 1) {
        if (used[other]) continue;
        const reduced = cost[owner[column] - 1][other - 1] - rowPrice[owner[column]] - columnPrice[other];
        if (reduced < least[other]) [least[other], cameFrom[other]] = [reduced, column];
        if (next < 0 || least[other] < least[next]) next = other;
      }
      const step = least[next];
      for (let other = 0; other <= columns; other += 1) {
        if (used[other]) {
          rowPrice[owner[other]] += step;
          columnPrice[other] -= step;
        } else least[other] -= step;
      }
      column = next;
    }
    while (column) [owner[column], column] = [owner[cameFrom[column]], cameFrom[column]];
  }
  return Array.from({ length: rows }, (_, row) => owner.indexOf(row + 1, 1) - 1);
}

class Track {
  constructor(number, face, now, probabilities) {
    Object.assign(this, { number, face, since: now, seen: now, probabilities, raw: probabilities, shown: largest(probabilities) });
    Object.assign(this, { velocity: [0, 0], visible: true, recent: null, held: 0 });
  }

  predicted(now) {
    return moved(this.face, this.velocity.map((value) => value * (now - this.seen)));
  }

  follow(face, now, { velocity_seconds: reach }) {
    const step = now - this.seen;
    const [middle, before] = [middleOf(face.box), middleOf(this.face.box)];
    const memory = Math.max(step, Math.min(now - this.since, reach) + 0.05);
    this.velocity = this.velocity.map((value, axis) => value + (middle[axis] - before[axis] - value * step) / memory);
    Object.assign(this, { face, seen: now });
  }

  judge(probabilities, step, { time_constant: constant, margin, changed, longest_memory: longest }) {
    this.raw = probabilities;
    this.recent = towards(this.recent ?? this.probabilities, probabilities, smoothing(step, constant));
    this.held += step;
    const gone = this.recent.reduce((sum, value, place) => sum + Math.abs(value - this.probabilities[place]), 0) / 2;
    if (gone > changed) [this.probabilities, this.held] = [this.recent, 0];
    else {
      const memory = Math.min(Math.max(constant, this.held), longest);
      this.probabilities = towards(this.probabilities, probabilities, smoothing(step, memory));
    }
    const best = largest(this.probabilities);
    if (this.probabilities[best] > this.probabilities[this.shown] + margin) this.shown = best;
  }
}

export class Tracker {
  constructor(
    constants, // time_constant, patience, margin and the rest of fer_nb.tracks
  ) {
    Object.assign(this, { constants, tracks: [], count: 0, now: 0, seconds: null, look: null });
  }

  tick(seconds) {
    const step = this.seconds === null ? 0 : Math.max(0, seconds - this.seconds);
    this.now += step;
    this.seconds = seconds;
    const { longest_step: longest, patience } = this.constants;
    this.tracks = this.tracks.filter((track) => step <= longest && (track.visible || this.now - track.seen <= patience));
  }

  pair(faces) {
    const { tracks, now } = this;
    if (!tracks.length || !faces.length) return faces.map(() => null);
    const { hidden_cost: hidden, far } = this.constants;
    const expected = tracks.map((track) => track.predicted(now).box);
    const cost = faces.map(({ box }, which) => {
      const known = tracks.map((track, place) => {
        const reach = (1 + now - track.seen) ** 2;
        const price = pairingCost(expected[place], box);
        return (price < reach ? price / reach : far) + (track.visible ? 0 : hidden);
      });
      return [...known, ...faces.map((_, other) => (other === which ? 1 : far))]; // a column each for being new
    });
    return assign(cost).map((column) => tracks[column] ?? null);
  }

  // A track for each of the faces, in the order given.
  update(faces, probabilities, seconds) {
    this.tick(seconds);
    const found = this.pair(faces);
    for (const track of this.tracks) track.visible = found.includes(track);
    return faces.map((face, place) => {
      const track = found[place];
      if (track === null) return this.start(face, probabilities[place]);
      track.judge(probabilities[place], this.now - track.seen, this.constants);
      track.follow(face, this.now, this.constants);
      return track;
    });
  }

  start(face, probabilities) {
    this.count += 1;
    const track = new Track(this.count, face, this.now, probabilities);
    this.tracks.push(track);
    return track;
  }
}
