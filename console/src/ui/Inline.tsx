/** A line in which some words are code: all of Markdown that short texts have. */
export function Inline({ text }: { text: string }) {
  return text.split(/`([^`]+)`/).map((part, place) => (place % 2 ? <code key={place}>{part}</code> : part));
}
