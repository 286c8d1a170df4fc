import { useCallback, useState } from "react";
import { ErrorNote } from "../../ui/ErrorNote";
import { Icon } from "../../ui/Icon";
import { words } from "../../words";
import type { Run } from "./domain";
import type { Filters, Sort } from "./filters";
import { RunRow } from "./RunRow";
import { Selected } from "./Selected";

interface RunsTableProps {
  rows: Run[];
  fresh: ReadonlySet<string>;
  filters: Filters;
  change: (some: Partial<Filters>) => void;
  /** They are those of the page before, until those of this one are there. */
  isOld: boolean;
}

/** A page of runs; cards where there is little room. */
export function RunsTable({ rows, fresh, filters, change, isOld }: RunsTableProps) {
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [error, setError] = useState<Error | null>(null);
  const hasCallers = filters.caller !== "" || new Set(rows.map(({ caller }) => caller)).size > 1;
  const here = rows.filter(({ id }) => chosen.has(id));
  const choose = useCallback((id: string, isChosen: boolean) => {
    setChosen((before) => new Set(isChosen ? [...before, id] : [...before].filter((one) => one !== id)));
  }, []);
  const { columns } = words.runs;
  const sorting = { sort: filters.sort, onSort: (sort: Sort) => change({ sort }) };
  return (
    <>
      {here.length > 0 && <Selected runs={here} onDone={() => setChosen(new Set())} />}
      {error && <ErrorNote title={words.runs.actions.failed} error={error} />}
      <div className="scroll runs-box" tabIndex={0} role="region" aria-label={words.runs.table} aria-busy={isOld}>
        <table className="runs" data-callers={hasCallers || undefined}>
          <thead>
            <tr>
              <th scope="col" className="runs-pick">
                <input
                  type="checkbox"
                  aria-label={words.runs.selectAll}
                  checked={here.length === rows.length}
                  ref={(box) => {
                    if (box) box.indeterminate = here.length > 0 && here.length < rows.length;
                  }}
                  onChange={(event) => setChosen(new Set(event.target.checked ? rows.map(({ id }) => id) : []))}
                />
              </th>
              <th scope="col">{columns.job}</th>
              <th scope="col">{columns.state}</th>
              <Sortable by="created" {...sorting} />
              <Sortable by="finished" {...sorting} />
              <Sortable by="duration" {...sorting} />
              {hasCallers && <th scope="col">{columns.caller}</th>}
              <th scope="col">{columns.attempt}</th>
              <th scope="col">
                <span className="unseen">{columns.actions}</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map((run) => (
              <RunRow
                key={run.id}
                run={run}
                isFresh={fresh.has(run.id)}
                hasCaller={hasCallers}
                isChosen={chosen.has(run.id)}
                onChoose={choose}
                onError={setError}
              />
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

type SortableProps = { by: "created" | "finished" | "duration"; sort: Sort; onSort: (sort: Sort) => void };

/** A heading by which runs are sorted: first the greatest on top, then the other way round. */
function Sortable({ by, sort, onSort }: SortableProps) {
  const order = sort === by ? "ascending" : sort === `-${by}` ? "descending" : undefined;
  return (
    <th scope="col" aria-sort={order}>
      <button type="button" className="runs-sort" onClick={() => onSort(order === "descending" ? by : `-${by}`)}>
        {words.runs.columns[by]}
        {order && <Icon name={order === "descending" ? "down" : "up"} size={14} />}
      </button>
    </th>
  );
}
