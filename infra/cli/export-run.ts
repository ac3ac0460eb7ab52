import { RunToExportDocument } from "@soma/graphql/operations";
import { canonicalJson } from "@soma/schemas/json";
import { webSha256 } from "@soma/schemas/run-chain";
import { EXPORT_FORMAT, type ExportHead } from "@soma/schemas/run-export";
import type { Product } from "./find-product.ts";
import { print, safe } from "./print.ts";
import { noSuchRun } from "./runs.ts";
import { verifiedEvents } from "./verified-events.ts";

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
  for await (const event of verifiedEvents(client, id, lastSeq)) print(canonicalJson(event));
}
