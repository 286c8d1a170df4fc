import { useMemo, useState } from "react";
import { words } from "../../words";
import { useForm, type WidgetProps } from "../context";
import { same } from "../exact";
import { Field } from "../Field";
import { branchOf, labels } from "../union";
import { initial } from "../value";
import { Radios } from "./ChoiceField";

const say = words.form;

const FEW = 4;
const SHORT = 40;
const UNSET = -1;

/** One of several kinds of values. What was typed in each is there again when it is chosen again. */
export function UnionField({ shape, value, onChange, path, name, isRequired, control, canUnset, empty }: WidgetProps) {
  const { components } = useForm();
  const { branches } = shape;
  const names = useMemo(() => labels(branches, components), [branches, components]);
  const place = (one: unknown) =>
    canUnset && (one === null || one === undefined) ? UNSET : branchOf(one, branches, components);
  const [own, setOwn] = useState(() => ({ value, chosen: place(value), typed: new Map<number, unknown>() }));
  const chosen = same(own.value, value) ? own.chosen : place(value);
  const take = (next: unknown, at: number) => {
    setOwn({ value: next, chosen: at, typed: new Map(own.typed).set(chosen, value).set(at, next) });
    onChange(next);
  };
  const choose = (at: number) => {
    if (at === UNSET) return take(empty, UNSET);
    take(own.typed.has(at) ? own.typed.get(at) : initial(branches[at]!, components), at);
  };
  const options = canUnset ? [say.notSet, ...names] : names;
  const shift = canUnset ? 1 : 0;
  const isShort = options.length <= FEW && options.join("").length <= SHORT;
  return (
    <div className="stack">
      {isShort ? (
        <Radios
          id={control.id}
          name={say.branch(name)}
          labels={options}
          chosen={chosen + shift}
          onChoose={(at) => choose(at - shift)}
        />
      ) : (
        <select
          id={control.id}
          aria-label={say.branch(name)}
          value={chosen}
          onChange={(event) => choose(Number(event.target.value))}
        >
          {options.map((label, at) => (
            <option key={at} value={at - shift}>
              {label}
            </option>
          ))}
        </select>
      )}
      {chosen !== UNSET && (
        <Field
          key={chosen}
          isBare
          name={`${name}: ${names[chosen]}`}
          path={path}
          schema={branches[chosen]!}
          value={value}
          isRequired={isRequired}
          onChange={(next) => take(next, chosen)}
        />
      )}
    </div>
  );
}
