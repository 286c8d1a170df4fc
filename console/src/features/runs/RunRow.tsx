import { memo, useState } from "react";
import { Link, useLocation } from "wouter";
import { Icon } from "../../ui/Icon";
import { State } from "../../ui/State";
import { Ago, duration, useNow } from "../../ui/time";
import { words } from "../../words";
import { durationOf, isFinal, type Run } from "./domain";
import { CancelDialog } from "./CancelDialog";
import { useRunActions } from "./queries";
import { waitingWords } from "./RunWaiting";

interface RunRowProps {
  run: Run;
  isFresh: boolean;
  hasCaller: boolean;
  isChosen: boolean;
  onChoose: (id: string, isChosen: boolean) => void;
  onError: (error: Error | null) => void;
}

/** A run in the table. The link in it covers the whole row. */
export const RunRow = memo(
  function RunRow({ run, isFresh, hasCaller, isChosen, onChoose, onError }: RunRowProps) {
    const { columns } = words.runs;
    return (
      <tr className="runs-row" data-fresh={isFresh || undefined} aria-selected={isChosen || undefined}>
        <td className="runs-pick">
          <input
            type="checkbox"
            aria-label={words.runs.select(run.job)}
            checked={isChosen}
            onChange={(event) => onChoose(run.id, event.target.checked)}
          />
        </td>
        <td className="runs-job">
          <Link href={`/runs/${run.id}`}>
            <span>{run.job}</span> <small className="muted mono">{run.id.slice(0, 8)}</small>
          </Link>
          {run.inputs && (
            <small className="muted runs-inputs" title={run.inputs}>
              {run.inputs}
            </small>
          )}
        </td>
        <td className="runs-state">
          <State state={run.state} />
          <Detail run={run} />
        </td>
        <td data-name={columns.created} className="runs-created">
          <Ago at={run.createdAt} />
        </td>
        <td data-name={columns.finished} className="runs-finished">
          <Ago at={run.finishedAt} />
        </td>
        <td data-name={columns.duration} className="runs-duration">
          <Took run={run} />
        </td>
        {hasCaller && <td data-name={columns.caller}>{run.caller}</td>}
        <td data-name={columns.attempt}>{words.runs.attempts(run.attempt, run.maxAttempts)}</td>
        <td className="runs-actions">
          <Action run={run} onError={onError} />
        </td>
      </tr>
    );
  },
  (before, after) =>
    before.run === after.run &&
    before.isFresh === after.isFresh &&
    before.hasCaller === after.hasCaller &&
    before.isChosen === after.isChosen &&
    before.onChoose === after.onChoose,
);

/** How far a running one has got; why a queued one waits; what was wrong with a failed one. */
function Detail({ run }: { run: Run }) {
  if (run.isStopping) return <span className="muted small-text">{words.runs.actions.cancelling}</span>;
  if (run.state === "failed") return <span className="muted small-text runs-why">{run.error?.message}</span>;
  if (run.state === "queued") return run.waitingFor && <Waits run={run} />;
  const fraction = run.progress?.fraction;
  if (run.state !== "running" || fraction == null) return null;
  return (
    <span className="runs-progress">
      <progress value={fraction} max={1} aria-label={words.runs.progress.label} />
      <span className="number small-text">{words.runs.percent(fraction)}</span>
    </span>
  );
}

function Waits({ run }: { run: Run }) {
  const now = useNow(run.waitingFor === "delay" ? 1000 : null);
  return <span className="muted small-text">{waitingWords(run, null, now)}</span>;
}

function Took({ run }: { run: Run }) {
  const now = useNow(run.state === "running" ? 1000 : null);
  const took = durationOf(run, now);
  return took === null ? <span className="muted">{words.ui.never}</span> : duration(took);
}

/** Cancel or run again. */
function Action({ run, onError }: { run: Run; onError: (error: Error | null) => void }) {
  const { cancel, retry } = useRunActions(run.id);
  const [isAsking, setAsking] = useState(false);
  const [, go] = useLocation();
  const { cancelOf, retryOf } = words.runs.actions;
  if (!isFinal(run))
    return (
      <>
        <button
          type="button"
          className="quiet icon-button small"
          aria-label={cancelOf(run.job)}
          title={cancelOf(run.job)}
          disabled={run.isStopping || cancel.isPending}
          onClick={() => (run.state === "queued" ? cancel.mutate(undefined, { onError }) : setAsking(true))}
        >
          <Icon name="stop" size={15} />
        </button>
        {isAsking && (
          <CancelDialog onCancel={() => cancel.mutate(undefined, { onError })} onClose={() => setAsking(false)} />
        )}
      </>
    );
  return (
    <button
      type="button"
      className="quiet icon-button small"
      aria-label={retryOf(run.job)}
      title={retryOf(run.job)}
      disabled={retry.isPending}
      onClick={() => retry.mutate(undefined, { onError, onSuccess: (id) => go(`/runs/${id}`) })}
    >
      <Icon name="again" size={15} />
    </button>
  );
}
