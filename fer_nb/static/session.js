// A session with the server: it has its own tracks there, so a face keeps its track from frame to frame.

import { api, problemOf } from "./dom.js";

const ANSWERED_WITHIN = 8000; // milliseconds; a frame that takes longer is lost, and so is the server

// Why a frame or a session came to nothing: the server's status (0 without any) and its sentence.
export class Refused extends Error {
  constructor(status, sentence, wait = 0) {
    super(sentence);
    this.status = status;
    this.wait = wait; // seconds the server asks for
  }
}

async function post(path, body, signal) {
  const patience = new AbortController();
  const give_up = () => patience.abort();
  const timer = setTimeout(give_up, ANSWERED_WITHIN);
  signal.addEventListener("abort", give_up, { once: true });
  try {
    const answer = await fetch(api(path), { method: "POST", body, signal: patience.signal });
    if (answer.ok) return await answer.json();
    throw new Refused(answer.status, await problemOf(answer), Number(answer.headers.get("Retry-After")) || 0);
  } catch (error) {
    throw error instanceof Refused ? error : new Refused(0, "The server does not answer.");
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", give_up);
  }
}

export async function openSession(signal) {
  const { session } = await post("sessions", null, signal);
  const id = encodeURIComponent(session);
  return {
    send: (frame, jpeg) => post(`frames?session=${id}&frame=${frame}`, jpeg, signal),
    end: () => navigator.sendBeacon(api(`sessions/${id}/end`)), // also goes out from a page that closes
  };
}
