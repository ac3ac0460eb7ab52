import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { tellOf } from "./testing/tell-of.ts";
import { applyTopics, listTopics } from "./topics.ts";

const DAY_MS = 86_400_000;
const runs = {
  name: "soma.acme.agent.runs.v1",
  partitions: 6,
  replication: 3,
  config: { "cleanup.policy": "delete", "retention.ms": String(7 * DAY_MS), "min.insync.replicas": "2" },
};
const audit = { ...runs, name: "soma.acme.agent.audit.v1", config: { ...runs.config, "retention.ms": "-1" } };
const access = { principal: "acme-app", resource: "topic", name: "soma.acme.", isPrefix: true, operation: "read" };
const changes = [
  { kind: "create", topic: runs },
  { kind: "add partitions", topic: audit.name, from: 1, to: 3 },
  { kind: "set", topic: audit.name, changes: [{ name: "retention.ms", from: "1000", to: "-1" }] },
  { kind: "allow", access },
];
const report = {
  topics: [
    { ...runs, there: false },
    { ...audit, there: true },
  ],
  changes,
  refused: [] as string[],
  notes: ["a quota is set by hand"],
  done: 0,
};

describe("soma topics", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "soma-topics-"));
  });
  afterEach(() => vi.restoreAllMocks());
  afterAll(() => rm(folder, { recursive: true }));

  const tell = (answer: object, command: (program: string) => Promise<void>) => tellOf(folder, answer, command);
  const apply = (
    answer: object,
    { dryRun = false, json = false, conf }: { dryRun?: boolean; json?: boolean; conf?: string } = {},
  ) => tell(answer, (program) => applyTopics({ dryRun, json, ...(conf === undefined ? {} : { conf }) }, program));

  it("apply --dry-run says each change that would be made, and asks for none", async () => {
    const { said, failed, args } = await apply({ report }, { dryRun: true });
    expect(said.trimEnd().split("\n")).toEqual([
      "would create soma.acme.agent.runs.v1: 6 partitions, 3 copies, 7 days",
      "would give soma.acme.agent.audit.v1 3 partitions, in place of 1",
      "would set retention.ms from 1000 to -1 of soma.acme.agent.audit.v1",
      "would allow acme-app to read topic soma.acme.*",
      "note: a quota is set by hand",
      "4 changes would be made",
    ]);
    expect([failed, args]).toEqual([undefined, []]);
  });

  it("apply says what was made, and that nothing was to be done", async () => {
    const made = await apply({ report: { ...report, done: 4 } }, { conf: folder });
    expect(made.said).toMatch(/^create soma\.acme\.agent\.runs\.v1: /);
    expect(made.said).toMatch(/4 changes were made\n$/);
    expect(made.args).toEqual(["--apply", "--conf", folder]);
    const again = await apply({ report: { ...report, changes: [], notes: [] } });
    expect(again.said).toBe("2 topics are as they are to be\n");
  });

  it("apply fails with every refusal, and had changed nothing", async () => {
    const refused = ["a has 9 partitions and is to have 6", "b has 3 copies and is to have 1"];
    const { said, failed } = await apply({ report: { ...report, refused } });
    expect(said).toMatch(/^would create /);
    expect(failed).toMatchObject({
      code: "TOPICS_REFUSED",
      exitCode: 1,
      message: `nothing was changed: ${refused.join("; ")}`,
    });
  });

  it("apply and list print their report as JSON", async () => {
    expect(JSON.parse((await apply({ report }, { json: true })).said)).toEqual(report);
    const listed = await tell({ report }, (program) => listTopics({ json: true }, program));
    expect(JSON.parse(listed.said)).toEqual(report.topics);
  });

  it("list says of each topic how it is to be, and whether it is there", async () => {
    const { said, args } = await tell({ report }, (program) => listTopics({ json: false }, program));
    expect(said).toMatch(/^TOPIC +PARTITIONS +COPIES +KEPT +IS\n/);
    expect(said).toMatch(/soma\.acme\.agent\.runs\.v1 +6 +3 +7 days +missing\n/);
    expect(said).toMatch(/soma\.acme\.agent\.audit\.v1 +6 +3 +for ever +there\n/);
    expect(args).toEqual([]);
  });

  it("tells why there is no report, and that there is none where only the command line is installed", async () => {
    const { failed } = await apply({ error: "no broker answers" });
    expect(failed).toMatchObject({ code: "NO_TOPICS", message: "the topics cannot be looked at: no broker answers" });
    const none = applyTopics({ dryRun: true, json: false }, join(folder, "none.ts"));
    await expect(none).rejects.toMatchObject({ code: "NOT_FOUND" });
  });
});
