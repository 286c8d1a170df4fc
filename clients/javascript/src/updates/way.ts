import type { Updates } from "./updates.js";

/**
 * One way to get updates, until that ends. Resolves with the ms after which to come back, or with nothing if the
 * connection was lost. Rejects with `Refused` where this way does not work, and with what makes it useless to try again.
 */
export type Way = (updates: Updates, signal: AbortSignal) => Promise<number | void>;

/** This way does not work here; the next one may. */
export class Refused extends Error {}
