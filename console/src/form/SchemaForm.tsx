import { useEffect, useId, useMemo, useRef, useState, type FormEvent, type ReactNode } from "react";
import type { Components } from "../schema";
import { Icon } from "../ui/Icon";
import { words } from "../words";
import { FormContext, type Upload } from "./context";
import { Field } from "./Field";
import { Radios } from "./fields/ChoiceField";
import { JsonEditor } from "./JsonEditor";
import { useProblems, type Refusal } from "./problems";
import { paramsOf, problemsOf, useValues, type Param, type Values } from "./state";
import { Summary } from "./Summary";
import { Surplus } from "./Surplus";
import "./form.css";

const say = words.form;
const NOTHING: Refusal[] = [];

export interface SchemaFormProps {
  params: Param[];
  components: Components;
  /** What it is filled in with at first, by the names of the parameters. */
  initial?: Values | null;
  /** Under which what was typed is kept in this tab. */
  draftKey?: string;
  /** What was wrong with what was sent. */
  errors?: Refusal[];
  /** Params by name: all that differ from their defaults. Integers may be of type `bigint`. */
  onSubmit: (params: Record<string, unknown>) => void;
  /** Told what stands in the form, whenever that has changed. */
  onChange?: (params: Record<string, unknown>) => void;
  isBusy?: boolean;
  /** On the button while it is busy. */
  busyLabel?: string;
  submitLabel: string;
  upload: Upload;
  children?: ReactNode;
}

/** A form for the parameters of a function. It knows nothing of servers. */
export function SchemaForm(props: SchemaFormProps) {
  const { params, components, upload, onChange, isBusy = false } = props;
  const { values, isJson, version, set, setAll, setJson, reset } = useValues(
    params,
    components,
    props.initial,
    props.draftKey,
  );
  const found = useMemo(() => problemsOf(params, components, values), [params, components, values]);
  const problems = useProblems(values, found, props.errors ?? NOTHING);
  const [unread, setUnread] = useState("");
  const id = useId();
  const form = useRef<HTMLFormElement>(null);
  useSendKeys(form);
  useEffect(() => onChange?.(paramsOf(params, components, values)), [onChange, params, components, values]);
  const { byPlace, places, touch, all, focus } = problems;
  const parts = useMemo(
    () => ({ components, problems: byPlace, places, touch, upload }),
    [components, byPlace, places, touch, upload],
  );
  const surplus = Object.keys(values).filter((name) => !params.some((param) => param.name === name));
  const isRefused = !!props.errors?.length;
  useEffect(() => {
    if (isRefused) focus(props.errors![0]!.path);
  }, [props.errors]);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (isBusy) return;
    problems.setTried(true);
    if (found.length || unread) {
      return isJson ? form.current?.querySelector("textarea")?.focus() : focus(found[0]!.path);
    }
    problems.send();
    props.onSubmit(paramsOf(params, components, values));
  };
  const startAnew = () => {
    reset();
    setUnread("");
    problems.clear();
  };
  return (
    <FormContext value={parts}>
      <form ref={form} className="form" noValidate onSubmit={submit} aria-busy={isBusy}>
        {(problems.isTried || isRefused) && !unread && <Summary problems={all} onChoose={isJson ? undefined : focus} />}
        {params.length === 0 && <p className="muted">{say.none}</p>}
        {isJson && params.length > 0 ? (
          <JsonEditor
            key={version}
            values={paramsOf(params, components, values, true)}
            onChange={setAll}
            problem={unread}
            onProblem={setUnread}
          />
        ) : (
          <>
            {params.map(({ name, schema, isRequired }) => (
              <Field
                key={name}
                name={name}
                path={[name]}
                schema={schema}
                value={values[name]}
                isRequired={isRequired}
                onChange={(value) => set(name, value)}
              />
            ))}
            <Surplus names={surplus} onLeaveOut={(name) => setAll(without(values, name))} />
          </>
        )}
        <div className="form-end">
          <button type="submit" className="primary" aria-disabled={isBusy} aria-keyshortcuts="Control+Enter">
            <Icon name="play" size={15} />
            {isBusy ? (props.busyLabel ?? say.busy) : props.submitLabel}
          </button>
          <kbd className="form-keys" aria-hidden="true">
            {say.keys(IS_MAC)}
          </kbd>
          {params.length > 0 && (
            <>
              <button type="button" className="quiet" title={say.resetHint} onClick={startAnew}>
                {say.reset}
              </button>
              <Radios
                id={id}
                name={say.modes.label}
                labels={[say.modes.form, say.modes.json]}
                chosen={isJson ? 1 : 0}
                onChoose={(place) => (setJson(place === 1), setUnread(""))}
              />
            </>
          )}
          {props.children}
        </div>
      </form>
    </FormContext>
  );
}

const IS_MAC = typeof navigator !== "undefined" && /Mac|iPhone|iPad/.test(navigator.userAgent);

/** Ctrl or Cmd with Enter sends, from wherever in the form, and from the page where nothing else has the keyboard. */
function useSendKeys(form: React.RefObject<HTMLFormElement | null>): void {
  useEffect(() => {
    const send = (event: KeyboardEvent) => {
      if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.defaultPrevented) return;
      const [at] = event.composedPath() as [Element];
      const isOwnPage = form.current?.getRootNode() === document;
      if (!form.current?.contains(at) && !(isOwnPage && at === document.body)) return;
      event.preventDefault();
      form.current?.requestSubmit();
    };
    window.addEventListener("keydown", send);
    return () => window.removeEventListener("keydown", send);
  }, [form]);
}

function without(values: Record<string, unknown>, name: string): Record<string, unknown> {
  const { [name]: _, ...others } = values;
  return others;
}
