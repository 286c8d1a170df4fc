import { later } from "../ui/later";

/** A chart; what draws it is loaded when there is one. */
export const ChartView = later(() => import("./Plot"));
