/** Servers that live in the test, for what a real one does only when it fails. */
import type { Update } from "../src/index.js";

export const ID = "0198c2a4";
export const TOPIC = `run/${ID}` as const;

/** An update of the run `ID`. */
export const update = (seq: number, type: string, data: unknown = null): Update => ({ topic: TOPIC, seq, type, data });
export const line = (seq: number) => update(seq, "log", { seq, type: "log", at: "", data: { level: "INFO", text: `${seq}` } });
export const ended = (seq: number) => update(seq, "run", { id: ID, seq, state: "succeeded", finished_at: "now", result: 1 });
export const going = (told: number, seq = told) => update(told, "run", { id: ID, seq, state: "running", finished_at: null });

/** Takes the place of the browser's WebSocket; the test is the server. */
export class FakeWebSocket {
  static all: FakeWebSocket[] = [];
  static get last(): FakeWebSocket {
    return FakeWebSocket.all.at(-1)!;
  }
  sent: { id: number; method: string; params: any }[] = [];
  isClosed = false;
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;

  constructor(
    readonly url: string,
    readonly protocol: string,
  ) {
    FakeWebSocket.all.push(this);
  }

  send(text: string): void {
    this.sent.push(JSON.parse(text));
  }

  close(): void {
    this.isClosed = true;
  }

  open(): void {
    this.onopen!();
  }

  say(message: unknown): void {
    this.onmessage!({ data: JSON.stringify(message) });
  }

  tell(...updates: Update[]): void {
    for (const params of updates) this.say({ jsonrpc: "2.0", method: "update", params });
  }

  lose(code = 1006): void {
    this.onclose!({ code });
  }
}

/** A stream of server-sent events, which stays open unless `isWhole`. */
export function stream(updates: Update[], isWhole = false): Response {
  const text = `retry: 2000\n\n: still here\n\n${updates.map((one) => `data: ${JSON.stringify(one)}\n\n`).join("")}`;
  const body = new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode(text));
      if (isWhole) controller.close();
    },
  });
  return new Response(body, { headers: { "Content-Type": "text/event-stream; charset=utf-8" } });
}
