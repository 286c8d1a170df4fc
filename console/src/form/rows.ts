import { useRef } from "react";

let last = 0;
const fresh = () => `r${++last}`;

/** Keys for the rows of a list, which stay with their rows when those are moved. */
export function useRowKeys(count: number): {
  keys: string[];
  remove: (place: number) => void;
  move: (from: number, to: number) => void;
} {
  const ref = useRef<string[]>([]);
  while (ref.current.length < count) ref.current.push(fresh());
  if (ref.current.length > count) ref.current.length = count;
  const keys = ref.current;
  return {
    keys,
    remove: (place) => keys.splice(place, 1),
    move: (from, to) => keys.splice(to, 0, keys.splice(from, 1)[0]!),
  };
}

/** The list with an item in another place. */
export function moved<T>(items: readonly T[], from: number, to: number): T[] {
  const next = [...items];
  next.splice(to, 0, next.splice(from, 1)[0]!);
  return next;
}
