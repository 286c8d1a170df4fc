/** Updates by asking again and again, where nothing can be streamed. Moves are not told this way, `run` is. */
import { fromWire } from "../errors.js";
import { sleep } from "../pause.js";
import { LIVE, RunTopic, type StateTopic, type Topic } from "../topic.js";
import { request, type Answer, type Event, type Request } from "../wire.js";
import type { Updates } from "./updates.js";

/** So long until a better way is tried again, in ms. */
const LASTS_MS = 300_000;

/** The engine's record cannot be reached just now. */
const AWAY = -32020;

const LONGEST_WAIT_S = 25;
const PAGE = 1000;

/** What tells of state topics that are lists. */
const LISTS: Record<string, string> = { runs: "run.list", workers: "worker.list", schedules: "schedule.list" };

/** The way by polling: one run is waited for, several topics are asked for together every 2 s. */
export async function polling(updates: Updates, signal: AbortSignal): Promise<number | void> {
  updates.opened();
  const said = new Map<Topic, number>();
  for (const end = Date.now() + LASTS_MS; Date.now() < end; ) {
    const topics = updates.wanted();
    const wait = topics.length > 1 ? 0 : LONGEST_WAIT_S;
    const answers = await ask(
      updates,
      signal,
      topics.map((topic) => question(topic, wait)),
    );
    for (const [i, topic] of topics.entries()) {
      const { error, result } = answers[i] as Answer & { result: any };
      if (error?.code === AWAY) throw fromWire(error);
      if (error) topic.fail(fromWire(error));
      else if (topic instanceof RunTopic) await tellRun(updates, signal, topic, result, said);
      else if (said.get(topic) !== (result.version ?? -1)) {
        said.set(topic, result.version);
        topic.take({ topic: topic.name, seq: 0, type: (topic as StateTopic).whole, data: result.runs ?? result });
      }
    }
    await sleep(wait && topics[0] instanceof RunTopic ? 200 : 2000, signal);
  }
  return 0;
}

/** What is no run and no list is a live value, or is not found. */
function question(topic: Topic, timeout: number): Request {
  if (topic instanceof RunTopic) return request("run.wait", { id: topic.id, timeout, seq: topic.record?.seq ?? -1 });
  return LISTS[topic.name] ? request(LISTS[topic.name]!) : request("live.get", [topic.name.slice(LIVE.length)]);
}

async function tellRun(
  updates: Updates,
  signal: AbortSignal,
  topic: RunTopic,
  run: any,
  said: Map<Topic, number>,
): Promise<void> {
  if (run.seq === topic.record?.seq && !run.finished_at) return;
  for (let after = said.get(topic) ?? topic.seen, more = true; more; said.set(topic, after)) {
    const [answer] = await ask(updates, signal, [request("run.log", { id: topic.id, after, limit: PAGE })]);
    if (answer!.error) throw fromWire(answer!.error);
    const page = answer!.result as { events: Event[]; next: number };
    for (const event of page.events) topic.take({ topic: topic.name, seq: event.seq, type: event.type, data: event });
    after = page.next;
    more = page.events.length === PAGE;
  }
  topic.take({ topic: topic.name, seq: run.seq, type: "run", data: run });
}

/** The answers to several calls, in their order. */
async function ask(updates: Updates, signal: AbortSignal, calls: Request[]): Promise<Answer[]> {
  if (!calls.length) return [];
  const answers: any = await updates.http.post(calls, false, { signal, timeout: LONGEST_WAIT_S + 10 });
  if (answers.error) throw fromWire(answers.error); // it is refused as a whole
  return calls.map(({ id }) => answers.find((answer: Answer) => answer.id === id));
}
