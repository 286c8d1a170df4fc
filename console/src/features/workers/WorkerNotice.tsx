import { useEffect, useState } from "react";
import { words } from "../../words";
import { Command } from "./Command";
import { useIsStuck } from "./queries";
import "./workers.css";

/** Workers that are being started anew are away for a moment: that is not spoken of. In ms. */
const PATIENCE_MS = 2000;

/** Says on every page that runs wait and no worker is alive, for as long as it is so. */
export function WorkerNotice() {
  const isStuck = useIsStuck();
  const [isLong, setLong] = useState(false);
  useEffect(() => {
    if (!isStuck) return setLong(false);
    const timer = setTimeout(() => setLong(true), PATIENCE_MS);
    return () => clearTimeout(timer);
  }, [isStuck]);
  const isShown = isStuck && isLong;
  return (
    <div role="status" className={isShown ? "note warning worker-notice" : "unseen"}>
      {isShown && (
        <div className="stack">
          <div>
            <strong>{words.app.noWorker.title}</strong>
            <p>{words.app.noWorker.text}</p>
          </div>
          <Command />
        </div>
      )}
    </div>
  );
}
