import { useDeferredValue, useEffect, useRef } from "react";
import { Link, useLocation, useSearchParams } from "wouter";
import type { FunctionInfo } from "../../registry/domain";
import { useRegistry } from "../../registry/queries";
import { Empty } from "../../ui/Empty";
import { ErrorNote } from "../../ui/ErrorNote";
import { Icon } from "../../ui/Icon";
import { Inline } from "../../ui/Inline";
import { Loading } from "../../ui/Loading";
import { useTitle } from "../../ui/title";
import { words } from "../../words";
import { grouped, matching } from "./grouping";
import { Kind } from "./Kind";
import "./functions.css";

const say = words.functions;

/** All functions, by namespace. */
export function FunctionsPage() {
  useTitle(words.app.functions);
  const { data: registry, error, refetch } = useRegistry();
  const [search, setSearch] = useSearchParams();
  const text = search.get("q") ?? "";
  const sought = useDeferredValue(text);
  const [, navigate] = useLocation();
  const setText = (next: string) => setSearch(next ? { q: next } : {}, { replace: true });
  if (!registry) {
    return (
      <>
        <h1>{words.app.functions}</h1>
        {error ? <ErrorNote error={error} title={say.failed} again={() => void refetch()} /> : <Loading lines={6} />}
      </>
    );
  }
  const all = registry.functions;
  const found = matching(all, sought);
  const openFirst = () => {
    const first = grouped(matching(all, text))[0]?.[1][0];
    if (text && first) navigate(`/functions/${encodeURIComponent(first.name)}`);
  };
  return (
    <>
      <div className="page-head">
        <h1>{words.app.functions}</h1>
        {all.length > 0 && (
          <p className="muted" role="status">
            {found.length < all.length ? say.found(found.length, all.length) : say.count(all.length)}
          </p>
        )}
      </div>
      {all.length > 0 && <Search text={text} onChange={setText} onEnter={openFirst} />}
      {all.length === 0 ? (
        <Empty {...say.none} />
      ) : found.length === 0 ? (
        <Empty title={say.noneFound(text)} text={say.noneFoundText}>
          <button type="button" onClick={() => setText("")}>
            {say.clear}
          </button>
        </Empty>
      ) : (
        grouped(found).map(([namespace, functions]) => (
          <Group
            key={namespace}
            namespace={namespace}
            functions={functions}
            isAlone={found.length === all.length && grouped(all).length === 1}
          />
        ))
      )}
    </>
  );
}

/** The field that "/" leads to, and from which Enter leads to the first that was found. */
function Search(props: { text: string; onChange: (text: string) => void; onEnter: () => void }) {
  const { text, onChange, onEnter } = props;
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const focus = (event: KeyboardEvent) => {
      const isTyping = (event.target as Element).closest("input, textarea, select, [contenteditable]");
      if (event.key !== "/" || isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      input.current?.focus();
    };
    window.addEventListener("keydown", focus);
    return () => window.removeEventListener("keydown", focus);
  }, []);
  return (
    <search className="function-search">
      <Icon name="search" />
      <input
        ref={input}
        type="search"
        aria-label={say.search}
        placeholder={say.search}
        aria-keyshortcuts="/"
        value={text}
        onChange={(event) => onChange(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "Escape") onChange("");
          if (event.key === "Enter" && !event.nativeEvent.isComposing) onEnter();
        }}
      />
      <kbd aria-hidden="true">{say.searchKey}</kbd>
    </search>
  );
}

/** Has the page of a function come while somebody is about to open it. */
const prepare = (): void => void import("./FunctionPage").catch(() => {});

function Group(props: { namespace: string; functions: FunctionInfo[]; isAlone: boolean }) {
  const { namespace, functions } = props;
  const id = `namespace-${namespace}`;
  return (
    <section className="function-group" aria-labelledby={id}>
      <h2 id={id} className={props.isAlone && !namespace ? "unseen" : undefined}>
        {namespace || say.others}
      </h2>
      <ul className="function-list" onPointerOver={prepare} onFocus={prepare}>
        {functions.map((one) => (
          <li key={one.name}>
            <Link href={`/functions/${encodeURIComponent(one.name)}`}>
              <span className="function-name">
                {one.namespace && <span className="muted">{one.namespace}.</span>}
                {one.name.slice(one.namespace ? one.namespace.length + 1 : 0)}
              </span>
              <span className="function-summary">
                <Inline text={one.summary} />
              </span>
              <Kind of={one} />
            </Link>
          </li>
        ))}
      </ul>
    </section>
  );
}
