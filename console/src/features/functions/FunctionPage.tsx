import type { ReactNode } from "react";
import { useTitle } from "../../ui/title";

/** A function: what it does, its form, its answer. `run` shows a run that was started here. */
export function FunctionPage({ name }: { name: string; run: (id: string) => ReactNode }) {
  useTitle(name);
  return <h1>{name}</h1>;
}
