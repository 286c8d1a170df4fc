import { memo } from "react";
import { ResultView } from "../../views/ResultView";
import { words } from "../../words";

/** With what a run was started. */
export const RunInputs = memo(function RunInputs({ id, params }: { id: string; params: unknown }) {
  const isEmpty = params === null || Object.keys(params as object).length === 0;
  return (
    <section className="stack" aria-labelledby={`inputs-${id}`}>
      <h2 id={`inputs-${id}`}>{words.runs.inputs.title}</h2>
      {isEmpty ? (
        <p className="muted">{words.runs.inputs.none}</p>
      ) : (
        <ResultView value={params} schema={{}} components={{}} />
      )}
    </section>
  );
});
