import { useId, useState } from "react";
import { words } from "../words";
import { parse, stringify } from "./exact";
import type { Values } from "./state";

const say = words.form;

/** All parameters as a JSON text. What cannot be read stays as it was typed, and changes nothing. */
export function JsonEditor(props: {
  values: Values;
  onChange: (values: Values) => void;
  problem: string;
  onProblem: (problem: string) => void;
}) {
  const { problem } = props;
  const id = useId();
  const [text, setText] = useState(() => stringify(props.values, 2));
  const type = (next: string) => {
    setText(next);
    try {
      props.onChange(read(next));
      props.onProblem("");
    } catch (error) {
      props.onProblem(say.problems.json((error as Error).message));
    }
  };
  return (
    <div className="field">
      <label htmlFor={id}>{say.params}</label>
      <textarea
        id={id}
        className="mono json whole"
        rows={Math.min(Math.max(text.split("\n").length + 1, 6), 30)}
        spellCheck={false}
        autoComplete="off"
        aria-invalid={problem ? true : undefined}
        aria-describedby={problem ? `${id}p` : undefined}
        value={text}
        onChange={(event) => type(event.target.value)}
      />
      {problem && (
        <p id={`${id}p`} className="field-problem">
          {problem}
        </p>
      )}
    </div>
  );
}

function read(text: string): Values {
  const value = text.trim() ? parse(text) : {};
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Values;
  throw new SyntaxError(say.problems.jsonObject);
}
