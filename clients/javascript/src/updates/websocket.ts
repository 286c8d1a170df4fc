/** Updates over a WebSocket: JSON-RPC both ways. */
import { fromWire, Unauthenticated } from "../errors.js";
import type { Topic } from "../topic.js";
import { request } from "../wire.js";
import type { Updates } from "./updates.js";
import { Refused } from "./way.js";

const PROTOCOL = "hotplate.v1";
const MOST_TOPICS = 100;

/** No connection for so long: something on the way does not let it through. In ms. */
const ANSWER_MS = 10_000;

/** Silent for so long: the connection is dead, as the server says something every 15 s. In ms. */
const SILENCE_MS = 40_000;

const AWAY = [1001, 1012];
const NOT_SIGNED_IN = 4401;

/** The way over a WebSocket. */
export function websocket(updates: Updates, signal: AbortSignal): Promise<number | void> {
  if (!globalThis.WebSocket) return Promise.reject(new Refused());
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(new URL("updates", updates.http.url).href.replace(/^http/, "ws"), PROTOCOL);
    let followed = new Set<Topic>();
    const asked = new Map<number, Topic>();
    let isOpen = false;
    let timer: ReturnType<typeof setTimeout>;

    const send = (verb: string, topics: Topic[]) => {
      const after = Object.fromEntries(topics.filter((topic) => topic.seen).map((topic) => [topic.name, topic.seen]));
      const params = { topics: topics.map((topic) => topic.name), ...(verb === "subscribe" ? { after } : {}) };
      const call = request(`updates.${verb}`, params);
      socket.send(JSON.stringify(call));
      return call.id!;
    };
    const sync = () => {
      if (!isOpen) return; // then all of it is asked for together
      const wanted = new Set(updates.wanted(MOST_TOPICS));
      const left = [...followed].filter((topic) => !wanted.has(topic));
      if (left.length) send("unsubscribe", left);
      // each by itself, so that an error is about one
      for (const topic of wanted) if (!followed.has(topic)) asked.set(send("subscribe", [topic]), topic);
      followed = wanted;
    };
    const heard = (ms: number) => {
      clearTimeout(timer);
      timer = setTimeout(lose, ms);
    };
    const over = () => {
      clearTimeout(timer);
      socket.onopen = socket.onmessage = socket.onclose = null;
      socket.close();
    };
    const lose = () => (over(), isOpen ? resolve() : reject(new Refused()));
    heard(ANSWER_MS);
    updates.onChange = sync;

    socket.onopen = () => {
      isOpen = true;
      heard(SILENCE_MS);
      updates.opened();
      sync();
    };
    socket.onmessage = ({ data }) => {
      heard(SILENCE_MS);
      const { id, method, params, error } = JSON.parse(data);
      if (method === "update") updates.take(params);
      const topic = asked.get(id);
      asked.delete(id);
      if (error?.code === -32020) lose();
      else if (error && topic) topic.fail(fromWire(error));
    };
    socket.onerror = () => {}; // `onclose` follows; some WebSockets of Node throw what nobody hears
    socket.onclose = ({ code }) => {
      over();
      if (code === NOT_SIGNED_IN) reject(new Unauthenticated(-32001, "Sign-in needed"));
      else if (!isOpen) reject(new Refused());
      else resolve(AWAY.includes(code) ? 100 + Math.random() * 900 : undefined);
    };
    signal.addEventListener("abort", () => (over(), reject(signal.reason)), { once: true });
  });
}
