import { useMemo, useRef, useState, type KeyboardEvent } from "react";
import { CopyButton } from "../ui/CopyButton";
import { words } from "../words";
import { brief, firstOpened, lines, SLICE, type Line } from "./tree";

/** Any value as a tree: arrow keys walk through it; what is chosen can be copied, and where it is. */
export function Json({ value, name }: { value: unknown; name: string }) {
  const [opened, setOpened] = useState(() => firstOpened(value));
  const [chosen, setChosen] = useState("$");
  const all = useMemo(() => lines(value, opened), [value, opened]);
  const tree = useRef<HTMLDivElement>(null);
  const place = Math.max(
    all.findIndex(({ path }) => path === chosen),
    0,
  );
  const current = all[place]!;

  const open = (line: Line, isOpen: boolean) => {
    const next = new Map(opened);
    if (line.left) next.set(line.value as string, (opened.get(line.value as string) ?? 0) + SLICE);
    else if (isOpen) next.set(line.path, SLICE);
    else next.delete(line.path);
    setOpened(next);
  };
  const go = (to: number) => {
    const line = all[Math.min(Math.max(to, 0), all.length - 1)]!;
    setChosen(line.path);
    (tree.current?.children[all.indexOf(line)] as HTMLElement | undefined)?.focus();
  };
  const press = (event: KeyboardEvent) => {
    const step = stepOf(event.key, all, place);
    if (step === null) return;
    event.preventDefault();
    if (step === "open" || step === "close") open(current, step === "open");
    else go(step);
  };
  return (
    <div className="json">
      <div className="json-tree" role="tree" aria-label={`${words.views.tree}: ${name}`} ref={tree} onKeyDown={press}>
        {all.map((line) => (
          <Row
            key={line.path}
            line={line}
            isChosen={line === current}
            choose={() => {
              setChosen(line.path);
              if (line.size || line.left) open(line, !line.isOpen);
            }}
            focus={() => setChosen(line.path)}
          />
        ))}
      </div>
      {!current.left && (
        <div className="json-place">
          <code>{current.path}</code>
          <CopyButton text={current.path} label={words.views.copyPath} />
          <CopyButton text={() => JSON.stringify(current.value, null, 2)} label={words.views.copyValue} />
        </div>
      )}
    </div>
  );
}

function Row({
  line,
  isChosen,
  choose,
  focus,
}: {
  line: Line;
  isChosen: boolean;
  choose: () => void;
  focus: () => void;
}) {
  const { key, value, level, size, isOpen, left, place, of } = line;
  return (
    <div
      role="treeitem"
      aria-level={level}
      aria-posinset={place}
      aria-setsize={of}
      aria-expanded={size ? isOpen : undefined}
      aria-selected={isChosen}
      tabIndex={isChosen ? 0 : -1}
      className="json-line"
      style={{ paddingInlineStart: `${level * 1.1 - 0.6}rem` }}
      onClick={choose}
      onFocus={focus}
    >
      {left ? (
        <span className="json-more">{words.views.more(Math.min(left, SLICE), left)}</span>
      ) : (
        <>
          {key !== null && <span className="json-key">{key}: </span>}
          {size === null ? <Leaf value={value} /> : <span className="json-size">{summary(value, size, isOpen)}</span>}
        </>
      )}
    </div>
  );
}

function Leaf({ value }: { value: unknown }) {
  return <span data-type={value === null ? "null" : typeof value}>{brief(value)}</span>;
}

function summary(value: unknown, size: number, isOpen: boolean): string {
  const isList = Array.isArray(value);
  if (!size) return isList ? "[]" : "{}";
  if (isOpen) return isList ? "[" : "{";
  return isList ? `[ ${words.views.items(size)} ]` : `{ ${words.views.members(size)} }`;
}

/** Where a key leads, as trees of the platform have it. */
function stepOf(key: string, all: Line[], place: number): number | "open" | "close" | null {
  const line = all[place]!;
  switch (key) {
    case "ArrowDown":
      return place + 1;
    case "ArrowUp":
      return place - 1;
    case "Home":
      return 0;
    case "End":
      return all.length - 1;
    case "ArrowRight":
      if (line.left) return "open";
      return line.size ? (line.isOpen ? place + 1 : "open") : null;
    case "ArrowLeft": {
      if (line.isOpen) return "close";
      for (let above = place - 1; above >= 0; above--) if (all[above]!.level < line.level) return above;
      return null;
    }
    case "Enter":
    case " ":
      return line.left || (line.size && !line.isOpen) ? "open" : line.isOpen ? "close" : null;
    default:
      return null;
  }
}
