const UNITS = ["B", "kB", "MB", "GB", "TB"];

/** "1.5 MB", in powers of 1000. */
export function bytes(size: number): string {
  const power = Math.min(Math.floor(Math.log10(Math.max(size, 1)) / 3), UNITS.length - 1);
  const figure = size / 1000 ** power;
  return `${power ? figure.toFixed(figure < 10 ? 1 : 0) : figure} ${UNITS[power]}`;
}
