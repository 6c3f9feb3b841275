// What a screen reader says: a sentence that has settled, never one a frame.

import { element, setText } from "./dom.js";

const SETTLED_AFTER = 1000; // milliseconds a sentence stays the same before it is spoken
const UNSPOKEN_AT_MOST = 5000; // milliseconds after which the latest sentence is spoken, settled or not

let timer;
let pending = "";
let unspokenSince = null;

function speak() {
  unspokenSince = null;
  setText(element("announcement"), pending);
}

// A label that flickers between two expressions is not worth interrupting a listener for at each turn.
export function announce(sentence) {
  if (sentence === pending) return;
  pending = sentence;
  unspokenSince ??= Date.now();
  const patience = unspokenSince + UNSPOKEN_AT_MOST - Date.now();
  clearTimeout(timer);
  timer = setTimeout(speak, Math.min(SETTLED_AFTER, patience));
}
