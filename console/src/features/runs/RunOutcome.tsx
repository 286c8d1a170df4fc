import { memo, useState } from "react";
import type { FunctionInfo, Registry } from "../../registry/domain";
import { CopyButton } from "../../ui/CopyButton";
import { ErrorNote } from "../../ui/ErrorNote";
import { Icon } from "../../ui/Icon";
import { Loading } from "../../ui/Loading";
import { ResultView } from "../../views/ResultView";
import { words } from "../../words";
import { isFinal, type FileInfo, type Run, type RunError } from "./domain";
import { useResultFile } from "./queries";

interface OutcomeProps {
  run: Run;
  partials: readonly unknown[];
  fn: FunctionInfo | undefined;
  registry: Registry | undefined;
}

/** What has come of a run: its partial results so far, its result. */
export const RunOutcome = memo(function RunOutcome({ run, partials, fn, registry }: OutcomeProps) {
  const isDone = run.state === "succeeded";
  if (!isDone && !partials.length) return null;
  const known = { schema: fn?.result ?? {}, components: registry?.components ?? {}, name: run.job };
  return (
    <section className="stack" aria-labelledby={`outcome-${run.id}`}>
      <h2 id={`outcome-${run.id}`}>
        {words.runs.outcome[isDone ? "result" : isFinal(run) ? "partialsLeft" : "partials"]}
      </h2>
      {!isDone ? (
        <ResultView value={partials} isLive={!isFinal(run)} {...known} />
      ) : run.resultFile ? (
        <LargeResult file={run.resultFile} {...known} />
      ) : (
        <ResultView value={run.result} {...known} />
      )}
    </section>
  );
});

type Known = Pick<Parameters<typeof ResultView>[0], "schema" | "components" | "name">;

/** A result of more than 1 MiB: to be downloaded, and shown to those who want that. */
function LargeResult({ file, ...known }: { file: FileInfo } & Known) {
  const [isWanted, setWanted] = useState(false);
  const { data, error, isPending, refetch } = useResultFile(isWanted ? file.url : null);
  if (data !== undefined) return <ResultView value={data} {...known} />;
  return (
    <div className="row">
      <span>{words.runs.outcome.large(words.runs.bytes(file.size))}</span>
      <a className="button small" href={file.url} download={`${known.name}.json`}>
        <Icon name="download" size={15} />
        {words.runs.outcome.download}
      </a>
      {!isWanted && (
        <button type="button" className="small" onClick={() => setWanted(true)}>
          {words.runs.outcome.showAnyway}
        </button>
      )}
      {error ? (
        <ErrorNote error={error} again={() => void refetch()} />
      ) : (
        isWanted && isPending && <Loading lines={1} />
      )}
    </div>
  );
}

/** The code of an exception of the job; its traceback says it better. */
const JOB_FAILED = -32010;

/** Why a run failed. The traceback is there for operators. That somebody has cancelled it is no failure. */
export function RunFailure({ run, traceback }: { run: Run; traceback: string | null }) {
  const { error } = run;
  if (!error) return null;
  const data = dataOf(error);
  if (run.state === "cancelled" && !data) return null;
  const advice = traceback === null || error.code !== JOB_FAILED ? words.runs.outcome.advice[error.code] : undefined;
  return (
    <ErrorNote error={{ name: "Error", message: error.message, data: error.data }}>
      <p className="muted small-text">
        {words.runs.outcome.code(error.code)}
        {advice && `. ${advice}`}
      </p>
      {data && (
        <pre className="run-error-data" tabIndex={0} aria-label={words.runs.outcome.details}>
          {data}
        </pre>
      )}
      {traceback && (
        <details className="run-traceback" open={run.state === "failed"}>
          <summary>{words.runs.outcome.traceback}</summary>
          <div className="code">
            <pre tabIndex={0}>{traceback}</pre>
            <CopyButton text={traceback} />
          </div>
        </details>
      )}
    </ErrorNote>
  );
}

/** What an error says beside its message and its id, as a text; empty if nothing. */
function dataOf({ data }: RunError): string {
  if (data === null || typeof data === "string") return data ?? "";
  if (typeof data !== "object" || Array.isArray(data)) return JSON.stringify(data, null, 2);
  const rest = Object.fromEntries(Object.entries(data).filter(([name]) => name !== "error_id"));
  return Object.keys(rest).length ? JSON.stringify(rest, null, 2) : "";
}
