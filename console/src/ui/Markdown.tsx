import { Suspense } from "react";
import { later } from "./later";

const Rendered = later(() => import("./Rendered"));

/** A text with Markdown in it. It becomes elements, never HTML, so nothing in it can run. */
export function Markdown({ text }: { text: string }) {
  if (!text) return null;
  return (
    <div className="markdown">
      <Suspense fallback={<p>{text}</p>}>
        <Rendered text={text} />
      </Suspense>
    </div>
  );
}
