/** The style sheets of the elements: that of the console, and what is theirs. */
import own from "./elements.css?inline";

/** The address of the console's style sheet, which the build puts here. */
const CONSOLE = "__STYLE__";

const sheet = new CSSStyleSheet();
sheet.replaceSync(own);

let loading: Promise<CSSStyleSheet[]> | null = null;

/** The sheets, loaded once for all elements of a page. Rejects while the server is away. */
export function sheets(): Promise<CSSStyleSheet[]> {
  return (loading ??= load().catch((error: unknown) => {
    loading = null;
    throw error;
  }));
}

async function load(): Promise<CSSStyleSheet[]> {
  const shared = new CSSStyleSheet();
  const answer = await window.fetch(new URL(/* @vite-ignore */ CONSOLE, import.meta.url));
  if (!answer.ok) throw new Error(`the style sheet of the elements: HTTP ${answer.status}`);
  shared.replaceSync(await answer.text());
  return [shared, sheet];
}
