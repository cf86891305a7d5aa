// Follows the board: by an event stream, or by polling where none works. Never gives up.

import { readEvents } from "../streaming/read-events.js";

const POLL_MS = 2000;
const FIRST_EVENT_TIMEOUT_MS = 3000; // a proxy that buffers delivers nothing by then
const SILENCE_TIMEOUT_MS = 10000; // the server sends something every four seconds
const REQUEST_TIMEOUT_MS = 8000;
const STEADY_STREAM_MS = 10000; // a stream that lasted this long is reopened at once
const STREAM_RETRY_MS = 20000; // after a shorter one

/** @typedef {"live" | "offline" | "signed_out"} Contact */

export class BoardFeed {
  #urls;
  #handlers;
  #clockOffset = 0;
  #nextStreamAt = 0;
  #current = new AbortController();

  /**
   * @param {{ board: string, events: string }} urls
   * @param {object} handlers
   * @param {(board: Board) => void} handlers.onBoard
   * @param {(contact: Contact) => void} handlers.onContact
   */
  constructor(urls, handlers) {
    this.#urls = urls;
    this.#handlers = handlers;
    for (const event of ["online", "offline"]) window.addEventListener(event, () => this.wake());
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) this.wake();
    });
  }

  /** The server's time: a tablet's clock may be minutes off. */
  get now() {
    return Date.now() + this.#clockOffset;
  }

  /** Starts over: a request from before the tablet slept may never be answered. */
  wake() {
    this.#nextStreamAt = 0;
    this.#current.abort();
  }

  async run() {
    for (;;) {
      if (Date.now() >= this.#nextStreamAt) await this.#readStream();
      if (!(await this.#poll())) await sleep(POLL_MS);
      else if (Date.now() < this.#nextStreamAt) await sleep(POLL_MS);
    }
  }

  /** Reads a stream until it is lost or ends. */
  async #readStream() {
    const startedAt = Date.now();
    const stream = new AbortController();
    this.#current = stream;
    let timer = setTimeout(() => stream.abort(), FIRST_EVENT_TIMEOUT_MS);
    let reason = "";
    try {
      const response = await this.#fetch(this.#urls.events, stream.signal);
      for await (const { kind, data } of readEvents(response)) {
        clearTimeout(timer);
        timer = setTimeout(() => stream.abort(), SILENCE_TIMEOUT_MS);
        if (kind === "board") this.#handlers.onBoard(JSON.parse(data));
        if (kind === "end") reason = JSON.parse(data).reason;
        this.#handlers.onContact("live");
      }
    } catch {
      // No connection, or no event stream: the next poll finds out.
    }
    clearTimeout(timer);
    const now = Date.now();
    const isSteady = now - startedAt > STEADY_STREAM_MS || reason === "restart";
    this.#nextStreamAt = isSteady ? now : now + STREAM_RETRY_MS;
  }

  /** Reads the board once; returns whether that succeeded. */
  async #poll() {
    const poll = new AbortController();
    this.#current = poll;
    const timer = setTimeout(() => poll.abort(), REQUEST_TIMEOUT_MS);
    try {
      const response = await this.#fetch(this.#urls.board, poll.signal);
      if (response.ok) this.#handlers.onBoard(await response.json());
      this.#handlers.onContact(contactOf(response));
      return response.ok;
    } catch {
      this.#handlers.onContact("offline");
      return false;
    } finally {
      clearTimeout(timer);
    }
  }

  /**
   * @param {string} url
   * @param {AbortSignal} signal
   */
  async #fetch(url, signal) {
    const language = document.documentElement.lang;
    const headers = { Accept: "application/json", "Accept-Language": language };
    const response = await fetch(url, { signal, headers });
    const date = Date.parse(response.headers.get("Date") ?? "");
    if (!Number.isNaN(date)) this.#clockOffset = date - Date.now();
    return response;
  }
}

/**
 * @param {Response} response
 * @returns {Contact}
 */
function contactOf(response) {
  if (response.ok) return "live";
  return [401, 403, 404].includes(response.status) ? "signed_out" : "offline";
}

/** @param {number} milliseconds */
function sleep(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
