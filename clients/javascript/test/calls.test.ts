/** Answers that no Hotplate server gives. */
import { expect, test } from "vitest";
import { connect, Forbidden, TransportError, Unauthenticated } from "../src/index.js";

const answering = (make: () => Response) => connect("http://server.example", { fetch: async () => make() });
const error = (status: number, code: number) =>
  Response.json({ jsonrpc: "2.0", id: null, error: { code, message: "so" } }, { status });

test("the address of a server stands for its RPC address", () => {
  expect(connect("http://server.example").url).toBe("http://server.example/rpc");
  expect(connect("http://server.example/tools/api").url).toBe("http://server.example/tools/api");
});

test("a status that failed is an error with that status, or the one in its body", async () => {
  const failing = answering(() => new Response("<h1>Bad gateway</h1>", { status: 502 }));
  await expect(failing.call("add")).rejects.toMatchObject({ status: 502, code: 0 });
  await expect(answering(() => error(401, -32001)).call("add")).rejects.toBeInstanceOf(Unauthenticated);
  await expect(answering(() => error(403, -32003)).call("add")).rejects.toBeInstanceOf(Forbidden);
});

test.each(["null", "", "{}", "[]", "no JSON"])("an answer of %j is an error that says so", async (text) => {
  const failure = await answering(() => new Response(text)).call("add").catch((error) => error);
  expect(failure).toBeInstanceOf(TransportError);
  expect(failure.message).toContain("http://server.example/rpc");
});

test("a result of null is a result", async () => {
  const client = connect("http://server.example", {
    fetch: async (_, init) => Response.json({ id: JSON.parse(String(init!.body)).id, result: null }),
  });
  expect(await client.call("nothing")).toBeNull();
});

test("a start is sent again under the same key where there was no answer; a call is not", async () => {
  const bodies: any[] = [];
  const client = connect("http://server.example", {
    fetch: async (_, init) => {
      const body = JSON.parse(String(init!.body));
      bodies.push(body);
      if (bodies.length === 1) throw new TypeError("lost");
      return Response.json({ id: body.id, result: { id: "7" } });
    },
  });
  expect((await client.start("climb")).id).toBe("7");
  expect(bodies[0].params.key).toBe(bodies[1].params.key);
  bodies.length = 0;
  await expect(client.call("add")).rejects.toBeInstanceOf(TransportError);
});

test("calls of a batch that have no answer are rejected, and all of one that is refused", async () => {
  const silent = answering(() => Response.json([]));
  const [one] = await silent.batch((batch) => [batch.call("add")]);
  expect(one.status === "rejected" && one.reason).toBeInstanceOf(TransportError);
  const [two] = await answering(() => error(200, -32003)).batch((batch) => [batch.call("add")]);
  expect(two.status === "rejected" && two.reason).toBeInstanceOf(Forbidden);
});

test("a token and headers go with each request", async () => {
  let sent = new Headers();
  const client = connect("http://server.example", {
    token: "secret",
    headers: () => ({ "X-Tenant": "shop" }),
    fetch: async (_, init) => {
      sent = new Headers(init!.headers);
      return Response.json({ result: 1 });
    },
  });
  await client.call("add");
  expect([sent.get("Authorization"), sent.get("X-Tenant")]).toEqual(["Bearer secret", "shop"]);
  expect(sent.get("Content-Type")).toBe("application/json");
});
