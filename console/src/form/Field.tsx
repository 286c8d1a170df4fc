import { useId, useLayoutEffect, useMemo, useRef, type ReactNode } from "react";
import { Icon } from "../ui/Icon";
import { Inline } from "../ui/Inline";
import { words } from "../words";
import { useForm, type FieldProps, type WidgetProps } from "./context";
import { stringify } from "./exact";
import { isRadio } from "./fields/ChoiceField";
import { isFiles } from "./fields/FileField";
import { SINGLE, shapeOf, type Shape } from "./kind";
import { limitsOf } from "./limits";
import { initial, isStated, keyOf, type Path } from "./value";
import { widgetOf } from "./widgets";

const say = words.form;

/** Fields of several parts, which are there only once they are set. */
const SET_FIRST: ReadonlySet<string> = new Set(["object", "list", "tuple", "dictionary", "bytes"]);

/** A value with its name, what it may be, and what is wrong with it. */
export function Field({ schema, isBare = false, ...props }: FieldProps) {
  const { name, path, value, onChange, isRequired } = props;
  const { components, problems } = useForm();
  const shape = useMemo(() => shapeOf(schema, components), [schema, components]);
  const id = useId();
  const ref = usePlace(path);
  const problem = problems.get(keyOf(path));
  const isSet = value !== null && value !== undefined;
  const canUnset = shape.isNullable || (!isRequired && schema.default === undefined);
  const empty = shape.isNullable && (isRequired || schema.default !== undefined) ? null : undefined;
  const isOpen = !shape.isNullable && (shape.kind === "list" || shape.kind === "dictionary");
  const isUnset = !isSet && canUnset && !isOpen && SET_FIRST.has(shape.kind) && !isFiles(shape, components);
  const isGroup = isGrouped(shape, components);
  const isMarked = isRequired && !canUnset && typeof path.at(-1) === "string";
  const about = aboutOf(shape, isMarked, schema.default);
  // what is said about all files is for those who write functions
  const { description } = shape.kind === "file" ? schema : shape.schema;
  const ids = { about: about && `${id}a`, text: description && `${id}t`, problem: problem && `${id}p` };
  const describedBy = [ids.problem, ids.text, ids.about].filter(Boolean).join(" ") || undefined;
  const widget: WidgetProps = {
    ...props,
    shape,
    empty,
    canUnset,
    control: {
      id,
      "aria-describedby": isGroup ? undefined : describedBy,
      "aria-invalid": problem ? true : undefined,
      "aria-required": isRequired && !canUnset && !isGroup && shape.kind !== "boolean" ? true : undefined,
      "aria-label": isBare && !isGroup ? name : undefined,
    },
  };
  const Widget = widgetOf(shape, components);
  const start = () => onChange(initial({ ...schema, default: undefined }, components, true) ?? begun(shape, widget));
  return (
    <Frame isGroup={isGroup} id={id} describedBy={describedBy} label={isBare ? name : null} ref={ref} path={path}>
      {!isBare && (
        <div className="field-head">
          {isGroup ? <strong id={`${id}l`}>{name}</strong> : <label htmlFor={id}>{name}</label>}
          {about && (
            <span id={ids.about} className="field-about">
              {about}
            </span>
          )}
          {isUnset && <SetButton name={name} onClick={start} />}
          {canUnset && isSet && shape.kind !== "union" && !isRadio(shape) && (
            <UnsetButton name={name} onClick={() => onChange(empty)} />
          )}
        </div>
      )}
      {description && !isBare && (
        <p id={ids.text} className="field-text">
          <Inline text={description} />
        </p>
      )}
      {isUnset ? isBare && <SetButton name={name} onClick={start} /> : <Widget {...widget} />}
      {problem && (
        <p id={ids.problem} className="field-problem">
          {problem}
        </p>
      )}
    </Frame>
  );
}

/** What an optional value begins with when it is set. */
function begun({ schema, kind }: Shape, { empty }: WidgetProps): unknown {
  const bySort: Record<string, unknown> = { list: [], dictionary: {}, object: {}, bytes: "" };
  if (kind === "tuple") return (schema.prefixItems ?? []).map(() => undefined);
  return bySort[kind] ?? empty;
}

function Frame(props: {
  isGroup: boolean;
  id: string;
  describedBy: string | undefined;
  label: string | null;
  path: Path;
  ref: React.Ref<HTMLDivElement>;
  children: ReactNode;
}) {
  const { touch } = useForm();
  const group = props.isGroup && {
    role: "group",
    "aria-describedby": props.describedBy,
    ...(props.label === null ? { "aria-labelledby": `${props.id}l` } : { "aria-label": props.label }),
  };
  return (
    <div className="field" ref={props.ref} onBlur={() => touch(props.path)} {...group}>
      {props.children}
    </div>
  );
}

/** Says where the field is, while it is there. */
function usePlace(path: Path) {
  const ref = useRef<HTMLDivElement>(null);
  const { places } = useForm();
  const key = keyOf(path);
  useLayoutEffect(() => {
    const element = ref.current!;
    places.set(key, element);
    return () => {
      if (places.get(key) === element) places.delete(key);
    };
  }, [places, key]);
  return ref;
}

function SetButton({ name, onClick }: { name: string; onClick: () => void }) {
  return (
    <span className="row">
      <span className="field-about">{say.notSet}</span>
      <button type="button" className="small" aria-label={say.setNamed(name)} onClick={onClick}>
        {say.set}
      </button>
    </span>
  );
}

function UnsetButton({ name, onClick }: { name: string; onClick: () => void }) {
  return (
    <button
      type="button"
      className="quiet small"
      title={say.unset(name)}
      aria-label={say.unset(name)}
      onClick={onClick}
    >
      <Icon name="cross" size={14} />
      {say.unsetShort}
    </button>
  );
}

const isGrouped = (shape: Shape, components: Parameters<typeof isFiles>[1]): boolean =>
  isRadio(shape) ||
  (!SINGLE.has(shape.kind) && shape.kind !== "choice" && !isFiles(shape, components) && shape.kind !== "file");

/** "whole number, 1 to 10", "required". */
function aboutOf({ kind, schema }: Shape, isRequired: boolean, stated: unknown): string {
  const isTold = kind !== "union" && kind !== "choice" && kind !== "boolean" && kind !== "object";
  const rounded = stated !== undefined && stated !== null && !isStated({ default: stated });
  return [
    isTold ? words.form.types[kind] : "",
    ...limitsOf(kind, schema),
    rounded ? say.roundedDefault(stringify(stated)) : "",
    isRequired ? say.required : "",
  ]
    .filter(Boolean)
    .join(", ");
}
