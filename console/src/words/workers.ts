export const workers = {
  empty: {
    title: "No worker is alive",
    text: "Runs are kept and wait until a worker takes them. Start one on this machine, or on any that reaches the same record:",
  },
  command: (app: string) => `hotplate worker ${app}`,
  failed: "Workers cannot be shown",
  count: (n: number, used: number, all: number) =>
    `${n} ${n === 1 ? "worker" : "workers"}, ${used} of ${all} slots busy`,
  pid: (pid: number) => `process ${pid}`,
  since: "Since",
  seen: "Heard of",
  memory: "Memory",
  queues: "Queues",
  allQueues: "all",
  jobs: (n: number) => (n === 1 ? "1 job" : `${n} jobs`),
  noJobs: "knows no job",
  late: "Late",
  lateTitle: "It has not been heard of for a while. If it stays silent, it is taken for dead and its runs begin again.",
  slots: (used: number, all: number) => `${used} of ${all} slots busy`,
  running: "Running",
  unknown: "–",
};
