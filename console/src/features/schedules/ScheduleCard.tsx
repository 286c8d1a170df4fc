import type { HotplateError } from "@hotplate/client";
import { useEffect, useId } from "react";
import { Link } from "wouter";
import { Icon } from "../../ui/Icon";
import { State } from "../../ui/State";
import { Ago, exactly } from "../../ui/time";
import { words } from "../../words";
import type { Schedule } from "./domain";
import { useAct, useLastRun, type Verb } from "./queries";
import { ruleText } from "./rule";

const w = words.schedules;

/** Not signed in, or no operator: no act will ever be allowed. */
const REFUSALS = [-32001, -32003];

/** A schedule. onRefused: called with the code of an error that says that this caller may not act. */
export function ScheduleCard({
  schedule,
  mayAct,
  onRefused,
}: {
  schedule: Schedule;
  mayAct: boolean;
  onRefused: (code: number) => void;
}) {
  const id = useId();
  const act = useAct(schedule.name);
  const code = (act.error as HotplateError | null)?.code ?? 0;
  useEffect(() => {
    if (REFUSALS.includes(code)) onRefused(code);
  }, [code, onRefused]);
  return (
    <article className="card stack schedule" aria-labelledby={id}>
      <div className="row apart">
        <div className="row">
          <h2 id={id}>{schedule.name}</h2>
          {schedule.pausedAt && <span className="badge plain">{w.paused}</span>}
        </div>
        {mayAct && <Acts schedule={schedule} isBusy={act.isPending} act={(verb) => act.mutate(verb)} />}
      </div>
      <Facts schedule={schedule} />
      {schedule.waitingFor && w.waitingFor[schedule.waitingFor] && (
        <p className="note warning">{w.waitingFor[schedule.waitingFor]}</p>
      )}
      <div role="status">
        {act.error && mayAct && <p className="note error">{w.errors[code] ?? act.error.message}</p>}
        {act.data && (
          <p>
            {w.fired} <Link href={`/runs/${act.data}`}>{w.openRun}</Link>
          </p>
        )}
      </div>
    </article>
  );
}

function Acts({ schedule, isBusy, act }: { schedule: Schedule; isBusy: boolean; act: (verb: Verb) => void }) {
  const verbs: Verb[] = [schedule.pausedAt ? "resume" : "pause", "fire"];
  return (
    <div className="row">
      {verbs.map((one) => (
        <button
          key={one === "fire" ? one : "turn"}
          type="button"
          className="small"
          disabled={isBusy}
          aria-label={w.named(w[one], schedule.name)}
          onClick={() => act(one)}
        >
          <Icon name={one === "pause" ? "pause" : "play"} size={14} />
          {w[one]}
        </button>
      ))}
    </div>
  );
}

function Facts({ schedule }: { schedule: Schedule }) {
  const { cron, timezone, job, params } = schedule;
  return (
    <dl className="schedule-facts">
      <div>
        <dt>{w.rule}</dt>
        <dd>
          <span className="schedule-rule">{ruleText(schedule)}</span>
          {cron && (
            <span className="muted small-text">
              {" "}
              <code>{cron}</code> {timezone}
            </span>
          )}
        </dd>
      </div>
      <div>
        <dt>{w.job}</dt>
        <dd>
          <Link href={`/functions/${encodeURIComponent(job)}`}>{job}</Link>
        </dd>
      </div>
      <div>
        <dt>{w.next}</dt>
        <dd>
          <Next schedule={schedule} />
        </dd>
      </div>
      <div>
        <dt>{w.last}</dt>
        <dd>
          <Last schedule={schedule} />
        </dd>
      </div>
      {Object.keys(params).length > 0 && (
        <div className="whole">
          <dt>{w.params}</dt>
          <dd>
            <code className="schedule-params">{JSON.stringify(params)}</code>
          </dd>
        </div>
      )}
    </dl>
  );
}

function Next({ schedule: { nextAt, upcoming, pausedAt, isKnown } }: { schedule: Schedule }) {
  if (pausedAt) {
    return (
      <>
        {w.pausedSince} <Ago at={pausedAt} />
      </>
    );
  }
  if (!nextAt) return <span className="muted">{isKnown ? w.noMore : w.noNext}</span>;
  return (
    <>
      <Ago at={nextAt} /> <span className="muted small-text">{exactly(nextAt)}</span>
      {upcoming.length > 0 && (
        <details className="small-text muted">
          <summary>{w.upcoming(upcoming.length)}</summary>
          <ol>
            {upcoming.map((at) => (
              <li key={at.getTime()}>
                <time dateTime={at.toISOString()}>{exactly(at)}</time>
              </li>
            ))}
          </ol>
        </details>
      )}
    </>
  );
}

function Last({ schedule: { lastDueAt, lastRun, skipped, skippedAt, skippedFor } }: { schedule: Schedule }) {
  const run = useLastRun(lastRun);
  return (
    <>
      {lastDueAt ? <Ago at={lastDueAt} /> : <span className="muted">{w.never}</span>}{" "}
      {lastRun && run.isError ? (
        <span className="muted">{w.gone}</span>
      ) : (
        lastRun && (
          <>
            <Link href={`/runs/${lastRun}`}>{w.run}</Link> {run.data && <State state={run.data.state} />}
          </>
        )
      )}
      {skipped > 0 && (
        <p className="muted small-text">
          {w.skipped(skipped)} <Ago at={skippedAt} /> {w.skippedFor[skippedFor ?? ""]}
        </p>
      )}
    </>
  );
}
