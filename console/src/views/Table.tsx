import { useEffect, useMemo, useState } from "react";
import type { Components } from "../schema";
import { Icon } from "../ui/Icon";
import { words } from "../words";
import { Cell } from "./Cell";
import { heading, sorted, type Direction, type Table as Data } from "./columns";

/** So many rows are shown at first, and with each asking for more. */
const ROWS = 100;
const MORE_ROWS = 500;

const NONE: Components = {};

/** A table whose columns sort it. */
export function Table({ table, name, components = NONE }: { table: Data; name: string; components?: Components }) {
  const [order, setOrder] = useState<[number, Direction] | null>(null);
  const [most, setMost] = useState(ROWS);
  const { columns } = table;
  const [place, direction] = order && order[0] < columns.length ? order : [-1, "ascending" as const];
  const rows = useMemo(() => (place < 0 ? table.rows : sorted(table, place, direction)), [table, place, direction]);
  useEffect(() => setMost(ROWS), [place, direction]);
  const left = rows.length - most;
  const turn = (column: number) => setOrder(next(column, place === column ? direction : null));
  return (
    <div className="stack">
      <div className="scroll view-table" tabIndex={0} role="region" aria-label={words.views.tableOf(name)}>
        <table>
          <thead>
            <tr>
              {columns.map((column, i) => (
                <th
                  key={i}
                  scope="col"
                  className={column.kind === "number" ? "number" : undefined}
                  aria-sort={i === place ? direction : undefined}
                  title={column.schema.description}
                >
                  <button type="button" onClick={() => turn(i)}>
                    {heading(table, i)}
                    {i === place && <Icon name={direction === "ascending" ? "up" : "down"} size={14} />}
                  </button>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.slice(0, most).map((row, i) => (
              <tr key={i}>
                {columns.map((column, j) => (
                  <td key={j} className={column.kind === "number" ? "number" : undefined}>
                    <Cell value={row[j]} schema={column.schema} components={components} />
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {left > 0 && (
        <div className="row">
          <button type="button" className="small" onClick={() => setMost(most + MORE_ROWS)}>
            {words.views.moreRows(Math.min(left, MORE_ROWS))}
          </button>
          <span className="muted small-text">{words.views.rowsOf(most, rows.length)}</span>
        </div>
      )}
    </div>
  );
}

function next(column: number, direction: Direction | null): [number, Direction] | null {
  if (direction === "descending") return null;
  return [column, direction ? "descending" : "ascending"];
}
