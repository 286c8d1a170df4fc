import { heading, plain, type Table } from "./columns";

/** A table as CSV (RFC 4180). Texts that a spreadsheet would take for formulas begin with an apostrophe. */
export function csv(table: Table): string {
  const { columns, rows } = table;
  const lines = [
    columns.map((_, place) => heading(table, place)),
    ...rows.map((row) => columns.map((_, place) => row[place])),
  ];
  return lines.map((line) => line.map(field).join(",") + "\r\n").join("");
}

function field(cell: unknown): string {
  let text = plain(cell);
  if (typeof cell === "string" && /^[=+\-@\t\r]/.test(text) && !isNumber(text)) text = `'${text}`;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Decimals are texts on the wire. */
const isNumber = (text: string): boolean => /^-?\d+(\.\d+)?$/.test(text);

/** Lets the browser keep a text as a file. */
export function download(text: string | Blob, name: string, type = "text/csv"): void {
  const url = URL.createObjectURL(
    typeof text === "string" ? new Blob([text], { type: `${type};charset=utf-8` }) : text,
  );
  const link = Object.assign(document.createElement("a"), { href: url, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
