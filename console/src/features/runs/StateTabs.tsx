import { useEffect, useRef } from "react";
import { Link } from "wouter";
import { words } from "../../words";
import { number } from "../../words/numbers";
import { STATES, type Counts } from "./domain";
import { addressOf, type Filters } from "./filters";

/** So much of the tab before the present one is seen where they are too many for the page, in px. */
const SEEN_PX = 60;

/** The states, each with how many runs are in it. */
export function StateTabs({ filters, counts }: { filters: Filters; counts: Counts | undefined }) {
  const total = counts && STATES.reduce((sum, state) => sum + (counts[state] ?? 0), 0);
  const own = useRef<HTMLElement>(null);
  useEffect(() => {
    const current = own.current?.querySelector<HTMLElement>("[aria-current]");
    if (current) own.current!.scrollLeft = current.offsetLeft - own.current!.offsetLeft - SEEN_PX;
  }, [filters.state]);
  return (
    <nav ref={own} className="state-tabs" aria-label={words.runs.filters.state}>
      {(["", ...STATES] as const).map((state) => {
        const count = state ? counts?.[state] : total;
        return (
          <Link
            key={state}
            href={addressOf({ ...filters, state, page: 1, as: "" })}
            aria-current={filters.state === state ? "true" : undefined}
            data-state={state || undefined}
          >
            {state ? words.ui.states[state] : words.runs.filters.all}
            {count !== undefined && <span className="state-count">{number(count)}</span>}
          </Link>
        );
      })}
    </nav>
  );
}
