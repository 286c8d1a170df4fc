import { Link } from "wouter";
import { useRegistry } from "../../registry/queries";
import { CopyButton } from "../../ui/CopyButton";
import { Empty } from "../../ui/Empty";
import { ErrorNote } from "../../ui/ErrorNote";
import { Loading } from "../../ui/Loading";
import { State } from "../../ui/State";
import { Ago, duration } from "../../ui/time";
import { words } from "../../words";
import { durationOf, isFinal, type Run } from "./domain";
import { Log } from "./Log";
import { isRefused } from "../../registry/asking";
import { useChildren, useDetails, useRun } from "./queries";
import { RunActions } from "./RunActions";
import { RunFacts } from "./RunFacts";
import { RunInputs } from "./RunInputs";
import { RunFailure, RunOutcome } from "./RunOutcome";
import { RunProgress } from "./RunProgress";
import { RunWaiting } from "./RunWaiting";
import { Timeline } from "./Timeline";
import "./run.css";

/** A run as it goes on, with its result. Compact below the form that has started it. */
export default function RunPanel({ id, isCompact = false }: { id: string; isCompact?: boolean }) {
  const followed = useRun(id);
  const { run, error } = followed;
  if (run)
    return (
      <>
        {error && <ErrorNote title={words.runs.failedToFollow} error={error} />}
        <Panel {...followed} run={run} isCompact={isCompact} />
      </>
    );
  if (isRefused(error))
    return <Empty isPage={!isCompact} title={words.runs.refused.title} text={words.runs.refused.text} />;
  if (error)
    return (
      <Empty
        isPage={!isCompact}
        title={words.runs.unknown.title}
        text={words.runs.unknown.text}
        link={["/runs", words.runs.unknown.link]}
      />
    );
  return <Loading lines={6} />;
}

type PanelProps = Omit<ReturnType<typeof useRun>, "run"> & { run: Run; isCompact: boolean };

function Panel({ run, progress, moves, log, partials, isCompact }: PanelProps) {
  const { data: registry } = useRegistry();
  const { data: details } = useDetails(run);
  const fn = registry && [...registry.functions, ...registry.shown].find(({ name }) => name === run.job);
  return (
    <div className="run stack" data-compact={isCompact || undefined}>
      <Head run={run} isCompact={isCompact} />
      {run.state === "queued" && <RunWaiting run={run} place={details?.place ?? null} />}
      {run.state !== "queued" && run.state !== "succeeded" && <RunProgress run={run} progress={progress} />}
      <RunFailure run={run} traceback={details?.traceback ?? null} />
      <RunOutcome run={run} partials={partials} fn={fn} registry={registry} />
      {isCompact ? (
        log.length > 0 && <Log id={run.id} log={log} moves={moves} isEnded={isFinal(run)} isCompact />
      ) : (
        <>
          <Log id={run.id} log={log} moves={moves} isEnded={isFinal(run)} isCompact={false} />
          <div className="run-more">
            <Timeline run={run} moves={moves} />
            <div className="stack">
              {details && <RunInputs id={run.id} params={details.params} />}
              <RunFacts run={run} />
            </div>
          </div>
        </>
      )}
    </div>
  );
}

function Head({ run, isCompact }: { run: Run; isCompact: boolean }) {
  const { error } = useChildren(run);
  const took = isFinal(run) && durationOf(run, 0);
  return (
    <header className="stack run-head">
      <div className="page-head">
        <div className="row">
          {isCompact ? (
            <h2>
              <Link href={`/runs/${run.id}`}>{run.job}</Link>
            </h2>
          ) : (
            <h1>{run.job}</h1>
          )}
          <span aria-live="polite">
            <State state={run.state} />
          </span>
          {typeof took === "number" && <span className="muted">{duration(took)}</span>}
        </div>
        {!isRefused(error) && <RunActions run={run} isCompact={isCompact} />}
      </div>
      {!isCompact && (
        <div className="row muted small-text run-who">
          <span>
            <Ago at={run.createdAt} /> {words.runs.startedBy(run.caller)}
          </span>
          <span className="mono run-id">{run.id}</span>
          <CopyButton text={run.id} label={words.runs.copyId} />
          {!isRefused(error) && (
            <>
              <Link href={`/functions/${encodeURIComponent(run.job)}`}>{words.runs.toFunction}</Link>
              <Link href={`/runs?job=${encodeURIComponent(run.job)}`}>{words.runs.toOthers}</Link>
            </>
          )}
        </div>
      )}
    </header>
  );
}
