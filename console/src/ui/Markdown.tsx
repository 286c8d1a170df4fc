import { later } from "./later";

const Rendered = later(
  () => import("./Rendered"),
  ({ text }) => <p>{text}</p>,
);

/** A text with Markdown in it. It becomes elements, never HTML, so nothing in it can run. */
export function Markdown({ text }: { text: string }) {
  if (!text) return null;
  return (
    <div className="markdown">
      <Rendered text={text} />
    </div>
  );
}
