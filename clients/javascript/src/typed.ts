/** The types of functions, as `hotplate describe --typescript` writes them; without them anything may be called. */
import type { CallOptions } from "./http.js";
import type { Run } from "./run.js";
import type { StartOptions } from "./client.js";
import type { Params, RunRecord } from "./wire.js";

/** One function: `params` by name, `args` by position. A job's `result` is that of its runs. */
export interface FunctionType {
  kind: "method" | "job" | "builtin";
  params: object;
  args: readonly unknown[];
  result: unknown;
  partial?: unknown;
}

/** What is assumed where nothing is known. */
export type AnyFunctions = Record<string, any>;

type IsAny<T> = 0 extends 1 & T ? true : false;
type Given<F> = IsAny<F> extends true ? Params : F extends FunctionType ? F["params"] | F["args"] : never;
type WithOptions<F, Options> =
  IsAny<F> extends true
    ? [params?: Params, options?: Options]
    : {} extends (F extends FunctionType ? F["params"] : never)
      ? [params?: Given<F>, options?: Options]
      : [params: Given<F>, options?: Options];

export type CallArguments<Functions, Name extends keyof Functions> = WithOptions<Functions[Name], CallOptions>;
export type StartArguments<Functions, Name extends keyof Functions> = WithOptions<Functions[Name], StartOptions>;

/** What a function answers: a job with the record of its new run. */
export type ResultOf<Functions, Name extends keyof Functions> =
  IsAny<Functions[Name]> extends true
    ? any
    : Functions[Name] extends { kind: "job"; result: infer Result }
      ? RunRecord<Result>
      : Functions[Name] extends { result: infer Result }
        ? Result
        : never;

/** The run of a job. */
export type RunOf<Functions, Name extends keyof Functions> =
  IsAny<Functions[Name]> extends true ? Run<any> : Functions[Name] extends { result: infer Result } ? Run<Result> : never;

/** What a run of a job yields on its way. */
export type PartialOf<Functions, Name extends keyof Functions> =
  Functions[Name] extends { partial: infer Partial } ? Partial : unknown;

/** The names of the jobs. */
export type Jobs<Functions> = {
  [Name in keyof Functions]: IsAny<Functions[Name]> extends true
    ? Name
    : Functions[Name] extends { kind: "job" }
      ? Name
      : never;
}[keyof Functions] &
  string;

/** The names of all that can be called. */
export type Methods<Functions> = keyof Functions & string;
