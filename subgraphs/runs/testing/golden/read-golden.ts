import { readdirSync, readFileSync } from "node:fs";
import { type VerifiedExport, verifyExport } from "@soma/schemas/run-export";
import { payloadOf } from "@soma/schemas/run-history";
import type { RunInfo } from "@soma/sdk/node";
import type { HistoryEvent } from "../../domain/history.ts";
import { toHistoryEvent } from "../../fold-export.ts";

/** A journal that a release has written, and what a node may know of its run. */
export interface Golden {
  release: string;
  exported: VerifiedExport;
  events: HistoryEvent[];
  run: RunInfo;
}

/** The journals of every release, each verified. */
export async function readGolden(): Promise<Golden[]> {
  const here = new URL("./", import.meta.url);
  const releases = readdirSync(here, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const files = releases.flatMap(({ name }) =>
    readdirSync(new URL(`${name}/`, here)).map((file) => ({ release: name, url: new URL(`${name}/${file}`, here) })),
  );
  return Promise.all(
    files.map(async ({ release, url }) => {
      const exported = await verifyExport(readFileSync(url, "utf8"));
      const events = exported.events.flatMap(toHistoryEvent);
      return { release, exported, events, run: toRun(events) };
    }),
  );
}

function toRun([first]: readonly HistoryEvent[]): RunInfo {
  if (first === undefined) throw new Error("a journal has no event");
  const { input, role, modelProfile, sessionId } = payloadOf("RUN_STARTED", first.payload);
  return { runId: first.runId, tenant: "acme", sessionId, input, role, modelProfile, createdAt: first.at, branch: 0 };
}
