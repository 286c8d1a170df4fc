import { memo, type ReactNode } from "react";
import { Link } from "wouter";
import { Ago } from "../../ui/time";
import { State } from "../../ui/State";
import { words } from "../../words";
import type { Run } from "./domain";
import { MOST_CHILDREN, useChildren } from "./queries";

/** Keys that clients make up for each start, so that it can be sent again. */
const MADE_UP = /^[A-Za-z0-9+/]{22}==$/;

/** What else there is to know of a run. */
export const RunFacts = memo(function RunFacts({ run }: { run: Run }) {
  const { data: children } = useChildren(run);
  const { facts } = words.runs;
  const isDelayed = run.dueAt.getTime() - run.createdAt.getTime() > 1000;
  const rows: [string, ReactNode][] = [
    [facts.created, <Ago at={run.createdAt} />],
    ...(isDelayed ? ([[facts.due, <Ago at={run.dueAt} />]] as [string, ReactNode][]) : []),
    [facts.started, <Ago at={run.startedAt} />],
    [facts.finished, <Ago at={run.finishedAt} />],
    [facts.attempts, words.runs.attempts(run.attempt, run.maxAttempts)],
    [facts.caller, run.caller],
    [facts.queue, run.queue],
    [facts.priority, run.priority],
  ];
  if (run.key && !MADE_UP.test(run.key)) rows.push([facts.key, <span className="mono">{run.key}</span>]);
  if (run.retryOf) rows.push([facts.retryOf, <RunLink id={run.retryOf} />]);
  if (run.parentId) rows.push([facts.parent, <RunLink id={run.parentId} />]);
  return (
    <section className="stack" aria-labelledby={`facts-${run.id}`}>
      <h2 id={`facts-${run.id}`}>{facts.title}</h2>
      <dl className="run-facts">
        {rows.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {children && children.length > 0 && (
        <div>
          <h3>{facts.children}</h3>
          <ul className="run-children">
            {children.map((child) => (
              <li key={child.id} className="row">
                <State state={child.state} />
                <Link href={`/runs/${child.id}`}>{child.job}</Link>
                <span className="muted mono">{child.id.slice(0, 8)}</span>
              </li>
            ))}
          </ul>
          {children.length === MOST_CHILDREN && <p className="muted">{facts.childrenMore(MOST_CHILDREN)}</p>}
        </div>
      )}
    </section>
  );
});

const RunLink = ({ id }: { id: string }) => (
  <Link className="mono" href={`/runs/${id}`}>
    {id.slice(0, 8)}
  </Link>
);
