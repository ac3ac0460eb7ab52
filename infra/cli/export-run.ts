import { RunEventsPageDocument, RunToExportDocument } from "@soma/graphql/operations";
import { canonicalJson } from "@soma/schemas/json";
import { CHAIN_START, type ChainHead, verifyNext, webSha256 } from "@soma/schemas/run-chain";
import { EXPORT_FORMAT, type ExportHead } from "@soma/schemas/run-export";
import { CliError } from "./cli-error.ts";
import type { Product } from "./find-product.ts";
import { print, safe } from "./print.ts";
import { noSuchRun } from "./runs.ts";

const PAGE = 1_000;

/** Prints a run's history as an export: verified line by line, and the same bytes whenever the same events are asked for. */
export async function exportRun({ client, hints }: Product, { id }: { id: string }): Promise<void> {
  const onMissing = (error: Error): void =>
    void process.stderr.write(`soma: the export says nothing of the state: ${safe(error.message)}\n`);
  const { run } = await client.request(RunToExportDocument, { id }, { onMissing });
  if (run === null || run === undefined) throw noSuchRun(id, hints);
  const { graph, graphVersion, stateAt } = run;
  const lastSeq = stateAt?.seq ?? run.headSeq;
  const stateHash = stateAt === null || stateAt === undefined ? null : await webSha256(canonicalJson(stateAt.state));
  const head: ExportHead = { format: EXPORT_FORMAT, runId: id, graph, graphVersion, lastSeq, stateHash };
  print(canonicalJson(head));
  let last: ChainHead = { seq: 0, hash: CHAIN_START };
  while (last.seq < lastSeq) {
    const limit = Math.min(PAGE, lastSeq - last.seq);
    const { runEventsPage } = await client.request(RunEventsPageDocument, { runId: id, afterSeq: last.seq, limit });
    const events = runEventsPage?.events ?? [];
    if (events.length === 0)
      throw new CliError(`the history of run ${id} ends with event ${last.seq}, and ${lastSeq} is its last`, {
        code: "INTERNAL",
      });
    for (const event of events) {
      const { stepId = null, nodeId = null, attempt = null } = event;
      last = await verifyNext(id, last, { ...event, stepId, nodeId, attempt });
      print(canonicalJson(event));
    }
  }
}
