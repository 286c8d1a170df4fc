import { Suspense } from "react";
import { later } from "../ui/later";
import { Loading } from "../ui/Loading";
import type { Chart } from "./series";

const Plot = later(() => import("./Plot"));

/** A chart; what draws it is loaded when there is one. */
export function ChartView(props: { chart: Chart; name: string; isCompact: boolean }) {
  return (
    <Suspense fallback={<Loading />}>
      <Plot {...props} />
    </Suspense>
  );
}
