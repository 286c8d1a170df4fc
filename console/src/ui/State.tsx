import type { State as Name } from "@hotplate/client";
import { words } from "../words";

/** The state of a run. */
export function State({ state }: { state: Name }) {
  return (
    <span className="badge" data-state={state}>
      {words.ui.states[state]}
    </span>
  );
}
