/** Puts beside each file of a folder that text compresses well (.js, .css, …) the same compressed: .br and .gz. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const [folder] = process.argv.slice(2);
const WORTH_IT = 512; // bytes: what is smaller fits into one packet anyway

for (const name of readdirSync(folder, { recursive: true })) {
  if (!/\.(js|css|svg|json|md|txt)$/.test(name) || name.startsWith(".")) continue;
  const whole = readFileSync(join(folder, name));
  if (whole.length < WORTH_IT) continue;
  const params = { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY };
  writeFileSync(join(folder, `${name}.br`), brotliCompressSync(whole, { params }));
  writeFileSync(join(folder, `${name}.gz`), gzipSync(whole, { level: constants.Z_BEST_COMPRESSION }));
}
