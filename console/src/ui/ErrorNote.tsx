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
  return (
    <div className="note error" role="alert">
      <div className="stack">
        <div>
          <strong>{title ?? error.message}</strong>
          {title && <p>{error.message}</p>}
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
