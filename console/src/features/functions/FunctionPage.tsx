import { useMemo, useState, type ReactNode } from "react";
import { Link, useLocation, useSearchParams } from "wouter";
import { useRegistry } from "../../registry/queries";
import { Empty } from "../../ui/Empty";
import { ErrorNote } from "../../ui/ErrorNote";
import { Inline } from "../../ui/Inline";
import { Loading } from "../../ui/Loading";
import { Markdown } from "../../ui/Markdown";
import { useTitle } from "../../ui/title";
import { words } from "../../words";
import { askedBy } from "./address";
import { FunctionPanel } from "./FunctionPanel";
import { Kind } from "./Kind";
import { useInputs, type Params } from "./queries";
import "./functions.css";

const say = words.functions;

/** A function: what it does, its form, its answer. `run` shows a run that was started here. */
export default function FunctionPage({ name, run }: { name: string; run: (id: string) => ReactNode }) {
  useTitle(name);
  const { data: registry, error, refetch } = useRegistry();
  const one = registry?.functions.find((other) => other.name === name);
  const { asked, given } = useAsked(one?.params.map((param) => param.name));
  const [, go] = useLocation();
  if (!registry) {
    return error ? <ErrorNote error={error} title={say.failed} again={() => void refetch()} /> : <Loading lines={6} />;
  }
  if (!one) {
    return <Empty isPage title={say.unknown.title} text={say.unknown.text} link={["/functions", say.unknown.link]} />;
  }
  const address = `/functions/${encodeURIComponent(name)}`;
  return (
    <>
      <div className="function-head">
        <div className="row">
          <h1 className="function-title">{name}</h1>
          <Kind of={one} />
        </div>
        {one.summary && (
          <p className="function-lead">
            <Inline text={one.summary} />
          </p>
        )}
        <Markdown text={one.description} />
      </div>
      {asked.isBad && (
        <p className="note warning" role="alert">
          {say.badParams}
        </p>
      )}
      {given.from && (
        <p className="note">
          <span>
            {say.inputsOf} <Link href={`/runs/${encodeURIComponent(given.from)}`}>{given.from}</Link>
          </span>
        </p>
      )}
      {given.error && <ErrorNote error={given.error} title={say.inputsLost(asked.from ?? "")} />}
      {given.isThere ? (
        <FunctionPanel
          one={one}
          components={registry.components}
          initial={given.params}
          run={asked.run}
          onStarted={(id) => go(`${address}?run=${encodeURIComponent(id)}`)}
          show={run}
        />
      ) : (
        <Loading lines={5} />
      )}
    </>
  );
}

interface Given {
  params: Params | null;
  from: string | null;
}

/** What the address asks for, and what the form is given: that stays when the address goes on to a run. */
function useAsked(names: string[] | undefined) {
  const [search] = useSearchParams();
  const asked = useMemo(() => askedBy(search), [search]);
  const inputs = useInputs(asked.from, names);
  const [kept, setKept] = useState<Given>({ params: null, from: null });
  const found = asked.from ? inputs.data : asked.params;
  if (found && found !== kept.params) setKept({ params: found, from: asked.from });
  const isThere = !asked.from || !inputs.isPending;
  return { asked, given: { ...kept, isThere, error: asked.from ? inputs.error : null } };
}
