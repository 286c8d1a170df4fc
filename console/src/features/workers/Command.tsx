import { CopyButton } from "../../ui/CopyButton";
import { command } from "./command";

/** The command that starts a worker, to be copied. */
export function Command() {
  const text = command();
  return (
    <div className="code command">
      <pre>{text}</pre>
      <CopyButton text={text} />
    </div>
  );
}
