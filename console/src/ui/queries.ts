/** Whether the page that is open is the one that the server gives out now; null while it does not answer. */
export async function isCurrent(): Promise<boolean | null> {
  const script = document.querySelector<HTMLScriptElement>('script[type="module"][src*="/console/assets/"]');
  if (!script) return true; // a page of somebody else's, which is theirs to load anew
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" }, cache: "no-cache" });
    return answer.ok ? (await answer.text()).includes(script.getAttribute("src")!) : null;
  } catch {
    return null;
  }
}
