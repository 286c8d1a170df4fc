import { lazy, Suspense } from "react";
import { Loading } from "../ui/Loading";
import type { Chart } from "./series";

const Plot = lazy(() => import("./Plot"));

/** A chart; what draws it is loaded when there is one. */
export function ChartView(props: { chart: Chart; name: string; isCompact: boolean }) {
  return (
    <Suspense fallback={<Loading />}>
      <Plot {...props} />
    </Suspense>
  );
}
