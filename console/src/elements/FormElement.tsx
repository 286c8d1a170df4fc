import { useCallback, useState, type ReactNode } from "react";
import { useRegistry } from "../registry/queries";
import { Empty } from "../ui/Empty";
import { ErrorNote } from "../ui/ErrorNote";
import { later } from "../ui/later";
import { Loading } from "../ui/Loading";
import { words } from "../words";
import { Ending, type Ended } from "./Ending";
import { HotplateElement } from "./HotplateElement";
import type { Server } from "./server";

const FunctionPanel = later(async () => {
  const { FunctionPanel } = await import("../features/functions/FunctionPanel");
  return { default: FunctionPanel };
});
const RunPanel = later(() => import("../features/runs/RunPanel"));

type Params = Record<string, unknown>;

/** `<hotplate-form function="…" params='{"n": 1}'>`: a function's form, and below it what has come of it. */
export class FormElement extends HotplateElement {
  static observedAttributes = ["function", "params", "server"];

  private _onStarted = (id: string, name: string) => this.tell("hotplate-started", { id, function: name });
  private _onEnded = (ended: Ended) => this.tell("hotplate-finished", { ...ended, function: ended.job });
  private _onAnswered = (result: unknown, name: string) => this.tell("hotplate-finished", { function: name, result });

  protected content({ root }: Server): ReactNode {
    const name = this.getAttribute("function");
    if (!name) return null;
    const params = this.getAttribute("params") ?? "{}";
    const given = read(params);
    if (!given) return <ErrorNote error={new Error(words.elements.badParams(params))} />;
    return (
      <Form
        key={`${name} ${params}`}
        name={name}
        given={given}
        root={root}
        onStarted={this._onStarted}
        onEnded={this._onEnded}
        onAnswered={this._onAnswered}
      />
    );
  }
}

/** The params of the attribute; null if they are no object. */
function read(text: string): Params | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Params) : null;
  } catch {
    return null;
  }
}

interface FormProps {
  name: string;
  given: Params;
  root: string;
  onStarted: (id: string, name: string) => void;
  onEnded: (ended: Ended) => void;
  onAnswered: (result: unknown, name: string) => void;
}

function Form({ name, given, root, onStarted, onEnded, onAnswered }: FormProps) {
  const { data: registry, error, refetch } = useRegistry();
  const [run, setRun] = useState<string | null>(null);
  const started = useCallback((id: string) => (setRun(id), onStarted(id, name)), [name, onStarted]);
  const answered = useCallback((value: unknown) => onAnswered(value, name), [name, onAnswered]);
  const one = registry?.functions.find((other) => other.name === name);
  if (!registry) {
    return error ? (
      <ErrorNote error={error} title={words.functions.failed} again={() => void refetch()} />
    ) : (
      <Loading lines={4} />
    );
  }
  if (!one) return <Empty title={words.functions.unknown.title} text={words.elements.unknown(name)} />;
  return (
    <>
      <FunctionPanel
        one={one}
        components={registry.components}
        initial={Object.keys(given).length ? given : null}
        run={run}
        onStarted={started}
        onAnswered={answered}
        show={(id) => <RunPanel key={id} id={id} isCompact />}
        root={root}
        isEmbedded
      />
      {run && <Ending key={run} id={run} onEnded={onEnded} />}
    </>
  );
}
