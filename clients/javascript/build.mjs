/**
 * Builds the package into dist/, with types, and the files that servers give to pages without a build step.
 * With a folder as argument it puts all JavaScript there, and writes nothing else.
 */
import { build } from "esbuild";
import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL(".", import.meta.url));
const [folder] = process.argv.slice(2);
const dist = folder ?? join(here, "dist");
const served = folder ?? join(here, "../../src/hotplate/web/console");

const bundle = (name, outfile, more = {}) =>
  build({
    absWorkingDir: here,
    entryPoints: [`src/${name}.ts`],
    outfile,
    bundle: true,
    format: "esm",
    minify: true,
    target: "es2022",
    mangleProps: /^_/, // what is private
    legalComments: "none",
    logLevel: "warning",
    ...more,
  });

if (!folder) rmSync(dist, { recursive: true, force: true });
for (const outdir of new Set([served, dist])) await bundle("updates/shared", join(outdir, "shared.js"));
await bundle("index", join(served, "client.js"), { external: ["./shared.js"] });
await bundle("index", join(dist, "index.js"), { external: ["./shared.js"] });
await bundle("react", join(dist, "react.js"), { external: ["react", "./index.js"] });
if (!folder) {
  const tsc = join(here, "node_modules/typescript/bin/tsc");
  execFileSync(process.execPath, [tsc, "-p", join(here, "tsconfig.dist.json")], { stdio: "inherit" });
}
