import { useCallback, useEffect, useLayoutEffect, useRef, useState } from "react";
import { Icon } from "../../ui/Icon";
import { words } from "../../words";
import type { Item } from "./lines";
import { LogLines } from "./LogLines";

interface LogBoxProps {
  items: Item[];
  sought: string;
  labelledBy: string;
  isCompact: boolean;
  isWrapped: boolean;
  hasTimes: boolean;
}

/** The box in which the lines scroll. */
export function LogBox({ items, sought, labelledBy, isCompact, isWrapped, hasTimes }: LogBoxProps) {
  const { box, content, isAtEnd, toEnd } = useEnd();
  return (
    <div className="log" data-compact={isCompact || undefined}>
      <div
        ref={box}
        className="log-box"
        data-wrapped={isWrapped || undefined}
        data-times={hasTimes || undefined}
        tabIndex={0}
        role="log"
        aria-live="off"
        aria-labelledby={labelledBy}
      >
        <div ref={content} className="log-lines">
          {items.length ? (
            <LogLines items={items} sought={sought} box={box} />
          ) : (
            <p className="muted log-none">{words.runs.log.noneFit}</p>
          )}
        </div>
      </div>
      {!isAtEnd && (
        <button type="button" className="small log-end" onClick={toEnd}>
          <Icon name="down" size={15} />
          {words.runs.log.end}
        </button>
      )}
    </div>
  );
}

/** So near to the end, in px, counts as there. */
const NEAR_PX = 30;

/** Keeps a box at the end of its content as that grows, until somebody scrolls up. */
function useEnd() {
  const box = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const [isAtEnd, setAtEnd] = useState(true);
  const last = useRef({ isAtEnd: true, top: 0 });
  const toEnd = useCallback(() => {
    last.current.isAtEnd = true;
    setAtEnd(true);
    box.current!.scrollTop = box.current!.scrollHeight;
  }, []);
  useLayoutEffect(() => {
    if (last.current.isAtEnd) box.current!.scrollTop = box.current!.scrollHeight;
  });
  useEffect(() => {
    const own = box.current!;
    const look = () => {
      const isNear = own.scrollHeight - own.scrollTop - own.clientHeight < NEAR_PX;
      if (isNear || own.scrollTop < last.current.top) last.current.isAtEnd = isNear;
      last.current.top = own.scrollTop;
      setAtEnd(last.current.isAtEnd);
    };
    const observer = new ResizeObserver(() => {
      if (last.current.isAtEnd) own.scrollTop = own.scrollHeight;
    });
    own.addEventListener("scroll", look, { passive: true });
    observer.observe(content.current!);
    return () => {
      own.removeEventListener("scroll", look);
      observer.disconnect();
    };
  }, []);
  return { box, content, isAtEnd, toEnd };
}
