import { words } from "../words";

/** Stands where something is to come, in so many lines. */
export function Loading({ lines = 3 }: { lines?: number }) {
  return (
    <div className="stack" role="status" aria-label={words.ui.loading}>
      {Array.from({ length: lines }, (_, line) => (
        <div key={line} className="waiting" />
      ))}
    </div>
  );
}
