import { useEffect, useRef, useState } from "react";

/** So often at most a value that changes is shown anew, in ms. */
export const CALM_MS = 100;

/** The value while `isLive`, at most ten times a second; the last one always comes. */
export function useCalm<Value>(value: Value, isLive: boolean): Value {
  const [shown, setShown] = useState(value);
  const state = useRef({ at: 0, latest: value, timer: undefined as ReturnType<typeof setTimeout> | undefined });
  useEffect(() => {
    const { current } = state;
    current.latest = value;
    if (!isLive || current.timer) return;
    const tell = () => {
      current.timer = undefined;
      current.at = Date.now();
      setShown(() => current.latest);
    };
    const wait = current.at + CALM_MS - Date.now();
    if (wait <= 0) tell();
    else current.timer = setTimeout(tell, wait);
  }, [value, isLive]);
  useEffect(() => () => clearTimeout(state.current.timer), []);
  return isLive ? shown : value;
}
