const BASE_MS = 500;
const CAP_MS = 30_000;

/**
 * How long to wait after so many failures in a row, in ms: anything up to 0.5 s, half as much more each time, up to 30 s
 * (full jitter). So who comes back after a server was away waits at most about half as long once more.
 */
export function jitter(failures: number): number {
  return Math.random() * Math.min(CAP_MS, BASE_MS * 1.5 ** (failures - 1));
}

/** Resolves after `ms`. Rejects with the reason of `signal`. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const timer = setTimeout(resolve, ms);
    signal?.addEventListener("abort", () => (clearTimeout(timer), reject(signal.reason)), { once: true });
  });
}
