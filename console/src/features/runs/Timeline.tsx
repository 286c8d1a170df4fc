import { duration, exactly, useNow } from "../../ui/time";
import { words } from "../../words";
import { isFinal, type Move, type Run } from "./domain";
import { timeline, type Span } from "./spans";

/** A bar for each span of a run's life, one below the other. */
export function Timeline({ run, moves }: { run: Run; moves: readonly Move[] }) {
  const now = useNow(isFinal(run) ? null : 500);
  const spans = timeline(run, moves, now);
  const [first, last] = [spans[0], spans.at(-1)];
  if (!first || !last) return null;
  const whole = Math.max(last.to - first.from, 1);
  return (
    <section className="stack" aria-labelledby="timeline">
      <div className="row apart">
        <h2 id="timeline">{words.runs.timeline.title}</h2>
        <span className="muted small-text">{words.runs.timeline.total(duration(whole))}</span>
      </div>
      <ol className="timeline">
        {spans.map((span) => (
          <li
            key={`${span.kind} ${span.from}`}
            title={`${exactly(new Date(span.from))} – ${exactly(new Date(span.to))}`}
          >
            <span className="timeline-name">{nameOf(span)}</span>
            <span className="timeline-track" aria-hidden="true">
              <span
                className="timeline-bar"
                data-kind={span.kind}
                data-ending={span.ending ?? (span.isOpen ? "open" : undefined)}
                style={{
                  insetInlineStart: `min(${((span.from - first.from) / whole) * 100}%, 100% - 3px)`,
                  inlineSize: `${((span.to - span.from) / whole) * 100}%`,
                }}
              />
            </span>
            <span className="number timeline-time">{duration(span.to - span.from)}</span>
            <span className="muted timeline-ending">{endingOf(span)}</span>
          </li>
        ))}
      </ol>
    </section>
  );
}

const nameOf = ({ kind, attempt }: Span): string =>
  kind === "attempt" ? words.runs.timeline.attempt(attempt) : words.runs.timeline[kind];

const endingOf = ({ ending, isOpen }: Span): string =>
  ending ? words.runs.timeline[ending] : isOpen ? words.runs.timeline.open : "";
