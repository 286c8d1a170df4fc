/** The client of a Hotplate server, for browsers and Node. */
export { Batch, Client, connect, type StartOptions, type WatchOptions } from "./client.js";
export * from "./errors.js";
export type { CallOptions, HttpOptions } from "./http.js";
export { Run } from "./run.js";
export type { Listener, LogLine, RunSnapshot, StateSnapshot, Topic } from "./topic.js";
export type { AnyFunctions, FunctionType } from "./typed.js";
export type { Event, FileInfo, LiveValue, Progress, RunInFull, RunRecord, State, Update } from "./wire.js";
