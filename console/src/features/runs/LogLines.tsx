import { memo, useEffect, useRef, useState, type RefObject } from "react";
import { words } from "../../words";
import { clockOf, cut, textOf, type Item } from "./lines";

/** So many lines come and go together. */
const SLICE = 100;

/** The height of a line that is not wrapped, in px: line-height of .log-lines. */
const LINE_PX = 20;

/** How far from what is seen lines are made ready. */
const MARGIN = "800px 0px";

/** Lines of which only those near the visible ones are there, however many there are. */
export function LogLines({
  items,
  sought,
  box,
}: {
  items: Item[];
  sought: string;
  box: RefObject<HTMLElement | null>;
}) {
  const slices = Array.from({ length: Math.ceil(items.length / SLICE) }, (_, n) =>
    items.slice(n * SLICE, (n + 1) * SLICE),
  );
  return slices.map((slice, n) => (
    <Slice key={n} items={slice} sought={sought} box={box} isLast={n === slices.length - 1} />
  ));
}

interface SliceProps {
  items: Item[];
  sought: string;
  box: RefObject<HTMLElement | null>;
  isLast: boolean;
}

const Slice = memo(
  function Slice({ items, sought, box, isLast }: SliceProps) {
    const own = useRef<HTMLDivElement>(null);
    const [isNear, setNear] = useState(isLast);
    const height = useRef<number | null>(null);
    useEffect(() => {
      const observer = new IntersectionObserver(
        ([entry]) => {
          if (entry!.target.childElementCount) height.current = entry!.boundingClientRect.height;
          setNear(entry!.isIntersecting);
        },
        { root: box.current, rootMargin: MARGIN },
      );
      observer.observe(own.current!);
      return () => observer.disconnect();
    }, [box]);
    const blockSize = isNear ? undefined : (height.current ?? items.length * LINE_PX);
    return (
      <div ref={own} style={{ blockSize }}>
        {isNear && items.map((item) => <Line key={keyOf(item)} item={item} sought={sought} />)}
      </div>
    );
  },
  // lines are only added: a slice with the same ends is the same
  (before, after) =>
    before.items.length === after.items.length &&
    keyOf(before.items[0]) === keyOf(after.items[0]) &&
    keyOf(before.items.at(-1)) === keyOf(after.items.at(-1)) &&
    before.sought === after.sought &&
    before.isLast === after.isLast,
);

const keyOf = (item: Item | undefined): number | undefined => (item?.kind === "line" ? item.line.seq : item?.move.seq);

const Line = memo(function Line({ item, sought }: { item: Item; sought: string }) {
  if (item.kind === "attempt")
    return <div className="log-attempt">{words.runs.log.attempt(item.move.attempt, clockOf(item.move.at))}</div>;
  const { at, level, logger } = item.line;
  return (
    <div className="log-line" data-level={level} data-printed={logger === undefined || undefined}>
      <time dateTime={at}>{clockOf(at)}</time>
      {logger !== undefined && (
        <span className="log-source">
          <b>{level}</b> {logger}
        </span>
      )}
      <span className="log-text">
        {cut(textOf(item.line), sought).map((part, n) => (n % 2 ? <mark key={n}>{part}</mark> : part))}
      </span>
    </div>
  );
});
