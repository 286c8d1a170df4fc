import { CopyButton } from "../../ui/CopyButton";
import { countdown, useNow } from "../../ui/time";
import { words } from "../../words";
import type { Run } from "./domain";

/** Why a queued run waits, for how long, and what to do about it. */
export function RunWaiting({ run, place }: { run: Run; place: number | null }) {
  const now = useNow(run.waitingFor === "delay" ? 500 : null);
  const todo = run.waitingFor ? words.runs.waiting.todo[run.waitingFor] : "";
  return (
    <div className="note run-waiting">
      <div className="stack">
        <div>
          <strong>{waitingWords(run, place, now)}</strong>
          {todo && <p className="muted">{todo}</p>}
        </div>
        {run.waitingFor === "no worker alive" && (
          <div className="code">
            <pre>{words.runs.waiting.command}</pre>
            <CopyButton text={words.runs.waiting.command} />
          </div>
        )}
      </div>
    </div>
  );
}

/** Why a queued run waits, in a few words. */
export function waitingWords(run: Run, place: number | null, now: number): string {
  const { waiting } = words.runs;
  if (run.waitingFor === "delay") {
    const left = countdown(run.dueAt.getTime() - now);
    return run.attempt > 0 ? waiting.retry(run.attempt + 1, left) : waiting.due(left);
  }
  if (run.waitingFor) return waiting[run.waitingFor as "concurrency"] ?? run.waitingFor;
  if (place === null) return waiting.turn;
  return place === 1 ? waiting.next : waiting.place(place);
}
