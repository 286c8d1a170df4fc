/** Which problem is said at which field. */
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import type { Problem } from "./check";
import type { Values } from "./state";
import { keyOf, type Path } from "./value";

/** What the server has found wrong. Without a path it is about the whole. */
export interface Refusal {
  path: Path;
  text: string;
}

/** With the path of the field that says it; empty if none does. */
export interface Placed extends Refusal {
  place: Path;
}

const FOCUSABLE = "input:not(:disabled), select, textarea, button:not(:disabled)";

export function useProblems(values: Values, found: Problem[], refusals: Refusal[]) {
  const places = useRef(new Map<string, HTMLElement>()).current;
  const [touched, setTouched] = useState<ReadonlySet<string>>(new Set());
  const [isTried, setTried] = useState(false);
  const [sent, setSent] = useState<Values | null>(null);
  const whenStill = useStillness();
  const touch = useCallback(
    (path: Path) => {
      const key = keyOf(path);
      whenStill(() => setTouched((was) => (was.has(key) ? was : new Set(was).add(key))));
    },
    [whenStill],
  );
  /** The innermost field there is for it; the whole if there is none. */
  const placeOf = (path: Path): Path => {
    for (let length = path.length; length > 0; length--) {
      if (places.has(keyOf(path.slice(0, length)))) return path.slice(0, length);
    }
    return [];
  };
  const stands = ({ path }: Refusal) => !sent || !path.length || sent[path[0]!] === values[path[0]!];
  const told = found.filter((one) => isTried || (!one.isMissing && touched.has(keyOf(placeOf(one.path)))));
  const all: Placed[] = [...told, ...refusals.filter(stands)].map((one) => ({ ...one, place: placeOf(one.path) }));
  const seen = JSON.stringify(all.map(({ place, text }) => [place, text]));
  const byPlace = useMemo(() => {
    const map = new Map<string, string>();
    for (const [place, text] of JSON.parse(seen) as [Path, string][])
      if (!map.has(keyOf(place))) map.set(keyOf(place), text);
    return map;
  }, [seen]);
  return {
    all,
    byPlace,
    places,
    isTried,
    touch,
    setTried,
    send: () => setSent(values),
    clear: () => (setTried(false), setTouched(new Set()), setSent(null)),
    /** Brings the reader to the field of a problem. */
    focus: (path: Path) => focusIn(places.get(keyOf(placeOf(path)))),
  };
}

/** Does something once no button of the mouse is held: what is being clicked must not move away meanwhile. */
function useStillness(): (action: () => void) => void {
  const held = useRef<(() => void)[] | null>(null);
  useEffect(() => {
    const hold = () => void (held.current ??= []);
    const release = () =>
      setTimeout(() => {
        const waiting = held.current ?? [];
        held.current = null;
        waiting.forEach((action) => action());
      });
    window.addEventListener("pointerdown", hold, true);
    window.addEventListener("pointerup", release, true);
    window.addEventListener("pointercancel", release, true);
    return () => {
      window.removeEventListener("pointerdown", hold, true);
      window.removeEventListener("pointerup", release, true);
      window.removeEventListener("pointercancel", release, true);
    };
  }, []);
  return useCallback((action) => void (held.current ? held.current.push(action) : action()), []);
}

function focusIn(place: HTMLElement | undefined): void {
  for (let outer = place?.parentElement; outer; outer = outer.parentElement) {
    if (outer instanceof HTMLDetailsElement) outer.open = true;
  }
  const control =
    place?.querySelector<HTMLElement>('[aria-invalid="true"]:not([role])') ??
    place?.querySelector<HTMLElement>(FOCUSABLE);
  control?.focus();
}
