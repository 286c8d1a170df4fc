import { memo, useDeferredValue, useMemo, useState } from "react";
import { CopyButton } from "../../ui/CopyButton";
import { Icon } from "../../ui/Icon";
import { words } from "../../words";
import type { LogLine, Move } from "./domain";
import { LogBox } from "./LogBox";
import { asText, cut, itemsOf, textOf, type LogFilter } from "./lines";

interface LogProps {
  id: string;
  log: readonly LogLine[];
  moves: readonly Move[];
  isEnded: boolean;
  isCompact: boolean;
}

/** What a run has logged and printed, as it comes: it stays at its end unless somebody scrolls up. */
export const Log = memo(function Log({ id, log, moves, isEnded, isCompact }: LogProps) {
  const [filter, setFilter] = useState<LogFilter>({ level: 0, text: "" });
  const [hasTimes, setTimes] = useState(true);
  const [isWrapped, setWrapped] = useState(false);
  const sought = useDeferredValue(filter.text.trim());
  const items = useMemo(() => itemsOf(log, moves, { ...filter, text: sought }), [log, moves, filter.level, sought]);
  const lines = items.reduce((n, item) => n + (item.kind === "line" ? 1 : 0), 0);
  return (
    <section className="stack" aria-labelledby={`log-${id}`}>
      <div className="row apart">
        <div className="row">
          <h2 id={`log-${id}`}>{words.runs.log.title}</h2>
          <span className="muted small-text" role="status">
            {sought
              ? words.runs.log.found(matches(items, sought), lines)
              : log.length > 0 && words.runs.log.lines(lines)}
          </span>
        </div>
        {log.length > 0 && (
          <div className="row log-tools">
            <LogFilters filter={filter} onChange={setFilter} />
            {!isCompact && (
              <>
                <Check label={words.runs.log.times} isOn={hasTimes} onChange={setTimes} />
                <Check label={words.runs.log.wrap} isOn={isWrapped} onChange={setWrapped} />
              </>
            )}
            <CopyButton text={() => asText(items)} />
            {!isCompact && (
              <button type="button" className="quiet small" onClick={() => save(`log-${id}.txt`, asText(items))}>
                <Icon name="download" size={15} />
                {words.runs.log.download}
              </button>
            )}
          </div>
        )}
      </div>
      {log.length === 0 ? (
        <p className="muted">{isEnded ? words.runs.log.none : words.runs.log.noneYet}</p>
      ) : (
        <LogBox
          key={`${filter.level} ${sought}`}
          items={items}
          sought={sought}
          labelledBy={`log-${id}`}
          isCompact={isCompact}
          isWrapped={isWrapped}
          hasTimes={hasTimes}
        />
      )}
    </section>
  );
});

function LogFilters({ filter, onChange }: { filter: LogFilter; onChange: (filter: LogFilter) => void }) {
  return (
    <>
      <input
        type="search"
        className="log-search"
        placeholder={words.runs.log.search}
        aria-label={words.runs.log.search}
        value={filter.text}
        onChange={(event) => onChange({ ...filter, text: event.target.value })}
      />
      <select
        className="log-level"
        aria-label={words.runs.log.level}
        value={filter.level}
        onChange={(event) => onChange({ ...filter, level: Number(event.target.value) })}
      >
        {Object.entries(words.runs.log.levels).map(([level, text]) => (
          <option key={level} value={level}>
            {text}
          </option>
        ))}
      </select>
    </>
  );
}

function Check({ label, isOn, onChange }: { label: string; isOn: boolean; onChange: (isOn: boolean) => void }) {
  return (
    <label className="row log-check">
      <input type="checkbox" checked={isOn} onChange={(event) => onChange(event.target.checked)} />
      {label}
    </label>
  );
}

const matches = (items: ReturnType<typeof itemsOf>, sought: string): number =>
  items.reduce((n, item) => n + (item.kind === "line" ? (cut(textOf(item.line), sought).length - 1) / 2 : 0), 0);

function save(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
  Object.assign(document.createElement("a"), { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
