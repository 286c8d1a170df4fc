import type { FunctionInfo } from "../../registry/domain";

/** Functions whose name or summary has all words of a text. */
export function matching(functions: FunctionInfo[], text: string): FunctionInfo[] {
  const sought = text.toLowerCase().split(/\s+/).filter(Boolean);
  return functions.filter(({ name, summary }) => {
    const told = `${name} ${summary}`.toLowerCase();
    return sought.every((word) => told.includes(word));
  });
}

/** By namespace in alphabetical order; those without one come first. */
export function grouped(functions: FunctionInfo[]): [namespace: string, functions: FunctionInfo[]][] {
  const groups = new Map<string, FunctionInfo[]>();
  for (const one of functions) groups.set(one.namespace, [...(groups.get(one.namespace) ?? []), one]);
  return [...groups].sort(([a], [b]) => a.localeCompare(b));
}
