import { useEffect, useId, useRef, type ReactNode } from "react";
import { words } from "../words";
import { Icon } from "./Icon";

/**
 * A window over the page, there for as long as it is rendered. Escape and a click beside it ask for its end. What has
 * `data-first` in it is gone to first.
 */
export function Dialog({ title, onClose, children }: { title: string; onClose: () => void; children: ReactNode }) {
  const own = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    if (!own.current?.open) own.current?.showModal();
    own.current?.querySelector<HTMLElement>("[data-first]")?.focus();
  }, []);
  return (
    <dialog
      ref={own}
      className="dialog"
      aria-labelledby={id}
      onClose={onClose}
      onMouseDown={(event) => event.target === own.current && own.current.close()}
    >
      <div className="stack">
        <div className="row apart">
          <h2 id={id}>{title}</h2>
          <button
            type="button"
            className="quiet icon-button"
            aria-label={words.ui.close}
            onClick={() => own.current?.close()}
          >
            <Icon name="cross" />
          </button>
        </div>
        {children}
      </div>
    </dialog>
  );
}
