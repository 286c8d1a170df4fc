import { useState, type ReactNode } from "react";
import type { Components } from "../schema";
import { Icon } from "../ui/Icon";
import { words } from "../words";
import { Fallback } from "./Fallback";
import type { Table as Data } from "./columns";
import { csv, download } from "./csv";
import { ChartView } from "./ChartView";
import type { Chart } from "./series";
import { Switch } from "./Switch";
import { Table } from "./Table";

/** Rows to be read or, where they have numbers, to be looked at. */
export function TableOrPlot({
  table,
  chart,
  first,
  name,
  components,
  isCompact,
  ways,
}: {
  table: Data;
  chart: Chart | null;
  first: "table" | "plot";
  name: string;
  components: Components;
  isCompact: boolean;
  ways?: ReactNode;
}) {
  const [chosen, setChosen] = useState<"table" | "plot" | null>(null);
  const way = chart ? (chosen ?? first) : "table";
  const list = <Table table={table} name={name} components={components} />;
  return (
    <div className="stack view-rows">
      {way === "plot" && chart ? (
        <Fallback instead={list} of={chart}>
          <ChartView chart={chart} name={name} isCompact={isCompact} />
        </Fallback>
      ) : (
        list
      )}
      {!isCompact && (
        <div className="row apart">
          {chart ? (
            <Switch
              label={words.views.view}
              options={[
                ["table", words.views.table],
                ["plot", words.views.plot],
              ]}
              value={way}
              onChange={setChosen}
            />
          ) : (
            <span className="muted small-text">{words.views.rows(table.rows.length)}</span>
          )}
          <div className="row">
            <button type="button" className="quiet small" onClick={() => download(csv(table), `${name}.csv`)}>
              <Icon name="download" size={15} />
              {words.views.csv}
            </button>
            {ways}
          </div>
        </div>
      )}
    </div>
  );
}
