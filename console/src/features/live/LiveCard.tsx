import { useId } from "react";
import { Link } from "wouter";
import type { LiveInfo } from "../../registry/domain";
import type { Components } from "../../schema";
import { Ago } from "../../ui/time";
import { ResultView } from "../../views/ResultView";
import { words } from "../../words";
import { useLive, type Live } from "./queries";
import { Spark } from "./Spark";

/** A live value in few lines: what it is now, and how it came there. */
export function LiveCard({ info, components }: { info: LiveInfo; components: Components }) {
  const id = useId();
  const live = useLive(info.name, info.every);
  return (
    <article className="card stack live-card" aria-labelledby={id}>
      <div>
        <div className="row apart">
          <h2 id={id}>
            <Link href={`/live/${encodeURIComponent(info.name)}`}>{info.name}</Link>
          </h2>
          <Changed live={live} />
        </div>
        {info.summary && <p className="muted small-text">{info.summary}</p>}
      </div>
      <Present live={live} info={info} components={components} isCompact />
      <Spark points={live.points} name={info.name} />
    </article>
  );
}

export function Changed({ live: { at } }: { live: Live }) {
  if (!at) return null;
  return (
    <span className="muted small-text">
      {words.live.changed} <Ago at={at} />
    </span>
  );
}

/** The value as it is now; the last one while it cannot be told. */
export function Present({
  live: { value, at, error },
  info,
  components,
  isCompact,
}: {
  live: Live;
  info: LiveInfo;
  components: Components;
  isCompact?: boolean;
}) {
  const isTold = at && !(error && value === null);
  return (
    <>
      {isTold ? (
        <div className={error ? "live-stale" : undefined}>
          <ResultView
            value={value}
            schema={info.schema}
            components={components}
            name={info.name}
            isCompact={isCompact}
            isLive
          />
        </div>
      ) : (
        !error && <p className="muted">{info.every === null ? words.live.noneByHand : words.live.none}</p>
      )}
      {error && (
        <div className="note error live-error">
          <div>
            <p>{isTold ? words.live.failing : words.live.failingFirst}</p>
            <p className="muted small-text">{error.message}</p>
            <ErrorId data={error.data} />
          </div>
        </div>
      )}
    </>
  );
}

function ErrorId({ data }: { data: unknown }) {
  const id = (data as { error_id?: unknown } | null)?.error_id;
  return typeof id === "string" ? <p className="muted small-text mono">{words.ui.errorId(id)}</p> : null;
}
