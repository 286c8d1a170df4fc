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

/** Tells the elements for other pages how the style sheet is called, which is one for all. */
const style: Plugin = {
  name: "style",
  apply: "build",
  enforce: "post",
  generateBundle(_, bundle) {
    const sheet = Object.keys(bundle).find((name) => name.endsWith(".css"))!;
    for (const chunk of Object.values(bundle)) {
      if (chunk.type === "chunk") chunk.code = chunk.code.replaceAll("__STYLE__", `./${sheet}`);
    }
  },
};

/** Lets what is not used of `marked` be left out: it makes a whole converter as soon as it is loaded, and its lexer will do. */
const lexerAlone: Plugin = {
  name: "lexer-alone",
  apply: "build",
  transform: {
    filter: { id: /marked\.esm\.js$/ },
    handler(code) {
      const isMade = (node: { type: string } | null) =>
        node?.type === "NewExpression" || node?.type === "CallExpression";
      const isAlias = (node: { type: string } | null) =>
        node?.type === "MemberExpression" || node?.type === "Identifier";
      const edits = this.parse(code).body.flatMap((node): [number, number, string][] => {
        if (node.type === "ExpressionStatement") return [[node.start, node.end, ""]];
        if (node.type === "ExportNamedDeclaration") {
          const { local } = node.specifiers.find(({ exported }) => "name" in exported && exported.name === "Lexer")!;
          return [[node.start, node.end, `export { ${(local as { name: string }).name} as Lexer };`]];
        }
        if (node.type !== "VariableDeclaration") return [];
        if (node.declarations.every(({ init }) => isAlias(init))) return [[node.start, node.end, ""]];
        return node.declarations.flatMap(({ init }) =>
          init && isMade(init) ? [[init.start, init.start, "/* @__PURE__ */ "] as [number, number, string]] : [],
        );
      });
      return edits.reduceRight((text, [start, end, by]) => text.slice(0, start) + by + text.slice(end), code);
    },
  },
};

/** As if the page came from that server, which refuses foreign origins. */
const proxied: ProxyOptions = { target: server, changeOrigin: true, ws: true, headers: { origin: server } };

/** What is loaded together, as few files weigh less than many: all that the first page needs, and what is shown by and by. */
const GROUPS: Rolldown.CodeSplittingGroup[] = [
  { name: "base", tags: ["$initial"], test: /^(?!.*(\/src\/(app|elements)\/|index\.html))/, priority: 4 },
  {
    name: "parts",
    test: /src\/(ui\/(?!Rendered)|schema|words)|src\/views\/(ResultView|ChartView)|node_modules\/(?!marked|uplot)/,
    priority: 3.5,
  },
  { name: "runs", test: /src\/(features\/runs|views)\/(?!Plot|plotting|ResultView|ChartView)/, priority: 3 },
  { name: "form", test: /src\/(form|features\/functions)\//, priority: 2 },
  { name: "more", test: /src\/features\//, priority: 1 },
];

export default defineConfig(({ command }) => ({
  base: command === "serve" ? "/console/" : "./",
  plugins: [placeholders, style, lexerAlone],
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
    cssTarget: ["chrome123", "firefox120", "safari17.5"], // they know light-dark(), which follows who chooses a theme
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    cssCodeSplit: false, // one request for all of it
    rolldownOptions: {
      input: { index: path("index.html"), elements: path("src/elements/elements.ts") },
      output: {
        entryFileNames: ({ name }) => (name === "elements" ? "elements.js" : "assets/[name]-[hash].js"),
        codeSplitting: { groups: GROUPS },
      },
      onLog: (level, log, say) => log.code === "MODULE_LEVEL_DIRECTIVE" || say(level, log), // "use client", for servers
    },
  },
  test: {
    include: ["test/unit/**/*.test.{ts,tsx}"],
    environment: "happy-dom",
    setupFiles: ["test/setup.ts"],
    testTimeout: 30_000,
  },
}));
