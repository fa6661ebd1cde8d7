// Server-sent events over `fetch`, since EventSource cannot send a key.

import { ApiError, call } from "./api.js";

/** Splits what arrives into events; returns what is left for the next piece. */
export function parse(text, deliver) {
  const blocks = text.split(/\r\n\r\n|\n\n|\r\r/);
  const rest = blocks.pop();
  for (const block of blocks) {
    const event = { type: "message", data: [] };
    for (const line of block.split(/\r\n|\n|\r/)) {
      const [, field, value] = /^([^:]*):? ?(.*)$/.exec(line);
      if (field === "data") event.data.push(value);
      else if (field === "event") event.type = value;
    }
    if (event.data.length) deliver(event.type, event.data.join("\n"));
  }
  return rest;
}

/** The server says at least every 15 s that a stream is alive; without a word for this long it is not. */
const SILENCE = 40_000;

/**
 * Watches a live query until `close`. `onanswer` gets each answer, `onstate` "live", "lost" and, for a query that
 * cannot be answered, "failed" with the error. A stream that breaks is begun anew, after a growing pause.
 */
export function watch(kind, body, { onanswer, onstate }) {
  let closed = false;
  let pause = 500;
  let controller;
  let wake = () => {};
  const again = () => wake();
  addEventListener("online", again);

  async function listen() {
    controller = new AbortController();
    let guard = setTimeout(() => controller.abort(), SILENCE);
    try {
      const path = `/v1/live/${kind}?every=1s&q=${encodeURIComponent(JSON.stringify(body))}`;
      const answer = await call(path, { signal: controller.signal, headers: { Accept: "text/event-stream" } });
      if (!answer.ok) throw new ApiError(answer.status, await answer.json().catch(() => null));
      const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
      let text = "";
      for (;;) {
        const { value, done } = await reader.read();
        if (done) return;
        clearTimeout(guard);
        guard = setTimeout(() => controller.abort(), SILENCE);
        text = parse(text + value, (type, data) => {
          if (closed) return;
          const content = JSON.parse(data);
          if (type === "error") throw new ApiError(content.status ?? 500, content);
          pause = 500;
          onstate("live");
          onanswer(content);
        });
      }
    } finally {
      clearTimeout(guard);
    }
  }

  (async () => {
    while (!closed) {
      try {
        await listen();
      } catch (error) {
        const lasting = error instanceof ApiError && error.status >= 400 && error.status < 500 && error.status !== 429;
        if (lasting && !closed) {
          onstate("failed", error);
          return;
        }
      }
      if (closed) return;
      onstate("lost");
      await new Promise((done) => {
        wake = done;
        setTimeout(done, pause + Math.random() * 250);
      });
      pause = Math.min(pause * 1.7, 10_000);
    }
  })();

  return () => {
    closed = true;
    removeEventListener("online", again);
    controller?.abort();
    wake();
  };
}
