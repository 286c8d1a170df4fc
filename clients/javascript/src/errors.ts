/** Root of all errors of this client. Those of the server have its `code`, `message` and `data`; others the code 0. */
export class HotplateError extends Error {
  constructor(
    /** The code of the JSON-RPC error object. */
    readonly code: number,
    message: string,
    /** What more there is to say, as the server sent it. */
    readonly data: unknown = null,
  ) {
    super(message);
  }
}

/** No answer came, or one that no Hotplate server gives. `status` is that of HTTP, 0 where there was none. */
export class TransportError extends HotplateError {
  constructor(
    message: string,
    readonly status = 0,
    data: unknown = null,
  ) {
    super(0, message, data);
  }
}

/** No answer came in time. What was called may have happened nevertheless. */
export class TimeoutError extends TransportError {}

export class ParseError extends HotplateError {}
export class InvalidRequest extends HotplateError {}
export class MethodNotFound extends HotplateError {}
/** The params do not fit the function; `data` says which one and why. */
export class InvalidParams extends HotplateError {}
/** The function raised; `data.error_id` is how its traceback is found in the server's log. */
export class InternalError extends HotplateError {}
/** Nobody is signed in and the function is not public. */
export class Unauthenticated extends HotplateError {}
export class Forbidden extends HotplateError {}
/** No such run, file or topic, or one that belongs to somebody else. */
export class NotFound extends HotplateError {}
export class Conflict extends HotplateError {}
/** The job raised an exception; `data.error_id` is how its traceback is found in the worker's log. */
export class JobFailed extends HotplateError {}
export class RunCancelled extends HotplateError {}
export class RunTimedOut extends HotplateError {}
export class WorkerLost extends HotplateError {}
export class MemoryLimit extends HotplateError {}
export class ParamsOutdated extends HotplateError {}
export class ResultUnusable extends HotplateError {}
/** The engine's record cannot be reached just now; nothing was changed, so the call may be repeated. */
export class Unavailable extends HotplateError {}

const CLASSES: Record<number, typeof HotplateError> = {
  [-32700]: ParseError,
  [-32600]: InvalidRequest,
  [-32601]: MethodNotFound,
  [-32602]: InvalidParams,
  [-32603]: InternalError,
  [-32001]: Unauthenticated,
  [-32003]: Forbidden,
  [-32004]: NotFound,
  [-32009]: Conflict,
  [-32010]: JobFailed,
  [-32011]: RunCancelled,
  [-32012]: RunTimedOut,
  [-32013]: WorkerLost,
  [-32014]: MemoryLimit,
  [-32015]: ParamsOutdated,
  [-32016]: ResultUnusable,
  [-32020]: Unavailable,
};

/** An error object of the wire, as JSON-RPC has it. */
export interface ErrorObject {
  code: number;
  message: string;
  data?: unknown;
}

/** The error that an error object stands for, of the class of its code. */
export function fromWire({ code, message, data }: ErrorObject): HotplateError {
  const detail = typeof data === "string" ? `: ${data}` : "";
  return new (CLASSES[code] ?? HotplateError)(code, message + detail, data);
}

/** Whether a value is a JSON-RPC error object. */
export function isErrorObject(value: unknown): value is ErrorObject {
  return typeof (value as ErrorObject | null)?.code === "number";
}
