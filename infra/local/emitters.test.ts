import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));
const sources = globSync("{subgraphs,infra,gateway}/**/*.{ts,sql}", {
  cwd: root,
  exclude: (path) => /node_modules|generated|\.test\.ts$|\.contract\.ts$|(^|\/)testing(\/|$)/.test(path),
}).map((path): [path: string, text: string] => [path, readFileSync(`${root}${path}`, "utf8")]);

const filesWith = (pattern: RegExp): string[] =>
  sources
    .filter(([, text]) => pattern.test(text))
    .map(([path]) => path)
    .toSorted();

/** Who writes an event may be read here: a place that is new has to validate what it writes before it stands in a list. */
describe("whoever tells others of something", () => {
  it("writes into an outbox by emit() alone, which validates", () => {
    expect(filesWith(/insert into outbox \(/)).toEqual([
      // Gives back what emit() wrote and the relay had parked.
      "subgraphs/shared/outbox/store/carry-out-decisions.ts",
      "subgraphs/shared/outbox/store/insert-outbox-row.ts",
    ]);
    expect(filesWith(/\binsertOutboxRow\(tx, /)).toEqual(["subgraphs/shared/outbox/emit.ts"]);
    expect(filesWith(/\btoRecord\(/)).toContain("subgraphs/shared/outbox/emit.ts");
    expect(filesWith(/\bemit\(tx, \{/)).toEqual([
      "subgraphs/memory/commands/audit-forgetting.ts",
      "subgraphs/memory/commands/carry-out-forgetting.ts",
      "subgraphs/memory/commands/link.ts",
      "subgraphs/memory/commands/remember.ts",
      "subgraphs/policy/audit/audit-decision.ts",
      "subgraphs/policy/commands/record-alert.ts",
      "subgraphs/tools/commands/answer-request.ts",
      "subgraphs/tools/commands/check-decision.ts",
      "subgraphs/tools/execution/invocations/finish-invocation.ts",
    ]);
  });

  it("appends to a journal, of which events are made, what was checked before", () => {
    const [journal, checked] = [/insert into journal |\bcommit_batch\(|\bappend_rollback\(/, /\bcheckPublished\(/];
    expect(filesWith(journal).filter((path) => path.endsWith(".ts"))).toEqual([
      "subgraphs/runs/store/append-first-event.ts",
      "subgraphs/runs/store/append-migration.ts",
      "subgraphs/runs/store/append-rollback.ts",
      "subgraphs/runs/store/commit-batch.ts",
      "subgraphs/runs/store/insert-child.ts",
    ]);
    expect(filesWith(checked)).toEqual([
      // Of forks, by append-first-event.ts, and of rollbacks; nobody hears of a migration.
      "subgraphs/runs/commands/fork-run.ts",
      "subgraphs/runs/commands/rollback-run.ts",
      "subgraphs/runs/domain/check-published.ts",
      "subgraphs/runs/engine/journal/journal.ts",
      "subgraphs/runs/store/begin-runs.ts",
      "subgraphs/runs/store/insert-child.ts",
    ]);
  });

  it("sends what a relay read, what a consumer keeps apart, or a copy of what stands in a topic, and nothing else", () => {
    expect(filesWith(/\b(?:bus|by|producer|chosen|transaction)\.(?:publish|send|sendBatch)\(/)).toEqual([
      "subgraphs/shared/bus/hold-until.ts",
      "subgraphs/shared/bus/kafka/enricher/copy-writer.ts",
      "subgraphs/shared/bus/kafka/kafka-bus.ts",
      "subgraphs/shared/bus/kafka/kafka-sender.ts",
      "subgraphs/shared/outbox/relay.ts",
    ]);
  });
});
