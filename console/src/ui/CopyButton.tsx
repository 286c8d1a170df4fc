import { useEffect, useState } from "react";
import { words } from "../words";
import { Icon } from "./Icon";

const SAID_MS = 1500;

/** Puts a text onto the clipboard, and says so. A text that is dear to make is given as a function. */
export function CopyButton({ text, label = words.ui.copy }: { text: string | (() => string); label?: string }) {
  const [isDone, setDone] = useState(false);
  useEffect(() => {
    if (!isDone) return;
    const timer = setTimeout(() => setDone(false), SAID_MS);
    return () => clearTimeout(timer);
  }, [isDone]);
  return (
    <button
      type="button"
      className="quiet small"
      onClick={() => void copy(typeof text === "string" ? text : text()).then(setDone)}
    >
      <Icon name={isDone ? "check" : "copy"} size={15} />
      <span aria-live="polite">{isDone ? words.ui.copied : label}</span>
    </button>
  );
}

/** `navigator.clipboard` is there in secure contexts only. */
export async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = Object.assign(document.createElement("textarea"), { value: text });
    document.body.append(area);
    area.select();
    const isDone = document.execCommand("copy");
    area.remove();
    return isDone;
  }
}
