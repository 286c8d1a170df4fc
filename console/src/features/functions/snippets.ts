/** A call as other programs write it. What is quoted comes out as it was typed, whatever it is. */
import { stringify } from "../../form/exact";
import type { Params } from "./queries";

export interface Called {
  name: string;
  kind: "method" | "job";
  params: Params;
  /** The address of RPC. */
  url: string;
}

const CLIENT = "@hotplate/client";

/** A word of a POSIX shell. */
export const shell = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;

export function curl({ name, params, url }: Called): string {
  const body = stringify({ jsonrpc: "2.0", id: 1, method: name, params });
  return [`curl ${shell(url)} \\`, "  -H 'Content-Type: application/json' \\", `  -d ${shell(body)}`].join("\n");
}

/** A literal of Python. Texts of JSON are texts of Python as well. */
export function python(value: unknown): string {
  if (value === null || value === undefined) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value === "string") return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(python).join(", ")}]`;
  if (typeof value !== "object") return String(value);
  const members = Object.entries(value).map(([name, one]) => `${JSON.stringify(name)}: ${python(one)}`);
  return `{${members.join(", ")}}`;
}

const PYTHON_WORDS = new Set(
  (
    "False None True and as assert async await break class continue def del elif else except finally for from global if " +
    "import in is lambda nonlocal not or pass raise return try while with yield"
  ).split(" "),
);

const isKeyword = (name: string) => /^[\p{L}_][\p{L}\p{N}_]*$/u.test(name) && !PYTHON_WORDS.has(name);

export function pythonCall({ name, kind, params, url }: Called): string {
  const head = `from hotplate.client import Client\n\nclient = Client(${JSON.stringify(rootOf(url))})\n`;
  if (kind === "job") {
    const more = Object.keys(params).length ? `, ${python(params)}` : "";
    return `${head}run = client.start(${JSON.stringify(name)}${more})\nprint(run.wait())\n`;
  }
  const entries = Object.entries(params);
  const given = entries.every(([key]) => isKeyword(key))
    ? entries.map(([key, value]) => `, ${key}=${python(value)}`).join("")
    : `, **${python(params)}`;
  return `${head}print(client.call(${JSON.stringify(name)}${given}))\n`;
}

/** A literal of JavaScript. */
export function javascript(value: unknown): string {
  if (typeof value === "bigint") return `JSON.rawJSON("${value}")`;
  if (Array.isArray(value)) return `[${value.map(javascript).join(", ")}]`;
  if (typeof value !== "object" || value === null) return stringify(value ?? null);
  const members = Object.entries(value).map(([name, one]) => `${member(name)}: ${javascript(one)}`);
  return members.length ? `{ ${members.join(", ")} }` : "{}";
}

function member(name: string): string {
  if (name === "__proto__") return '["__proto__"]'; // else it would be no member
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name);
}

export function javascriptCall({ name, kind, params, url }: Called): string {
  const head = `import { connect } from "${CLIENT}";\n\nconst client = connect(${JSON.stringify(url)});\n`;
  const given = `${JSON.stringify(name)}, ${javascript(params)}`;
  if (kind === "method") return `${head}console.log(await client.call(${given}));\n`;
  return `${head}const run = await client.start(${given});\nconsole.log(await run.wait());\nclient.close();\n`;
}

export function reactCall({ name, kind, params, url }: Called): string {
  const given = `${JSON.stringify(name)}, ${javascript(params)}`;
  const provided = (inner: string) =>
    `const client = connect(${JSON.stringify(url)});\n\nexport function App() {\n  return (\n    <HotplateProvider client={client}>\n      <${inner} />\n    </HotplateProvider>\n  );\n}\n`;
  const imports = (hooks: string) =>
    `import { connect } from "${CLIENT}";\nimport { HotplateProvider, ${hooks} } from "${CLIENT}/react";\n`;
  if (kind === "method") {
    const body = `  const { data, error } = useMethod(${given});\n  if (error) return <p>{error.message}</p>;\n  return <pre>{JSON.stringify(data)}</pre>;\n`;
    return `${imports("useMethod")}\nfunction Answer() {\n${body}}\n\n${provided("Answer")}`;
  }
  const body =
    "  const client = useClient();\n" +
    "  const [id, setId] = useState<string | null>(null);\n" +
    "  const { run, progress, error } = useRun(id);\n" +
    `  const start = async () => setId((await client.start(${given})).id);\n` +
    "  return (\n    <>\n      <button onClick={start}>Start</button>\n" +
    "      <progress value={progress?.fraction ?? 0} />\n" +
    "      <pre>{run?.state} {JSON.stringify(run?.result)} {(run?.error ?? error)?.message}</pre>\n    </>\n  );\n";
  return `import { useState } from "react";\n${imports("useClient, useRun")}\nfunction Job() {\n${body}}\n\n${provided("Job")}`;
}

export function cli({ name, params, url }: Called): string {
  const values = Object.entries(params).map(([key, value]) => shell(`${key}=${cliValue(value)}`));
  return ["hotplate call", shell(rootOf(url)), shell(name), ...values].join(" ");
}

/** JSON; texts as they are where they cannot be taken for anything else. */
function cliValue(value: unknown): string {
  const isPlain =
    typeof value === "string" && /^[\p{L}_][\p{L}\p{N}_. /-]*$/u.test(value) && !/^(true|false|null)$/.test(value);
  return isPlain ? value : stringify(value);
}

/** The root of a server, if that leads to its RPC address; else that itself. */
const rootOf = (url: string): string => {
  const { origin, pathname } = new URL(url);
  return pathname === "/rpc" ? origin : url;
};
