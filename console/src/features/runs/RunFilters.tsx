import { useEffect, useId, useRef, useState } from "react";
import { Link } from "wouter";
import { useRegistry } from "../../registry/queries";
import { words } from "../../words";
import type { Run } from "./domain";
import { addressOf, isFiltering, NONE, type Filters, type Time } from "./filters";

interface RunFiltersProps {
  filters: Filters;
  change: (some: Partial<Filters>) => void;
  news: readonly Run[];
}

/** Which runs are shown: by job, time, caller and text. */
export function RunFilters({ filters, change, news }: RunFiltersProps) {
  const { data: registry } = useRegistry();
  const jobs = registry?.functions.filter(({ kind }) => kind === "job").map(({ name }) => name) ?? [];
  const callers = [...new Set(news.map(({ caller }) => caller))].sort();
  const isOwn = filters.since !== "" || filters.until !== "";
  const [isWanted, setWanted] = useState(false);
  const hasRange = isOwn || (isWanted && !filters.time);
  const { filters: text } = words.runs;
  return (
    <div role="search" className="run-filters" aria-label={text.label}>
      <Typed
        label={text.text}
        hint={text.textHint}
        type="search"
        value={filters.text}
        onType={(text) => change({ text })}
        isWide
      />
      <Typed
        label={text.job}
        hint={text.anyJob}
        type="text"
        value={filters.job}
        options={jobs}
        onType={(job) => change({ job })}
      />
      <label>
        <span className="unseen">{text.time}</span>
        <select
          value={hasRange ? "own" : filters.time}
          onChange={({ target: { value } }) => {
            setWanted(value === "own");
            change({ time: value === "own" ? "" : (value as Time | ""), since: "", until: "" });
          }}
        >
          {Object.entries(text.times).map(([time, name]) => (
            <option key={time} value={time}>
              {name}
            </option>
          ))}
          <option value="own">{text.own}</option>
        </select>
      </label>
      {(callers.length > 1 || filters.caller) && (
        <Typed
          label={text.caller}
          hint={text.anyCaller}
          type="text"
          value={filters.caller}
          options={callers}
          onType={(caller) => change({ caller })}
        />
      )}
      {hasRange && (
        <>
          <Moment label={text.since} value={filters.since} onChange={(since) => change({ since, time: "" })} />
          <Moment label={text.until} value={filters.until} onChange={(until) => change({ until, time: "" })} />
        </>
      )}
      {isFiltering(filters) && (
        <Link className="button quiet small" href={addressOf({ ...NONE, sort: filters.sort })}>
          {text.reset}
        </Link>
      )}
    </div>
  );
}

/** What is typed counts once nothing was typed for so long, in ms. */
const PAUSE_MS = 300;

interface TypedProps {
  label: string;
  hint: string;
  type: "search" | "text";
  value: string;
  /** What may be chosen instead of typed; then only such counts, or what is confirmed with Enter. */
  options?: string[];
  onType: (value: string) => void;
  isWide?: boolean;
}

function Typed({ label, hint, type, value, options, onType, isWide }: TypedProps) {
  const list = useId();
  const [typed, setTyped] = useState(value);
  const said = useRef(value);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => {
    if (value !== said.current) setTyped(value);
    said.current = value;
  }, [value]);
  useEffect(() => () => clearTimeout(timer.current), []);
  const say = (text: string) => {
    clearTimeout(timer.current);
    if (text.trim() === said.current) return;
    said.current = text.trim();
    onType(said.current);
  };
  const take = (text: string) => {
    setTyped(text);
    clearTimeout(timer.current);
    if (options) {
      if (!text || options.includes(text)) say(text);
    } else timer.current = setTimeout(() => say(text), PAUSE_MS);
  };
  return (
    <label data-wide={isWide || undefined}>
      <span className="unseen">{label}</span>
      <input
        type={type}
        value={typed}
        placeholder={isWide ? `${label}: ${hint}` : hint}
        maxLength={200}
        list={options && list}
        onChange={(event) => take(event.target.value)}
        onKeyDown={(event) => event.key === "Enter" && say(typed)}
        onBlur={() => options && say(typed)}
      />
      {options && (
        <datalist id={list}>
          {options.map((name) => (
            <option key={name} value={name} />
          ))}
        </datalist>
      )}
    </label>
  );
}

function Moment({ label, value, onChange }: { label: string; value: string; onChange: (value: string) => void }) {
  return (
    <label className="row run-moment">
      <span>{label}</span>
      <input type="datetime-local" value={value} onChange={(event) => onChange(event.target.value)} />
    </label>
  );
}
