/** What was typed into a form, kept in this tab until it is closed. Secrets are not. */
import type { FileInfo } from "@hotplate/client";
import { parse, stringify } from "./exact";
import { Unread, Uploaded } from "./value";

export interface Draft {
  values: Record<string, unknown>;
  isJson: boolean;
}

interface Kept extends Draft {
  /** With what the form had been filled in before. */
  given: string;
}

/** The text of what is given where nothing is. */
const NOTHING = "null";
const TEXT = "\u0001text";
const FILE = "\u0001file";

const place = (key: string) => `hotplate.draft.${key}`;

/** What was kept of a form, if nothing else is given by now. */
export function restore(key: string, given: string): Draft | null {
  try {
    const text = sessionStorage.getItem(place(key));
    const kept = text ? (revived(parse(text)) as Kept) : null;
    return kept && (kept.given === given || given === NOTHING) ? kept : null;
  } catch {
    return null;
  }
}

export function keep(key: string, given: string, { values, isJson }: Draft): void {
  try {
    sessionStorage.setItem(place(key), stringify(plain({ given, values, isJson })));
  } catch {
    // a browser that keeps nothing, or no more
  }
}

export function forget(key: string): void {
  try {
    sessionStorage.removeItem(place(key));
  } catch {
    // a browser that keeps nothing
  }
}

function plain(value: unknown): unknown {
  if (value instanceof Unread) return value.text ? { [TEXT]: value.text, problem: value.problem } : undefined;
  if (value instanceof Uploaded) return { [FILE]: value.info };
  if (Array.isArray(value)) {
    const told = value.filter((one) => !(one instanceof Unread && !one.text)); // uploads end with the page
    return told.map((one) => (one === undefined ? { [TEXT]: null } : plain(one)));
  }
  return eachMember(value, plain);
}

function revived(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(revived);
  if (typeof value !== "object" || value === null) return value;
  const marked = value as { [TEXT]?: string | null; [FILE]?: FileInfo; problem?: string };
  if (marked[TEXT] === null) return undefined;
  if (marked[TEXT] !== undefined) return new Unread(marked[TEXT], marked.problem ?? "");
  return marked[FILE] ? new Uploaded(marked[FILE]) : eachMember(value, revived);
}

function eachMember(value: unknown, change: (one: unknown) => unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, change(one)]));
}
