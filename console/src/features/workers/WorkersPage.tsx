import { useId } from "react";
import { Link } from "wouter";
import { Empty } from "../../ui/Empty";
import { ErrorNote } from "../../ui/ErrorNote";
import { Loading } from "../../ui/Loading";
import { useTitle } from "../../ui/title";
import { Ago, useNow } from "../../ui/time";
import { words } from "../../words";
import { Command } from "./Command";
import { isLate, type Worker } from "./domain";
import { useIsConnected, useJobs, useWorkers } from "./queries";
import "./workers.css";

const w = words.workers;

/** Who executes runs: the workers that are alive. */
export default function WorkersPage() {
  useTitle(words.app.workers);
  const { workers, error } = useWorkers();
  const sum = (count: (worker: Worker) => number) => (workers ?? []).reduce((all, one) => all + count(one), 0);
  return (
    <>
      <div className="page-head">
        <h1>{words.app.workers}</h1>
        {!!workers?.length && (
          <span className="muted">
            {w.count(
              workers.length,
              sum((one) => one.running.length),
              sum((one) => one.slots),
            )}
          </span>
        )}
      </div>
      {error && !workers && <ErrorNote error={error} title={w.failed} />}
      {!workers && !error && <Loading lines={4} />}
      {workers?.length === 0 && (
        <Empty title={w.empty.title} text={w.empty.text}>
          <Command />
        </Empty>
      )}
      {!!workers?.length && (
        <div className="workers">
          {workers.map((worker) => (
            <WorkerCard key={worker.id} worker={worker} />
          ))}
        </div>
      )}
    </>
  );
}

function WorkerCard({ worker }: { worker: Worker }) {
  const id = useId();
  const now = useNow();
  const isConnected = useIsConnected();
  return (
    <article className="card stack" aria-labelledby={id}>
      <div className="row apart">
        <div className="row">
          <h2 id={id}>{worker.host}</h2>
          <span className="muted small-text">{w.pid(worker.pid)}</span>
        </div>
        {isConnected && isLate(worker, now) && (
          <span className="badge plain worker-late" title={w.lateTitle}>
            {w.late}
          </span>
        )}
      </div>
      <Slots worker={worker} />
      <dl className="worker-facts">
        <Fact name={w.since}>
          <Ago at={worker.startedAt} />
        </Fact>
        <Fact name={w.seen}>
          <Ago at={worker.heardAt} />
        </Fact>
        <Fact name={w.memory}>{worker.memory === null ? w.unknown : megabytes(worker.memory)}</Fact>
        <Fact name={w.queues}>{worker.queues?.join(", ") ?? w.allQueues}</Fact>
      </dl>
      <details>
        <summary>{worker.jobs.length ? w.jobs(worker.jobs.length) : w.noJobs}</summary>
        <ul className="worker-jobs">
          {worker.jobs.map((job) => (
            <li key={job}>
              <Link href={`/functions/${encodeURIComponent(job)}`}>{job}</Link>
            </li>
          ))}
        </ul>
      </details>
    </article>
  );
}

/** What it executes, beside the slots that are free. */
function Slots({ worker: { running, slots } }: { worker: Worker }) {
  const jobs = useJobs();
  return (
    <div className="stack worker-slots">
      <div className="row">
        <span className="worker-boxes" aria-hidden="true">
          {Array.from({ length: Math.min(Math.max(slots, running.length), 32) }, (_, slot) => (
            <i key={slot} data-busy={slot < running.length} />
          ))}
        </span>
        <span>{w.slots(running.length, slots)}</span>
      </div>
      {running.length > 0 && (
        <ul className="worker-runs" aria-label={w.running}>
          {running.map((id) => (
            <li key={id}>
              <Link href={`/runs/${id}`}>
                {jobs.get(id)} <code>{id.slice(0, 8)}</code>
              </Link>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

function Fact({ name, children }: { name: string; children: React.ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

const number = new Intl.NumberFormat(undefined, { maximumFractionDigits: 0 });
const megabytes = (bytes: number): string => `${number.format(bytes / 1e6)} MB`;
