import { fileURLToPath } from "node:url";
import { defineConfig, type Plugin, type ProxyOptions, type Rolldown } from "vite";

const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));

/** Where `npm run dev` finds a Hotplate server: that of `hotplate demo`, unless HOTPLATE_URL says otherwise. */
const server = process.env.HOTPLATE_URL ?? "http://127.0.0.1:5000";

/** What the server puts into the page, put there by the development server. */
const placeholders: Plugin = {
  name: "placeholders",
  apply: "serve",
  transformIndexHtml: (html) => html.replace("{rpc}", "/rpc").replace("{root}", "").replaceAll("{title}", "Hotplate"),
};

/** As if the page came from that server, which refuses foreign origins. */
const proxied: ProxyOptions = { target: server, changeOrigin: true, ws: true, headers: { origin: server } };

/** What is loaded together, as few files weigh less than many: all that the first page needs, and what is shown by and by. */
const GROUPS: Rolldown.CodeSplittingGroup[] = [
  { name: "base", tags: ["$initial"], priority: 4 },
  { name: "runs", test: /src\/(features\/runs|views)\/(?!Plot|plotting)/, priority: 3 },
  { name: "form", test: /src\/(form|features\/functions)\//, priority: 2 },
  { name: "more", test: /src\/features\//, priority: 1 },
];

export default defineConfig(({ command }) => ({
  base: command === "serve" ? "/console/" : "./",
  plugins: [placeholders],
  resolve: {
    alias: {
      "@hotplate/client/react": path("../clients/javascript/src/react.ts"),
      "@hotplate/client": path("../clients/javascript/src/index.ts"),
    },
    dedupe: ["react", "react-dom"],
  },
  server: { proxy: { "/rpc": proxied, "/updates": proxied, "/files": proxied } },
  build: {
    outDir: path("../src/hotplate/web/console/static"),
    emptyOutDir: true,
    manifest: true, // by which tools/sizes.py knows what loads what
    license: { fileName: "licenses.md" },
    target: "es2022",
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    cssCodeSplit: false, // one request for all of it
    rolldownOptions: {
      onLog: (level, log, say) => log.code === "MODULE_LEVEL_DIRECTIVE" || say(level, log), // "use client", for servers
      output: { codeSplitting: { groups: GROUPS } },
    },
  },
  test: {
    include: ["test/unit/**/*.test.{ts,tsx}"],
    environment: "happy-dom",
    setupFiles: ["test/setup.ts"],
    testTimeout: 30_000,
  },
}));
