/** What goes over the network, as docs/wire.md has it. Times are texts of RFC 3339. */
import type { ErrorObject } from "./errors.js";

/** How far a run has got. */
export interface Progress {
  done: number;
  total: number | null;
  /** From 0 to 1. */
  fraction: number | null;
  message: string | null;
  /** Steps per second. */
  rate: number | null;
  eta_s: number | null;
}

export type State = "queued" | "running" | "succeeded" | "failed" | "cancelled";

/** Where a file of the server is. */
export interface FileInfo {
  id: string;
  name: string;
  media_type: string;
  size: number;
  url: string;
}

/** A run as it stands. */
export interface RunRecord<Result = unknown> {
  id: string;
  job: string;
  state: State;
  attempt: number;
  max_attempts: number;
  created_at: string;
  due_at: string;
  started_at: string | null;
  finished_at: string | null;
  progress: Progress | null;
  queue: string;
  priority: number;
  key: string | null;
  caller: string;
  retry_of: string | null;
  parent_id: string | null;
  waiting_for: string | null;
  stop_requested: string | null;
  seq: number;
  result: Result | null;
  /** Instead of `result`, if that is larger than 1 MiB. */
  result_file: FileInfo | null;
  error: ErrorObject | null;
}

/** A run as `run.get` has it. */
export interface RunInFull<Result = unknown> extends RunRecord<Result> {
  params: unknown;
  /** While it is queued and due: 1 is to be taken next, 1000 means that or further behind. */
  place: number | null;
  /** Of one that failed, for operators. */
  traceback: string | null;
}

/** What happened to a run, or what it said. */
export interface Event {
  seq: number;
  type: string;
  at: string;
  data: any;
}

/** A live value as it was pushed last. */
export interface LiveValue<Value = unknown> {
  name: string;
  value: Value | null;
  at: string | null;
  error: ErrorObject | null;
  version: number;
}

/** What a subscriber receives on a topic. */
export interface Update {
  topic: string;
  seq: number;
  type: string;
  data: any;
}

/** A request object of JSON-RPC 2.0; without `id` it is a notification. */
export interface Request {
  jsonrpc: "2.0";
  method: string;
  params?: unknown;
  id?: number;
}

/** A response object of JSON-RPC 2.0. */
export interface Answer {
  id: number | null;
  result?: unknown;
  error?: ErrorObject;
}

/** By name or by position. */
export type Params = object | readonly unknown[];

let lastId = 0;

/** A call as a request object. */
export function request(method: string, params?: Params, isNotification = false): Request {
  return { jsonrpc: "2.0", method, params, id: isNotification ? undefined : ++lastId };
}
