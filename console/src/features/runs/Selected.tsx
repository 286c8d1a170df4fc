import { useState } from "react";
import { ErrorNote } from "../../ui/ErrorNote";
import { words } from "../../words";
import { CancelDialog } from "./CancelDialog";
import { isFinal, type Run } from "./domain";
import { useMany } from "./queries";

/** What can be done to several runs at once. */
export function Selected({ runs, onDone }: { runs: Run[]; onDone: () => void }) {
  const { mutate, isPending, error, data } = useMany();
  const [isAsking, setAsking] = useState(false);
  const going = runs.filter((run) => !isFinal(run) && !run.isStopping).map(({ id }) => id);
  const ended = runs.filter(isFinal).map(({ id }) => id);
  const cancel = () => mutate({ method: "run.cancel", ids: going });
  const isHarmless = runs.every((run) => run.state !== "running");
  return (
    <div className="note selected" role="status">
      <div className="row">
        <strong>{words.runs.selected(runs.length)}</strong>
        {going.length > 0 && (
          <button
            type="button"
            className="small"
            disabled={isPending}
            onClick={() => (isHarmless ? cancel() : setAsking(true))}
          >
            {words.runs.cancelMany(going.length)}
          </button>
        )}
        {ended.length > 0 && (
          <button
            type="button"
            className="small"
            disabled={isPending}
            onClick={() =>
              mutate({ method: "run.retry", ids: ended }, { onSuccess: ({ refused }) => refused || onDone() })
            }
          >
            {words.runs.retryMany(ended.length)}
          </button>
        )}
        <button type="button" className="quiet small" onClick={onDone}>
          {words.runs.unselect}
        </button>
        {data && data.refused > 0 && <span>{words.runs.someRefused(data.refused, data.why)}</span>}
        {error && <ErrorNote error={error} />}
      </div>
      {isAsking && <CancelDialog many={going.length} onCancel={cancel} onClose={() => setAsking(false)} />}
    </div>
  );
}
