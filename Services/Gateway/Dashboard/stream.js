/** The only WebSocket: JSON-RPC 2.0 at `/ws/stream`, one document a message. */

const firstDelayMilliseconds = 400;
const longestDelayMilliseconds = 15_000;
/** After so long without a message the socket is asked whether it is still there. */
const idleMilliseconds = 20_000;
const answerMilliseconds = 10_000;

/**
 * @typedef {"connecting" | "live" | "waiting" | "stopped"} StreamState
 *
 * @typedef {object} StreamListener
 * @property {(event: import("./types.js").MeasurementEvent) => void} onEvent
 * @property {() => void} onGap Rows may be missing before what comes next: load history again.
 * @property {(state: StreamState) => void} onState
 * @property {() => void} onRefused The token was not accepted: a new one is needed.
 */

export class MeasurementStream {
  /** @type {WebSocket | null} */
  #socket = null;
  /** @type {string | null} */
  #token = null;
  /** @type {number | null} */
  #cursor = null;
  #attempts = 0;
  #lastID = 0;
  /** @type {Map<number, {resolve: (result: any) => void, reject: (error: Error) => void}>} */
  #pending = new Map();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #retryTimer;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #idleTimer;
  #listener;

  /** @param {StreamListener} listener */
  constructor(listener) {
    this.#listener = listener;
    addEventListener("online", () => this.#hurry());
    document.addEventListener("visibilitychange", () => document.hidden || this.#hurry());
  }

  /**
   * Connects, or says who it is again over the connection that stands.
   *
   * @param {string} token
   */
  authenticate(token) {
    this.#token = token;
    if (this.#socket?.readyState === WebSocket.OPEN) {
      this.#call("stream.authenticate", { token }).catch(() => this.#socket?.close());
    } else if (!this.#socket) {
      this.#connect();
    }
  }

  stop() {
    this.#token = null;
    this.#cursor = null;
    clearTimeout(this.#retryTimer);
    if (this.#socket) this.#closed(this.#socket);
    this.#listener.onState("stopped");
  }

  #connect() {
    clearTimeout(this.#retryTimer);
    const url = new URL("/ws/stream", location.href);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(url);
    this.#socket = socket;
    this.#listener.onState("connecting");
    socket.addEventListener("open", () => void this.#begin(socket));
    socket.addEventListener("message", (message) => this.#socket === socket && this.#receive(message.data));
    socket.addEventListener("close", () => this.#closed(socket));
  }

  /** @param {WebSocket} socket */
  async #begin(socket) {
    this.#watch();
    try {
      await this.#call("stream.authenticate", { token: this.#token });
    } catch {
      if (socket.readyState === WebSocket.OPEN) this.#listener.onRefused();
      socket.close();
      return;
    }
    const asked = this.#cursor;
    try {
      const { cursor } = await this.#call("stream.subscribe", asked === null ? {} : { cursor: asked });
      this.#attempts = 0;
      this.#cursor = Math.max(this.#cursor ?? 0, cursor);
      this.#listener.onState("live");
      if (asked !== cursor) this.#listener.onGap();
    } catch {
      this.#cursor = null;
      socket.close();
    }
  }

  /**
   * @param {string} method
   * @param {object} params
   * @returns {Promise<any>}
   */
  #call(method, params) {
    const id = ++this.#lastID;
    this.#socket?.send(JSON.stringify({ jsonrpc: "2.0", id, method, params }));
    return new Promise((resolve, reject) => this.#pending.set(id, { resolve, reject }));
  }

  /** @param {string} text */
  #receive(text) {
    this.#watch();
    const message = JSON.parse(text);
    if (message.method === "stream.measurements") {
      this.#cursor = message.params.cursor;
      this.#listener.onEvent(message.params);
    } else if (message.method === "stream.gap") {
      this.#cursor = message.params.resumes_after;
      this.#listener.onGap();
    } else {
      const call = this.#pending.get(message.id);
      this.#pending.delete(message.id);
      if (message.error) call?.reject(new Error(message.error.message));
      else call?.resolve(message.result);
    }
  }

  /** A half-open connection says nothing: ask, and give up when no answer comes. */
  #watch() {
    clearTimeout(this.#idleTimer);
    const socket = this.#socket;
    this.#idleTimer = setTimeout(() => {
      if (socket?.readyState !== WebSocket.OPEN || !this.#token) return;
      this.#idleTimer = setTimeout(() => this.#closed(socket), answerMilliseconds);
      this.#call("stream.authenticate", { token: this.#token }).catch(() => undefined);
    }, idleMilliseconds);
  }

  /** @param {WebSocket} socket */
  #closed(socket) {
    if (this.#socket !== socket) return;
    clearTimeout(this.#idleTimer);
    this.#socket = null;
    socket.close();
    for (const { reject } of this.#pending.values()) reject(new Error("The connection was lost."));
    this.#pending.clear();
    if (!this.#token) return;
    const ceiling = Math.min(longestDelayMilliseconds, firstDelayMilliseconds * 2 ** this.#attempts);
    this.#attempts += 1;
    this.#listener.onState("waiting");
    this.#retryTimer = setTimeout(() => this.#connect(), ceiling * (0.5 + Math.random() / 2));
  }

  #hurry() {
    if (this.#socket || !this.#token) return;
    this.#attempts = 0;
    this.#connect();
  }
}
