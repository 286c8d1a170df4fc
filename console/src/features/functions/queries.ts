import { HotplateError, InvalidParams, type FileInfo } from "@hotplate/client";
import { useClient } from "@hotplate/client/react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useRef } from "react";
import { words } from "../../words";
import type { Upload } from "../../form/context";
import type { Refusal } from "../../form/problems";
import { refusalFrom } from "./misfit";

export type Params = Record<string, unknown>;

export interface Answer {
  value: unknown;
  /** How long it took, in milliseconds. */
  ms: number;
}

/** So long a method may take before nobody waits for it any more, in seconds. */
const PATIENCE_S = 600;

/** Calls a method; `giveUp` ends the waiting. */
export function useCall(name: string) {
  const client = useClient();
  const stop = useRef<AbortController>(null);
  const call = useMutation({
    mutationFn: async (params: Params): Promise<Answer> => {
      stop.current = new AbortController();
      const begin = performance.now();
      const value: unknown = await client.call(name, exact(params), {
        signal: stop.current.signal,
        timeout: PATIENCE_S,
      });
      return { value, ms: performance.now() - begin };
    },
  });
  return { ...call, giveUp: () => stop.current?.abort(new Error(words.functions.gaveUp)) };
}

/** Starts a run of a job, and tells its id. */
export function useStart(name: string) {
  const client = useClient();
  return useMutation({ mutationFn: async (params: Params) => (await client.start(name, exact(params))).id });
}

/** What a run was started with, by the names of the parameters; asked for once, as soon as those are known. */
export function useInputs(id: string | null, names: string[] | undefined) {
  const client = useClient();
  return useQuery({
    queryKey: ["inputs", id],
    enabled: id !== null && names !== undefined,
    staleTime: Infinity,
    queryFn: async () => byName((await client.run(id!).reload()).params, names!),
  });
}

function byName(params: unknown, names: string[]): Params {
  if (!Array.isArray(params)) return (params ?? {}) as Params;
  return Object.fromEntries(params.map((value: unknown, place) => [names[place] ?? String(place), value]));
}

/** The address of RPC of this server. */
export function useAddress(): string {
  return useClient().url;
}

/** What an error says about params; null if it is about something else. */
export function refusalsOf(error: Error | null): Refusal[] | null {
  return error instanceof InvalidParams && typeof error.data === "string" ? [refusalFrom(error.data)] : null;
}

const { rawJSON } = JSON as { rawJSON?: (text: string) => unknown };

/** The params so that integers of any size are written exactly. */
function exact(value: Params): Params;
function exact(value: unknown): unknown;
function exact(value: unknown): unknown {
  if (typeof value === "bigint") {
    if (!rawJSON) throw new HotplateError(0, words.functions.tooLarge);
    return rawJSON(String(value));
  }
  if (Array.isArray(value)) return value.map((one) => exact(one) as unknown);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, exact(one)]));
}

/** Sends a file to a server; with XMLHttpRequest, which alone tells how far it is. */
export function uploadTo(root: string): Upload {
  return (file, onProgress, signal) =>
    new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      const query = new URLSearchParams({ name: file.name, type: file.type || "application/octet-stream" });
      request.open("PUT", `${root}/files?${query}`);
      request.withCredentials = true;
      request.responseType = "json";
      request.upload.onprogress = ({ loaded, total }) => onProgress(total ? loaded / total : 0);
      request.onload = () => {
        const answer = request.response as FileInfo & { error?: { message: string; data?: unknown } };
        if (request.status === 201) return resolve(answer);
        const { error } = answer ?? {};
        const more = typeof error?.data === "string" ? `: ${error.data}` : "";
        reject(new Error(error ? error.message + more : words.functions.upload.failed(request.status)));
      };
      request.onerror = () => reject(new Error(words.functions.upload.lost));
      request.onabort = () => reject(new Error(words.functions.upload.lost));
      signal.addEventListener("abort", () => request.abort());
      request.send(file);
    });
}
