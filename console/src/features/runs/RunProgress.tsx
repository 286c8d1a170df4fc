import { useRef } from "react";
import { countdown, duration, useNow } from "../../ui/time";
import { words } from "../../words";
import { durationOf, type Progress, type Run } from "./domain";

/** How far a run has got, how quick it is, and how long it will take; the time left runs down between two updates. */
export function RunProgress({ run, progress }: { run: Run; progress: Progress | null }) {
  const isRunning = run.state === "running";
  const now = useNow(isRunning ? 250 : null);
  const told = useRef({ progress, at: now });
  if (told.current.progress !== progress) told.current = { progress, at: Date.now() };
  const elapsed = durationOf(run, now) ?? 0;
  if (!progress)
    return isRunning ? (
      <div className="progress stack">
        <progress aria-label={words.runs.progress.label} />
        <p className="muted small-text">{words.runs.progress.elapsed(duration(elapsed))}</p>
      </div>
    ) : null;
  const { done, total, fraction, message } = progress;
  const left = progress.eta_s === null ? null : progress.eta_s * 1000 - (now - told.current.at);
  const facts = [
    words.runs.progress.done(done, total),
    progress.rate !== null && words.runs.progress.rate(progress.rate),
    isRunning && left !== null && remaining(left),
    isRunning && words.runs.progress.elapsed(duration(elapsed)),
  ].filter(Boolean);
  return (
    <div className="progress stack" data-state={run.state}>
      <div className="row apart">
        <span className="progress-message">{message ?? ""}</span>
        {fraction !== null && <strong className="number">{words.runs.percent(fraction)}</strong>}
      </div>
      <progress aria-label={words.runs.progress.label} {...(fraction !== null && { value: fraction, max: 1 })} />
      <p className="muted small-text progress-facts">{facts.join(" · ")}</p>
    </div>
  );
}

const remaining = (ms: number): string =>
  ms < 1000 ? words.runs.progress.soon : words.runs.progress.left(countdown(ms));
