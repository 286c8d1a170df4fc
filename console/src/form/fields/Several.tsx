import { useId, useState } from "react";
import { words } from "../../words";
import type { Kind } from "../kind";
import { numberFrom } from "../value";

const say = words.form;

/** The values of a text: texts a line each, numbers parted by commas, spaces or lines; `wrong` are no numbers. */
export function pieces(text: string, kind: Kind): { items: unknown[]; wrong: string[] } {
  if (kind === "text") {
    const lines = text.split(/\r?\n/).filter((line) => line.trim());
    return { items: lines.length > 1 || !text.includes(",") ? lines : parted(text), wrong: [] };
  }
  const parts = text.split(/[\s,;]+/).filter(Boolean);
  const items = parts.map((part) => numberFrom(part, kind === "integer"));
  return {
    items: items.filter((one) => one !== undefined),
    wrong: parts.filter((_, place) => items[place] === undefined),
  };
}

const parted = (line: string): string[] =>
  line
    .split(",")
    .map((one) => one.trim())
    .filter(Boolean);

/** Takes many values at once. */
export function Several(props: { kind: Kind; onAdd: (items: unknown[]) => void; onClose: () => void }) {
  const [text, setText] = useState("");
  const id = useId();
  const { items, wrong } = pieces(text, props.kind);
  return (
    <div className="several stack">
      <label htmlFor={id}>{props.kind === "text" ? say.severalHint.text : say.severalHint.number}</label>
      <textarea
        id={id}
        autoFocus
        rows={4}
        value={text}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => event.key === "Escape" && props.onClose()}
      />
      {wrong.length > 0 && <p className="field-problem">{say.severalWrong(wrong[0]!)}</p>}
      <div className="row">
        <button
          type="button"
          className="small"
          disabled={!items.length || wrong.length > 0}
          onClick={() => props.onAdd(items)}
        >
          {say.severalAdd(items.length)}
        </button>
        <button type="button" className="quiet small" onClick={props.onClose}>
          {words.ui.cancel}
        </button>
      </div>
    </div>
  );
}
