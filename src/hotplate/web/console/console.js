// Functions to call, and the runs with their state. All text goes in as text, never as HTML.
const PAUSE_MS = 1000;
const rpc = document.body.dataset.rpc;
const form = document.getElementById("call");
const answer = document.getElementById("answer");
const notice = document.getElementById("notice");
const functions = new Map();
let nextId = 1;

async function call(method, params) {
  const response = await fetch(rpc, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ jsonrpc: "2.0", id: nextId++, method, params }),
  });
  const { result, error } = await response.json();
  if (error) throw new Error(`${error.message} (code ${error.code})${error.data ? `: ${JSON.stringify(error.data)}` : ""}`);
  return result;
}

function element(tag, text = "", more = {}) {
  return Object.assign(document.createElement(tag), { textContent: text }, more);
}

function example(schema) {
  if ("default" in schema) return schema.default;
  if (schema.enum) return schema.enum[0];
  return { integer: 1, number: 1, boolean: true, array: [], object: {}, null: null }[schema.type] ?? "";
}

function choose() {
  const chosen = functions.get(form.elements.method.value);
  document.getElementById("summary").textContent = chosen?.summary ?? chosen?.description ?? "";
  const params = Object.fromEntries((chosen?.params ?? []).map(({ name, schema }) => [name, example(schema)]));
  form.elements.params.value = JSON.stringify(params, null, 1);
}

async function loadFunctions() {
  const { methods } = await call("rpc.discover");
  for (const method of methods) functions.set(method.name, method);
  const select = form.elements.method;
  select.replaceChildren(...methods.map(({ name }) => element("option", name, { value: name })));
  choose();
}

function row(run) {
  const cells = [run.job, run.waiting_for ? `${run.state}: ${run.waiting_for}` : run.state, "", "", ""].map((t) => element("td", t));
  if (run.progress && run.state === "running") {
    const { fraction, eta_s: eta, message } = run.progress;
    const label = `Progress of ${run.job}: ${message ?? ""}`;
    const bar = element("progress", "", { max: 1, ariaLabel: label, ...(fraction === null ? {} : { value: fraction }) });
    cells[2].append(bar, eta === null ? "" : ` ${Math.round(eta)} s left`);
  }
  cells[3].textContent = run.started_at ? new Date(run.started_at).toLocaleTimeString() : "";
  cells[4].append(act("Show", () => show(run.id)));
  if (["queued", "running"].includes(run.state)) cells[4].append(" ", act("Cancel", () => call("run.cancel", { id: run.id })));
  const line = element("tr");
  line.append(...cells);
  return line;
}

function act(label, what) {
  const button = element("button", label, { type: "button" });
  button.addEventListener("click", () => what().catch(report));
  return button;
}

async function show(id) {
  answer.textContent = JSON.stringify(await call("run.get", { id }), null, 1);
}

function report(error) {
  notice.textContent = error.message;
}

let shown = "";
async function refresh() {
  try {
    if (!document.hidden) {
      const { runs } = await call("run.list", { limit: 50 });
      const now = JSON.stringify(runs);
      // An unchanged table is left alone, so that focus and selection stay where they are.
      if (now !== shown) document.getElementById("runs").replaceChildren(...runs.map(row));
      shown = now;
      notice.textContent = "";
    }
  } catch (error) {
    report(error);
  }
  setTimeout(refresh, PAUSE_MS);
}

form.elements.method.addEventListener("change", choose);
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  try {
    answer.textContent = JSON.stringify(await call(form.elements.method.value, JSON.parse(form.elements.params.value)), null, 1);
  } catch (error) {
    answer.textContent = error.message;
  }
});
loadFunctions().catch(report);
refresh();
