// Calls of the server. Each is answered in time or not at all, and a refusal brings the server's reason with it.

import { api } from "./dom.js";

const ANSWERED_WITHIN = 8000; // milliseconds; a call that takes longer is lost, and so is the server

// Why a call came to nothing: the server's status (0 without any) and its sentence.
export class Refused extends Error {
  constructor(status, sentence, wait = 0) {
    super(sentence);
    this.status = status;
    this.wait = wait; // seconds the server asks for
  }

  // A proxy that does not reach its server answers in its place.
  get silent() {
    return [0, 502, 504].includes(this.status);
  }
}

// What a proxy means, which writes no sentence of ours into its answer.
const BY_A_PROXY = {
  401: "A proxy before the server asks who you are (401); log in there, then load this page again.",
  403: "A proxy before the server does not let this through (403); ask whoever runs it.",
  413: "A proxy before the server lets no picture of this size through (413); its limit can be raised, as nginx's client_max_body_size.",
  429: "A proxy before the server lets no more calls through for now (429); the page goes on in a moment.",
};

async function refusalOf(answer) {
  const { error } = await answer.json().catch(() => ({}));
  const sentence = error || BY_A_PROXY[answer.status] || `The server answered ${answer.status}.`;
  return new Refused(answer.status, sentence, Number(answer.headers.get("Retry-After")) || 0);
}

export async function call(path, { signal, within = ANSWERED_WITHIN, read = (answer) => answer.json(), ...options }) {
  const patience = new AbortController();
  const give_up = () => patience.abort();
  const timer = setTimeout(give_up, within);
  signal.addEventListener("abort", give_up, { once: true });
  try {
    const answer = await fetch(api(path), { ...options, signal: patience.signal });
    if (!answer.ok) throw await refusalOf(answer);
    return await read(answer);
  } catch (error) {
    throw error instanceof Refused ? error : new Refused(0, "The server does not answer.");
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", give_up);
  }
}
