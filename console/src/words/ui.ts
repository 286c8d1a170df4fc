export const ui = {
  copy: "Copy",
  copied: "Copied",
  close: "Close",
  cancel: "Cancel",
  loading: "Loading…",
  again: "Try again",
  unreachable: "The server cannot be reached. Try again when it is back.",
  errorId: (id: string) => `Error id ${id}: the log has more under it`,
  states: { queued: "Queued", running: "Running", succeeded: "Succeeded", failed: "Failed", cancelled: "Cancelled" },
  milliseconds: (n: number) => (n < 1 ? "< 1 ms" : `${n} ms`),
  seconds: (n: string) => `${n} s`,
  never: "–",
};
