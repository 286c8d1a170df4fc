import { useCallback, useEffect, useMemo, useRef, useState, type ReactNode } from "react";
import { Link } from "wouter";
import { SchemaForm } from "../../form/SchemaForm";
import type { FunctionInfo } from "../../registry/domain";
import type { Components } from "../../schema";
import { ErrorNote } from "../../ui/ErrorNote";
import { Icon } from "../../ui/Icon";
import { later } from "../../ui/later";
import { duration } from "../../ui/time";
import { ResultView } from "../../views/ResultView";
import { words } from "../../words";
import { refusalsOf, uploadTo, useCall, useStart, type Params } from "./queries";

const Elsewhere = later(() => import("./Elsewhere"));

const say = words.functions;

interface FunctionPanelProps {
  one: FunctionInfo;
  components: Components;
  initial: Params | null;
  /** The run that is shown; none yet if null. */
  run: string | null;
  onStarted: (id: string) => void;
  onAnswered?: (value: unknown) => void;
  show: (id: string) => ReactNode;
  /** Below which its server has files to be sent; that of the page unless it is said. */
  root?: string;
  /** Whether it stands in a page of somebody else's: then without ways to other pages. */
  isEmbedded?: boolean;
}

/** The form of a function, and beside it what has come of it. */
export function FunctionPanel(props: FunctionPanelProps) {
  const { one, components, initial, run, onStarted, onAnswered, show, isEmbedded = false } = props;
  const root = props.root ?? document.body.dataset.root ?? "";
  const call = useCall(one.name);
  const start = useStart(one.name);
  const doing = one.kind === "job" ? start : call;
  const [params, setParams] = useState<Params>({});
  const upload = useMemo(() => uploadTo(root), [root]);
  const refusals = useMemo(() => refusalsOf(doing.error), [doing.error]);
  const submit = useCallback(
    (given: Params) => {
      if (one.kind === "job") start.mutate(given, { onSuccess: onStarted });
      else call.mutate(given, { onSuccess: ({ value }) => onAnswered?.(value) });
    },
    [one.kind, start, call, onStarted, onAnswered],
  );
  const isJob = one.kind === "job";
  return (
    <div className="function-panel">
      <section className="card function-form" aria-label={words.functions.form}>
        <SchemaForm
          params={one.params}
          components={components}
          initial={initial}
          draftKey={`${root} ${one.name}`}
          errors={refusals ?? undefined}
          onSubmit={submit}
          onChange={setParams}
          isBusy={doing.isPending}
          busyLabel={isJob ? say.starting : say.calling}
          submitLabel={isJob ? say.start : say.call}
          upload={upload}
        >
          {!isJob && call.isPending && (
            <button type="button" className="small" onClick={call.giveUp}>
              {say.giveUp}
            </button>
          )}
        </SchemaForm>
      </section>
      <div className="function-outcome stack">
        {doing.error && !refusals && <ErrorNote error={doing.error} title={isJob ? say.failedStart : say.failedCall} />}
        {isJob ? (
          <JobOutcome name={one.name} run={run} show={show} isEmbedded={isEmbedded} />
        ) : (
          <MethodOutcome call={call} one={one} components={components} />
        )}
        {!isEmbedded && (
          <details className="elsewhere">
            <summary>{say.elsewhere.title}</summary>
            <Elsewhere one={one} params={params} components={components} />
          </details>
        )}
      </div>
    </div>
  );
}

function JobOutcome({
  name,
  run,
  show,
  isEmbedded,
}: Pick<FunctionPanelProps, "run" | "show" | "isEmbedded"> & { name: string }) {
  const ref = useRef<HTMLElement>(null);
  const first = useRef(run);
  useEffect(() => {
    if (run !== first.current) ref.current?.scrollIntoView({ block: "nearest" });
  }, [run]);
  if (isEmbedded) return run && show(run);
  return (
    <section ref={ref} className="stack" aria-label={say.run}>
      {run ? (
        <>
          <div className="row apart">
            <Link href={`/runs/${encodeURIComponent(run)}`} className="row">
              {say.openRun}
              <Icon name="right" size={15} />
            </Link>
            <Link href={`/runs?job=${encodeURIComponent(name)}`}>{say.earlier}</Link>
          </div>
          {show(run)}
        </>
      ) : (
        <div className="empty outcome-empty">
          <p>{say.noRun}</p>
          <Link href={`/runs?job=${encodeURIComponent(name)}`}>{say.earlier}</Link>
        </div>
      )}
    </section>
  );
}

function MethodOutcome(props: { call: ReturnType<typeof useCall>; one: FunctionInfo; components: Components }) {
  const { call, one, components } = props;
  const last = useLast(call.data);
  const ref = useRef<HTMLElement>(null);
  useEffect(() => ref.current?.scrollIntoView({ block: "nearest" }), [last]);
  if (!last && call.error) return null;
  if (!last) return <p className="empty outcome-empty">{call.isPending ? say.calling : say.noAnswer}</p>;
  return (
    <section
      ref={ref}
      className="card stack answer"
      aria-label={say.answer}
      aria-busy={call.isPending}
      data-old={call.data !== last || undefined}
    >
      <div className="row apart">
        <h2>{say.answer}</h2>
        <span className="muted small-text number" role="status">
          {call.data === last && say.took(duration(last.ms))}
        </span>
      </div>
      <ResultView value={last.value} schema={one.result} components={components} name={one.name} />
    </section>
  );
}

/** The last value that there was: it stays until the next is there. */
function useLast<T>(value: T | undefined): T | undefined {
  const [last, setLast] = useState(value);
  if (value !== undefined && value !== last) setLast(value);
  return value ?? last;
}
