import { useTitle } from "../../ui/title";
import { words } from "../../words";
import type { Progress, Run } from "./domain";
import { useRun } from "./queries";
import RunPanel from "./RunPanel";

export default function RunPage({ id }: { id: string }) {
  const { run, progress } = useRun(id);
  useTitle(run ? titleOf(run, progress) : words.runs.title);
  return <RunPanel id={id} />;
}

/** What its tab says: how far it has got, or how it has ended. */
function titleOf(run: Run, progress: Progress | null): string {
  const fraction = run.state === "running" ? progress?.fraction : null;
  return `${fraction == null ? words.runs.docTitle[run.state] : words.runs.percent(fraction)} · ${run.job}`;
}
