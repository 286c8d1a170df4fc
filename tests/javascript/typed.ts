/** What the compiler knows of an application's functions. It is compiled only; nothing runs. */
import { connect, type Run, type RunRecord } from "@hotplate/client";
import { useMethod, useRun } from "@hotplate/client/react";
import type { Estimate, Functions, Option, Waiting } from "./demo.js";
import type { Functions as Kinds, Functions_, Place } from "./kinds.js";

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const same = <A, B>(_: Same<A, B>) => {};

const client = connect<Functions>("http://127.0.0.1:5000");

const option = await client.call("finance.black_scholes", { spot: 40, strike: 45 });
same<typeof option, Option>(true);
const text = await client.call("Echo.reverse", ["abc"], { timeout: 3 });
same<typeof text, string>(true);
const record = await client.call("estimate_pi");
same<typeof record, RunRecord<Estimate>>(true);
const run = await client.start("estimate_pi", { samples: 1000 }, { key: "once", delay: 2 });
same<typeof run, Run<Estimate>>(true);
const waits = await (await client.start("queueing.simulate_queue")).wait({ timeout: 60 });
same<typeof waits, Waiting[]>(true);
const [sum, other] = await client.batch((batch) => [batch.call("Echo.echo", { text: "a" }), batch.start("estimate_pi")]);
if (sum.status === "fulfilled") same<typeof sum.value, string>(true);
if (other.status === "fulfilled") same<typeof other.value, Run<Estimate>>(true);
const page = await client.call("run.list", { state: "failed", limit: 10 });
same<(typeof page.runs)[number]["state"], "cancelled" | "failed" | "queued" | "running" | "succeeded">(true);

// @ts-expect-error there is no such function
client.call("Echo.revers", { text: "abc" });
// @ts-expect-error a parameter is missing
client.call("Echo.reverse");
// @ts-expect-error a parameter of a wrong type
client.call("Echo.reverse", { text: 1 });
// @ts-expect-error a parameter that it does not have
client.call("Echo.reverse", { text: "a", times: 2 });
// @ts-expect-error it is no job
client.start("Echo.reverse", { text: "abc" });
// @ts-expect-error a state that there is not
client.call("run.list", { state: "lost" });

const answer = () => useMethod<Functions, "Echo.reverse">("Echo.reverse", { text: "abc" }).data;
same<ReturnType<typeof answer>, string | undefined>(true);
const followed = () => useRun(run).run!.result!;
same<ReturnType<typeof followed>, Estimate>(true);

const kinds = connect<Kinds>();
const mixed = await kinds.call("mix", { day: null, colour: "red", sizes: { a: [1] }, options: { depth: 1 } });
same<typeof mixed, [number, string]>(true);
const tree = await kinds.call("tree", { place: [1, 2], either: "a" });
same<typeof tree, Functions_ | null>(true);
const places = await (await kinds.start("read", { file: { id: "7" } })).wait();
same<typeof places, Place[]>(true);
// @ts-expect-error a colour that there is not
kinds.call("mix", { day: null, colour: "blue", sizes: {} });

// without types everything goes
const any = connect();
(await any.call("whatever", { n: 1 })).more.of.it;
(await any.start("whatever", [1])).id;
