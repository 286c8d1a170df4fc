import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { expect, test } from "vitest";

const SRC = resolve(import.meta.dirname, "../../src");

/** What stands further left may import what stands right of it, and itself. */
const LAYERS = [
  ["app", "elements"],
  ["features"],
  ["registry"],
  ["form", "views"],
  ["testing"],
  ["ui"],
  ["schema", "words"],
];

const files = readdirSync(SRC, { recursive: true, encoding: "utf8" }).filter((name) => /\.tsx?$/.test(name));

function imported(file: string): string[] {
  const text = readFileSync(join(SRC, file), "utf8");
  return [...text.matchAll(/(?:from|import)\s*\(?\s*"([^"]+)"/g)].map((match) => match[1]!);
}

const own = (file: string, name: string) => relative(SRC, resolve(SRC, dirname(file), name));
const layer = (path: string) => LAYERS.findIndex((names) => names.includes(path.split("/")[0]!.replace(/\.tsx?$/, "")));

test.each(files)("%s imports downwards only", (file) => {
  for (const name of imported(file).filter((one) => one.startsWith("."))) {
    const target = own(file, name);
    expect(layer(target), `${file} imports ${name}`).toBeGreaterThanOrEqual(layer(file));
    const [part, feature] = file.split("/");
    const [otherPart, otherFeature] = target.split("/");
    if (part === "features" && otherPart === "features") expect(otherFeature, `${file} imports ${name}`).toBe(feature);
    if (layer(target) === layer(file)) expect(otherPart).toBe(part);
  }
});

test.each(files)("%s talks to the server through queries only", (file) => {
  if (/(^|\/)queries\.ts$/.test(file) || /^(app\/main|elements\/)/.test(file)) return;
  const text = readFileSync(join(SRC, file), "utf8");
  expect(text).not.toMatch(/import\s+(?!type)[^;]*"@hotplate\/client\/react"/);
  expect(text).not.toMatch(/\bfetch\(/);
});
