import { ERROR, INTERRUPT, type SerializerProtocol } from "@langchain/langgraph-checkpoint";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SomaSaver } from "./saver.ts";
import { countStatements } from "./testing/count-statements.ts";
import { checkpointOf, createStage, listOf, METADATA, putNext, type Stage, threadOf } from "./testing/stage.ts";

let stage: Stage;
let saver: SomaSaver;

beforeAll(async () => {
  stage = await createStage();
  saver = stage.open();
});
afterAll(async () => stage.close());

const counted = async (table: "piece" | "piece_use" | "checkpoint" | "task_write"): Promise<number> => {
  const [row] = await stage.database.owner<
    { n: number }[]
  >`select count(*)::int as n from ${stage.database.owner(table)}`;
  return row?.n ?? 0;
};

/** Texts of `count` messages, which are alike and yet no two the same. */
const messages = (count: number): string[] =>
  Array.from({ length: count }, (_, at) => `${at} ${"tell me what happened then, and why? ".repeat(8)}${at * 7919}`);

describe("what is put", () => {
  it.each([
    ["texts that jsonb refuses", { text: "a\u0000b \ud800 \ud83d\ude00" }],
    ["what JSON has no word for", { nothing: undefined, set: new Set([1, "a"]), map: new Map([["a", 1]]), re: /a+/gi }],
    [
      "bytes",
      { bytes: new Uint8Array([0, 255, 128]), text: new TextEncoder().encode("plain"), none: new Uint8Array() },
    ],
    ["small and empty values", { nothing: null, empty: "", zero: 0, no: false, list: [], record: {} }],
    ["names that every object has", { constructor: "b", toString: "c" }],
    ["a megabyte", { long: messages(3_000), bytes: new Uint8Array(100_000).fill(7) }],
  ])("%s comes back as it was, from channels, writes and metadata", async (_what, values) => {
    const checkpoint = checkpointOf(values);
    const metadata = { ...METADATA, given: values };
    const config = await saver.put(threadOf("exact"), checkpoint, metadata, checkpoint.channel_versions);
    await saver.putWrites(config, Object.entries(values), "task");
    const tuple = await stage.open().getTuple(config);
    expect(tuple?.checkpoint).toEqual(checkpoint);
    expect(tuple?.metadata).toEqual(metadata);
    expect(tuple?.pendingWrites).toEqual(Object.entries(values).map(([name, value]) => ["task", name, value]));
  });

  it("versions keep their type, and a channel without a value has none", async () => {
    const checkpoint = { ...checkpointOf({ a: 1 }), channel_versions: { a: "00001.5", gone: 3 } };
    const config = await saver.put(threadOf("versions"), checkpoint, METADATA, checkpoint.channel_versions);
    expect((await saver.getTuple(config))?.checkpoint).toEqual(checkpoint);
  });

  it("a value that went is not taken from the parent, and one that stayed is", async () => {
    const first = await putNext(saver, threadOf("stays"), checkpointOf({ stays: "s", goes: "g" }));
    const checkpoint = checkpointOf({}, { stays: 1, goes: 2 });
    const config = await saver.put(first, checkpoint, METADATA, { goes: 2 });
    expect((await saver.getTuple(config))?.checkpoint.channel_values).toEqual({ stays: "s" });
  });

  it("a serializer of one's own is used for everything that is said", async () => {
    const turned: SerializerProtocol = {
      dumpsTyped: async (value) => ["turned", Buffer.from(JSON.stringify(value)).map((byte) => 255 - byte)],
      loadsTyped: async (_type, bytes) =>
        JSON.parse(
          Buffer.from(bytes)
            .map((byte) => 255 - byte)
            .toString(),
        ),
    };
    const own = stage.open({ serde: turned });
    const checkpoint = checkpointOf({ secret: "walrus" });
    const config = await own.put(threadOf("own"), checkpoint, { ...METADATA, who: "walrus" } as never, { secret: 1 });
    await own.putWrites(config, [["secret", "walrus"]], "task");
    expect(await own.getTuple(config)).toMatchObject({ checkpoint, metadata: { who: "walrus" } });
    const { owner } = stage.database;
    const rows = await owner`select c::text from checkpoint c where thread_id = 'own'
      union all select w::text from task_write w where thread_id = 'own'`;
    expect(JSON.stringify(rows)).not.toContain("walrus");
  });
});

describe("putWrites()", () => {
  it("keeps what a task wrote first, and the newest of LangGraph's own", async () => {
    const config = await putNext(saver, threadOf("writes"));
    await saver.putWrites(
      config,
      [
        ["a", 1],
        [ERROR, "first"],
      ],
      "task",
    );
    await saver.putWrites(
      config,
      [
        ["a", 2],
        [ERROR, "second"],
        ["c", 3],
      ],
      "task",
    );
    await saver.putWrites(config, [[INTERRUPT, "?"]], "task");
    expect((await saver.getTuple(config))?.pendingWrites).toEqual([
      ["task", INTERRUPT, "?"],
      ["task", ERROR, "second"],
      ["task", "a", 1],
      ["task", "c", 3],
    ]);
  });

  it("orders by path, then task, then number", async () => {
    const config = await putNext(saver, threadOf("order"));
    await saver.putWrites(config, [["x", "path 2"]], "a", "~2");
    await saver.putWrites(
      config,
      Array.from({ length: 12 }, (_, at) => ["x", at]),
      "b",
      "~1",
    );
    await saver.putWrites(config, [["x", "no path"]], "z");
    const values = (await saver.getTuple(config))?.pendingWrites?.map(([, , value]) => value);
    expect(values).toEqual(["no path", ...Array.from({ length: 12 }, (_, at) => at), "path 2"]);
  });
});

describe("list()", () => {
  it("goes through pages without a gap, and stops where it was told", async () => {
    let config = threadOf("pages");
    for (let left = 120; left > 0; left -= 1) config = await putNext(saver, config);
    const all = await listOf(saver, threadOf("pages"));
    const ids = all.map(({ checkpoint }) => checkpoint.id);
    expect(ids).toHaveLength(120);
    expect(ids).toEqual(ids.toSorted().toReversed());
    const some = await Array.fromAsync(saver.list(threadOf("pages"), { limit: 70, before: threadOf("pages", ids[9]) }));
    expect(some.map(({ checkpoint }) => checkpoint.id)).toEqual(ids.slice(10, 80));
    expect(await Array.fromAsync(saver.list(threadOf("pages"), { limit: 0 }))).toEqual([]);
    expect(await listOf(saver, threadOf("pages", ids[3]))).toHaveLength(1);
  });

  it("finds what metadata says, and nothing that only resembles it", async () => {
    const said = async (words: object) => {
      const { id, channel_versions, ...rest } = checkpointOf();
      const metadata = { ...METADATA, ...words };
      await stage.open().put(threadOf(`said-${id}`), { id, channel_versions, ...rest }, metadata, {});
      return id;
    };
    const [yes, nul] = [await said({ who: { name: "a", age: 1 } }), await said({ who: { name: "a" }, note: "\u0000" })];
    const found = async (filter: object) =>
      (await Array.fromAsync(saver.list({}, { filter }))).map(({ checkpoint }) => checkpoint.id);
    expect(await found({ who: { age: 1, name: "a" } })).toEqual([yes]);
    expect(await found({ who: { name: "a" } })).toEqual([nul]);
    expect(await found({ who: { name: "a" }, note: "\u0000", left: undefined })).toEqual([nul]);
    expect(await found({ who: "a" })).toEqual([]);
  });
});

describe("what it costs", () => {
  it("a put, the writes of a task and a read of small values are one statement and one round trip each", async () => {
    const counter = await countStatements(stage.database.urls.request);
    const through = stage.open({ url: counter.url, max: 1 });
    await through.getTuple(threadOf("counted"));
    counter.take();
    const config = await putNext(through, threadOf("counted"), checkpointOf({ a: 1, b: 2, c: 3 }));
    // The driver asks for the types of a new text's parameters once per connection.
    counter.take();
    const next = await putNext(through, config, checkpointOf({ a: 1 }, { a: 2 }));
    counter.take();
    await putNext(through, next, checkpointOf({ a: 1, b: 2, c: 3 }, { a: 3, b: 2, c: 2 }));
    expect(counter.take()).toEqual({ statements: 1, roundTrips: 1 });
    await through.putWrites(config, [["a", 1]], "one");
    counter.take();
    await through.putWrites(
      config,
      [
        ["a", 1],
        ["b", 2],
        ["c", 3],
      ],
      "two",
    );
    expect(counter.take()).toEqual({ statements: 1, roundTrips: 1 });
    await through.getTuple(config);
    expect(counter.take()).toEqual({ statements: 1, roundTrips: 1 });
    await through.close();
    await counter.close();
  });

  it("a list that grows by a message stores that message, and not the others again", async () => {
    const before = await counted("piece");
    let config = threadOf("grows");
    const bytes = async () =>
      (await stage.database.owner`select sum(length(bytes))::int as n from piece`)[0]?.n as number;
    const start = await bytes();
    const all = messages(200);
    for (const count of [100, 125, 150, 175, 200])
      config = await putNext(saver, config, checkpointOf({ messages: all.slice(0, count) }, { messages: count }));
    const whole = JSON.stringify(all).length;
    expect(await counted("piece")).toBeGreaterThan(before);
    expect((await bytes()) - start).toBeLessThan(1.5 * whole);
  });
});

describe("threads and tenants", () => {
  it("what another tenant keeps is not seen, and names may be the same", async () => {
    const other = stage.open({ tenant: "other" });
    const long = "the same words of both ".repeat(100);
    const [mine, theirs] = [checkpointOf({ long, who: "mine" }), checkpointOf({ long, who: "theirs" })];
    await putNext(saver, threadOf("shared"), mine);
    await putNext(other, threadOf("shared"), theirs);
    expect((await listOf(saver, threadOf("shared"))).map(({ checkpoint }) => checkpoint)).toEqual([mine]);
    await other.deleteThread("shared");
    expect((await saver.getTuple(threadOf("shared")))?.checkpoint).toEqual(mine);
    expect(await other.getTuple(threadOf("shared"))).toBeUndefined();
  });

  it("deleteThread() leaves nothing of the thread, and what others have of it", async () => {
    const [kept, gone] = ["kept by two ".repeat(200), "kept by one ".repeat(200)];
    await putNext(saver, threadOf("stays here"), checkpointOf({ kept }));
    const before = await Promise.all((["piece", "piece_use", "checkpoint", "task_write"] as const).map(counted));
    const config = await putNext(saver, threadOf("goes"), checkpointOf({ kept, gone }));
    await saver.putWrites(config, [["gone", `${gone}!`]], "task");
    await saver.deleteThread("goes");
    expect(await Promise.all((["piece", "piece_use", "checkpoint", "task_write"] as const).map(counted))).toEqual(
      before,
    );
    expect((await saver.getTuple(threadOf("stays here")))?.checkpoint.channel_values).toEqual({ kept });
  });

  it("refuses what it cannot keep, and says why", async () => {
    const refused = (work: Promise<unknown>, why: string) =>
      expect(work).rejects.toMatchObject({ code: "BAD_INPUT", message: expect.stringContaining(why) });
    await refused(putNext(saver, threadOf("a\u0000")), "thread_id holds NUL");
    await refused(putNext(saver, threadOf(1 as never)), "thread_id is a number, not a text");
    await refused(saver.getTuple(threadOf("a", "\ud800")), "checkpoint_id holds NUL or half a surrogate pair");
    await refused(saver.putWrites(threadOf("a"), [], "task"), "the config names no checkpoint");
    await refused(saver.putWrites(threadOf("a", "b"), [], "\u0000"), "the task id holds NUL");
    await refused(saver.putWrites(threadOf("a", "b"), [["\u0000", 1]], "task"), "a channel's name holds NUL");
    await refused(putNext(saver, threadOf("a"), checkpointOf({ "\u0000": 1 })), "a channel's name holds NUL");
    await refused(listOf(saver, threadOf("\u0000")), "thread_id holds NUL");
    expect(() => new SomaSaver({ url: stage.database.urls.request, tenant: "Acme!" })).toThrow('tenant "Acme!" is not');
  });

  it("says that the database is not there, and that trying again can help", async () => {
    const nowhere = new SomaSaver({ url: "postgres://soma_request@127.0.0.1:1/postgres", tenant: "acme" });
    await expect(nowhere.getTuple(threadOf("a"))).rejects.toMatchObject({ code: "UNAVAILABLE", retryable: true });
    await nowhere.close();
  });
});
