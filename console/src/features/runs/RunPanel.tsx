import { State } from "../../ui/State";
import { useRun } from "./queries";

/** A run as it goes on, with its result. Compact below the form that has started it. */
export default function RunPanel({ id }: { id: string; isCompact?: boolean }) {
  const { run } = useRun(id);
  return run && <State state={run.state} />;
}
