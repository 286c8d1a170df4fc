import { words } from "../words";
import type { Placed } from "./problems";
import { named, type Path } from "./value";

/** So many are listed. */
const MOST = 10;

/** What is wrong, said once more in one place, from where one gets to the fields. */
export function Summary({ problems, onChoose }: { problems: Placed[]; onChoose?: (path: Path) => void }) {
  if (!problems.length) return null;
  return (
    <div className="note error" role="alert">
      <div>
        <strong>{words.form.wrong(problems.length)}</strong>
        <ul className="form-wrong">
          {problems.slice(0, MOST).map(({ path, text, place }, at) => (
            <li key={at}>
              {place.length && onChoose ? (
                <button type="button" className="linkish" onClick={() => onChoose(path)}>
                  <code>{named(path)}</code>
                </button>
              ) : (
                <code>{named(path)}</code>
              )}{" "}
              {text}
            </li>
          ))}
        </ul>
      </div>
    </div>
  );
}
