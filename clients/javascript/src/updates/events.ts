/** Updates as server-sent events, read with `fetch`: EventSource cannot send headers and hides why it was refused. */
import { failure, type Http } from "../http.js";
import { fromWire, HotplateError, NotFound, Unauthenticated, type ErrorObject } from "../errors.js";
import type { Topic } from "../topic.js";
import type { Updates } from "./updates.js";
import { Refused } from "./way.js";

/** No answer for so long: something on the way waits for the end of the stream. In ms. */
const ANSWER_MS = 10_000;

/** Silent for so long: the connection is dead, as the server says something every 15 s. In ms. */
const SILENCE_MS = 40_000;

/** The way over server-sent events. */
export async function events(updates: Updates, signal: AbortSignal): Promise<number | void> {
  const topics = updates.wanted();
  const silence = new AbortController();
  let timer = setTimeout(() => silence.abort(), ANSWER_MS);
  let answer: Response;
  try {
    answer = await updates.http.fetch(address(topics), {
      headers: { Accept: "text/event-stream" },
      cache: "no-store",
      signal: AbortSignal.any([signal, silence.signal]),
    });
    if (!answer.ok) return await refuse(updates.http, answer, topics);
    if (!answer.body || !answer.headers.get("content-type")?.startsWith("text/event-stream")) throw new Refused();
    let retry: number | undefined;
    let rest = "";
    const decoder = new TextDecoder();
    const reader = answer.body.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return retry && retry * (0.5 + Math.random() / 2);
      updates.opened();
      clearTimeout(timer);
      timer = setTimeout(() => silence.abort(), SILENCE_MS);
      const lines = (rest + decoder.decode(value, { stream: true })).split(/\r?\n/);
      rest = lines.pop()!;
      for (const line of lines) {
        if (line.startsWith("data:")) updates.take(JSON.parse(line.slice(5)));
        else if (line.startsWith("retry:")) retry = Number(line.slice(6));
      }
    }
  } catch (error) {
    signal.throwIfAborted();
    if (silence.signal.aborted && !answer!) throw new Refused();
    if (error instanceof Refused || error instanceof HotplateError) throw error;
  } finally {
    clearTimeout(timer);
    silence.abort();
  }
}

function address(topics: Topic[]): string {
  const names = topics.map((topic) => encodeURI(topic.name));
  const after = topics.filter((topic) => topic.seen).map((topic) => `${encodeURI(topic.name)}=${topic.seen}`);
  return `updates?topics=${names}` + (after.length ? `&after=${after}` : "");
}

/** Say what a refusal means: some topics are not for this caller, this way is not there, or nothing works. As a `Way`. */
async function refuse(http: Http, answer: Response, topics: Topic[]): Promise<number> {
  const body = await answer.json().catch(() => null);
  const error = failure(answer.url, answer.status, body);
  if (!error.code && answer.status < 500 && answer.status !== 429) throw new Refused();
  if (!(error instanceof NotFound || error instanceof Unauthenticated)) throw error;
  // which ones it are must be asked one by one; the others go on
  const isOne = topics.length === 1;
  const look = async (topic: Topic) => {
    const { status } = isOne ? answer : await http.fetch(address([topic]), { method: "HEAD" });
    if (REFUSED[status]) topic.fail(isOne ? error : fromWire(REFUSED[status]));
  };
  await Promise.all(topics.map(look));
  return 100;
}

/** What a status says of a topic. */
const REFUSED: Record<number, ErrorObject> = {
  401: { code: -32001, message: "Sign-in needed" },
  404: { code: -32004, message: "Not found" },
};
