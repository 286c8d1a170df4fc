import { words } from "../words";

/** What was given besides the parameters, each to be left out. */
export function Surplus({ names, onLeaveOut }: { names: string[]; onLeaveOut: (name: string) => void }) {
  return names.map((name) => (
    <p key={name} className="row field-problem">
      {words.form.problems.unknownParam(name)}
      <button type="button" className="small" onClick={() => onLeaveOut(name)}>
        {words.form.leaveOut}
      </button>
    </p>
  ));
}
