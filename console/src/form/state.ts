/** The values of a form: where they come from, and what becomes of them. */
import { useEffect, useMemo, useState } from "react";
import type { Components, Schema } from "../schema";
import { words } from "../words";
import { check, type Problem } from "./check";
import { complete } from "./complete";
import { forget, keep, restore } from "./draft";
import { same, stringify } from "./exact";
import { hasSecret } from "./kind";
import { finished, initial } from "./value";

/** A parameter of a function. */
export interface Param {
  name: string;
  isRequired: boolean;
  schema: Schema;
}

export type Values = Readonly<Record<string, unknown>>;

/** What the fields begin with: what is given, and the defaults of the rest. */
export function begin(params: Param[], components: Components, given: Values | null | undefined): Values {
  const known = new Map(Object.entries(given ?? {}));
  const entries = params.map(({ name, schema, isRequired }) => [
    name,
    complete(known.has(name) ? known.get(name) : initial(schema, components, isRequired), schema, components),
  ]);
  const more = [...known].filter(([name]) => !params.some((param) => param.name === name));
  return Object.fromEntries([...entries, ...more]) as Values;
}

/** What is wrong with all of them. */
export function problemsOf(params: Param[], components: Components, values: Values): Problem[] {
  const known = new Map(Object.entries(values));
  const unknown = [...known.keys()].filter((name) => !params.some((param) => param.name === name));
  return [
    ...params.flatMap(({ name, schema, isRequired }) => check(known.get(name), schema, components, [name], isRequired)),
    ...unknown.map((name) => ({ path: [], text: words.form.problems.unknownParam(name) })),
  ];
}

/** What is sent: all that is set, but for what the server would take anyway. */
export function paramsOf(params: Param[], components: Components, values: Values, isWhole = false): Values {
  const known = new Map(Object.entries(values));
  const isLeftOut = (name: string, value: unknown) => {
    const param = params.find((one) => one.name === name);
    if (value === undefined || isWhole || !param || param.isRequired) return value === undefined;
    return same(value, finished(complete(param.schema.default, param.schema, components)));
  };
  const all = [...known].map(([name, value]) => [name, finished(value)] as const);
  return Object.fromEntries(all.filter(([name, value]) => !isLeftOut(name, value)));
}

/** The values and the mode of a form, kept as a draft. */
export function useValues(
  params: Param[],
  components: Components,
  given: Values | null | undefined,
  draftKey: string | undefined,
) {
  const givenText = useMemo(() => stringify(given ?? null), [given]);
  const fresh = () => {
    const draft = draftKey ? restore(draftKey, givenText) : null;
    const values = begin(params, components, draft ? { ...given, ...knownOf(params, draft.values) } : given);
    return { of: givenText, values, isJson: draft?.isJson ?? false, isChanged: false, version: 0 };
  };
  const [state, setState] = useState(fresh);
  const now = state.of === givenText ? state : fresh();
  if (now !== state) setState(now); // it has been given something else
  const { values, isJson, isChanged } = now;
  useEffect(() => {
    if (!draftKey || !isChanged) return;
    const open = params.filter((one) => !hasSecret(one.schema, components)).map((one) => one.name);
    const told = Object.entries(values).filter(([name]) => open.includes(name));
    keep(draftKey, givenText, { values: Object.fromEntries(told), isJson });
  }, [draftKey, givenText, values, isJson, isChanged, params, components]);
  return {
    values,
    isJson,
    /** Changes with what is not typed. */
    version: `${now.version} ${givenText}`,
    set: (name: string, value: unknown) =>
      setState((was) => ({ ...was, isChanged: true, values: { ...was.values, [name]: value } })),
    setAll: (all: Values) => setState((was) => ({ ...was, isChanged: true, values: begin(params, components, all) })),
    setJson: (next: boolean) => setState((was) => ({ ...was, isChanged: true, isJson: next })),
    reset: () => {
      if (draftKey) forget(draftKey);
      setState((was) => ({
        ...was,
        isChanged: false,
        version: was.version + 1,
        values: begin(params, components, null),
      }));
    },
  };
}

/** Without parameters that the function has no more. */
function knownOf(params: Param[], values: Values): Values {
  return Object.fromEntries(Object.entries(values).filter(([name]) => params.some((param) => param.name === name)));
}
