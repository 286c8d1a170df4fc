import { defineConfig } from "vitest/config";

/** Tests of pages, which need Chromium and HOTPLATE_PYTHON. */
export default defineConfig({
  test: {
    include: ["test/browser/**/*.test.ts"],
    testTimeout: 40_000,
    hookTimeout: 60_000,
    expect: { poll: { timeout: 20_000 } },
    pool: "threads",
  },
});
