/** Processes of this machine, as Linux tells of them. */
import { readdirSync, readFileSync } from "node:fs";

/** The ids of a process and of all below it. */
export function family(pid: number): number[] {
  const parents = new Map(processes().map((one) => [one, parentOf(one)]));
  const found = [pid];
  for (const one of found) found.push(...[...parents].filter(([, parent]) => parent === one).map(([child]) => child));
  return found;
}

/** The processor time that processes have used so far, by their ids, in ticks of 10 ms. */
export const ticks = (pids: number[]): Map<number, number> => new Map(pids.map((pid) => [pid, used(pid) || 0]));

/** The commands of processes. */
export const commands = (pids: number[]): string[] =>
  pids.map((pid) => read(`/proc/${pid}/cmdline`).replaceAll("\0", " "));

const processes = (): number[] =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number);

const parentOf = (pid: number): number => Number(statOf(pid)[1]);

const used = (pid: number): number => Number(statOf(pid)[11]) + Number(statOf(pid)[12]);

/** The fields of /proc/PID/stat after the name, which may have anything in it; none of a process that has ended. */
const statOf = (pid: number): string[] => {
  const text = read(`/proc/${pid}/stat`);
  return text.slice(text.lastIndexOf(")") + 2).split(" ");
};

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return ""; // it has ended
  }
}
