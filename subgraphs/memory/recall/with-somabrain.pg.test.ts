import { newId } from "@soma/shared/ids";
import { createTestDatabase, type TestDatabase } from "@soma/shared/testing/database";
import { aPrincipal } from "@soma/shared/testing/principals";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { remember } from "../commands/remember.ts";
import { memoryMigrations } from "../migrate.ts";
import { createSomaBrain } from "../somabrain/create-somabrain.ts";
import type { FakeSomaBrain } from "../testing/fake-builds.ts";
import { startFakeSomaBrain } from "../testing/fake-somabrain.ts";
import { createLocalBrain } from "./local/local-brain.ts";
import { recallContract } from "./recall.contract.ts";
import type { RecallParams, RecallPort } from "./recall-port.ts";
import { createBrainWithSomaBrain } from "./with-somabrain.ts";

const now = () => new Date();
/** Far more than a fake takes, and less than a test may. */
const DEADLINE_MS = 400;

describe("createBrainWithSomaBrain()", () => {
  let database: TestDatabase;
  let fake: FakeSomaBrain;
  let brain: RecallPort;

  type Told = Partial<Parameters<typeof remember>[2]>;
  const tell = async (tenant: string, content: string, changes: Told = {}): Promise<void> => {
    const { memory } = await remember({ sql: database.request, now }, aPrincipal({ tenant }), {
      ...{ namespace: "default", sessionId: newId(), role: "USER", kind: "MESSAGE", content },
      ...{ at: "2026-01-01T00:00:00.000Z", idempotencyKey: newId() },
      ...changes,
    });
    const { namespace, somabrainKey: key } = memory;
    const to = createSomaBrain({ somaBrainUrl: fake.url, somaBrainKey: "" });
    await to.write([{ tenant, namespace, key, content, about: {} }]);
  };
  const ask = (tenant: string, query: string, changes: Partial<RecallParams> = {}) =>
    brain.recall({ tenant, query, namespace: "default", limit: 8, ...changes });
  const aBrain = (): RecallPort =>
    createBrainWithSomaBrain({
      ...{ local: createLocalBrain({ sql: database.request, now }), sql: database.request, deadlineMs: DEADLINE_MS },
      brain: createSomaBrain({ somaBrainUrl: fake.url, somaBrainKey: "" }),
    });

  beforeAll(async () => {
    database = await createTestDatabase("recall", await memoryMigrations());
    fake = await startFakeSomaBrain("MEMORY");
  });
  afterAll(async () => {
    await fake.close();
    await database.close();
  });
  beforeEach(() => {
    brain = aBrain();
    Object.assign(fake.faults, { hangs: false, status: undefined, leaks: false });
  });

  recallContract(() => ({ brain, remember: ({ tenant, content, ...told }) => tell(tenant, content, told) }));

  it("finds what has no word of the question, where SomaBrain does, and says so", async () => {
    await tell("sea", "boat timetable: noon");
    await tell("sea", "bread is baked in the morning");
    // As one that knows what words mean.
    for (const kept of fake.stored) if (kept.text.startsWith("boat")) kept.text = "ferry departure";
    const { hits, source } = await ask("sea", "ferry departure");
    expect(source).toBe("SOMABRAIN");
    expect(hits.map(({ memory, why }) => [memory.content, why])).toEqual([["boat timetable: noon", "meaning"]]);
  });

  it("says of what both found why each did, and has it once", async () => {
    await tell("both", "the violin is in the attic");
    const { hits } = await ask("both", "violin");
    expect(hits).toEqual([expect.objectContaining({ why: "words: violin; meaning", score: 1 })]);
  });

  it("gives what was written a moment ago, though SomaBrain has it not yet", async () => {
    await tell("fresh", "the lantern is here");
    fake.stored.length = 0;
    fake.inMind.length = 0;
    expect((await ask("fresh", "lantern")).hits).toHaveLength(1);
  });

  it("gives nothing of others, though SomaBrain does", async () => {
    await tell("alpha", "the vault code is 9911");
    fake.faults.leaks = true;
    for (const query of ["vault", "code", "9911"]) expect((await ask("beta", query)).hits).toEqual([]);
    expect((await ask("beta", "vault", { namespace: "other-1" })).hits).toEqual([]);
    expect(fake.seen.filter(({ path }) => path.includes("recall")).length).toBeGreaterThan(3);
  });

  it("answers from Postgres alone when SomaBrain hangs or fails, and says that it did", async () => {
    await tell("slow", "the harbour is Vigo");
    fake.faults.hangs = true;
    const hung = await ask("slow", "harbour");
    fake.faults.hangs = false;
    fake.faults.status = 500;
    for (const answer of [hung, await ask("slow", "harbour")]) {
      expect(answer).toMatchObject({ source: "LOCAL", isDegraded: true });
      expect(answer.hits.map(({ memory }) => memory.content)).toEqual(["the harbour is Vigo"]);
    }
  });

  it("no longer asks one that did not answer five times", async () => {
    fake.faults.status = 500;
    for (let times = 0; times < 5; times += 1) await ask("gone", "harbour");
    const asked = fake.seen.length;
    for (let times = 0; times < 5; times += 1) expect(await ask("gone", "harbour")).toMatchObject({ isDegraded: true });
    expect(fake.seen).toHaveLength(asked);
  });
});
