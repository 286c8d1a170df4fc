/** What a server has declared: functions, live values and schedules, as its OpenRPC document tells. */
import type { Components, Schema } from "../schema";

export interface Param {
  name: string;
  isRequired: boolean;
  schema: Schema;
}

export interface FunctionInfo {
  name: string;
  /** What stands before the last dot of the name; empty if nothing does. */
  namespace: string;
  kind: "method" | "job";
  summary: string;
  /** Markdown: what its docstring says after the first paragraph. */
  description: string;
  params: Param[];
  /** Of what a method answers, or of the result of a job's run. */
  result: Schema;
  /** Of what the runs of a generator yield. */
  partial: Schema | null;
  isPublic: boolean;
}

export interface LiveInfo {
  name: string;
  summary: string;
  description: string;
  schema: Schema;
  /** Seconds between looks at its function; null if it is pushed by hand. */
  every: number | null;
}

/** What the console shows of a server, each on a page of its own. */
export const PARTS = ["functions", "runs", "live", "schedules", "workers"] as const;
export type Part = (typeof PARTS)[number];

export interface Registry {
  title: string;
  /** What can be called. */
  functions: FunctionInfo[];
  /** Jobs that cannot be called, of which runs can be seen: by a link to one. */
  shown: FunctionInfo[];
  /** Of which parts there is something to be seen for whoever asks. */
  parts: Part[];
  lives: LiveInfo[];
  components: Components;
}

interface WireMethod {
  name: string;
  summary?: string;
  description?: string;
  params: { name: string; required?: boolean; schema: Schema }[];
  result: { schema: Schema };
  "x-hotplate-kind": "method" | "job" | "builtin";
  "x-hotplate-result"?: Schema;
  "x-hotplate-partial"?: Schema;
  "x-hotplate-allow"?: string;
  "x-hotplate-shown"?: boolean;
}

export interface WireDocument {
  info: { title: string };
  methods: WireMethod[];
  "x-hotplate-lives": { name: string; summary?: string; description?: string; schema: Schema; every?: number }[];
  components: { schemas: Components };
}

export function registryFrom(document: WireDocument): Registry {
  const isBuiltin = (method: WireMethod) => method["x-hotplate-kind"] === "builtin";
  const own = document.methods.filter((method) => !isBuiltin(method));
  const builtins = new Set(document.methods.filter(isBuiltin).map(({ name }) => name));
  const functions = own.filter((method) => !method["x-hotplate-shown"]);
  const lives = document["x-hotplate-lives"];
  const isThere: Record<Part, boolean> = {
    functions: functions.length > 0 || builtins.has("worker.list"),
    runs: builtins.has("run.list"),
    live: lives.length > 0 || builtins.has("worker.list"),
    schedules: builtins.has("schedule.list"),
    workers: builtins.has("worker.list"),
  };
  return {
    title: document.info.title,
    functions: functions.map(functionFrom).sort((a, b) => a.name.localeCompare(b.name)),
    shown: own.filter((method) => method["x-hotplate-shown"]).map(functionFrom),
    parts: PARTS.filter((part) => isThere[part]),
    lives: lives.map((live) => ({
      name: live.name,
      summary: live.summary ?? "",
      description: live.description ?? "",
      schema: live.schema,
      every: live.every ?? null,
    })),
    components: document.components.schemas,
  };
}

function functionFrom(method: WireMethod): FunctionInfo {
  return {
    name: method.name,
    namespace: method.name.slice(0, Math.max(method.name.lastIndexOf("."), 0)),
    kind: method["x-hotplate-kind"] === "job" ? "job" : "method",
    summary: method.summary ?? "",
    description: method.description ?? "",
    params: method.params.map(({ name, required, schema }) => ({ name, isRequired: required ?? false, schema })),
    result: method["x-hotplate-result"] ?? method.result.schema,
    partial: method["x-hotplate-partial"] ?? null,
    isPublic: method["x-hotplate-allow"] === "public",
  };
}
