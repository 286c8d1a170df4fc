import { TimeoutError, TransportError } from "@hotplate/client";
import type { ReactNode } from "react";
import { words } from "../words";

/** What went wrong, in the server's words, and by which id its log has more. */
export function ErrorNote({
  error,
  title,
  again,
  children,
}: {
  error: Error & { data?: unknown };
  title?: string;
  again?: () => void;
  children?: ReactNode;
}) {
  const id = (error.data as { error_id?: unknown } | null)?.error_id;
  const message = isAway(error) ? words.ui.unreachable : error.message;
  return (
    <div className="note error" role="alert">
      <div className="stack">
        <div>
          <strong>{title ?? message}</strong>
          {title && <p>{message}</p>}
          {typeof id === "string" && <p className="muted small-text mono">{words.ui.errorId(id)}</p>}
        </div>
        {again && (
          <div>
            <button type="button" className="small" onClick={again}>
              {words.ui.again}
            </button>
          </div>
        )}
        {children}
      </div>
    </div>
  );
}

/** Whether the server was not there to answer; where it was too slow, its own words say more. */
const isAway = (error: Error): boolean =>
  error instanceof TransportError && !(error instanceof TimeoutError) && error.status === 0;
