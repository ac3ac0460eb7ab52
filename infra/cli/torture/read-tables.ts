import { RunDetailDocument, StartRunDocument } from "@soma/graphql/operations";
import { isFinished } from "@soma/graphql/run-status";
import { CliError } from "../cli-error.ts";
import type { Booked } from "./judge.ts";
import type { TorturedProduct } from "./product.ts";

/** The agent of the project that reads its table, a page at a time. */
const READER = "torture_payments";
const LOOK_MS = 50;
const LIMIT_MS = 60_000;

/**
 * How often each order was paid for in the tables of the project, as a step in the database reads it; nothing dies
 * meanwhile.
 */
export async function readTables(product: TorturedProduct): Promise<Map<string, number>> {
  const payments = new Map<string, number>();
  for (let after: string | undefined = ""; after !== undefined; ) {
    const page: { order: string; payments: number }[] = JSON.parse(await answerOf(product, after));
    for (const row of page) payments.set(row.order, row.payments);
    after = page.at(-1)?.order;
  }
  return payments;
}

async function answerOf({ client }: TorturedProduct, after: string): Promise<string> {
  const input = { graph: READER, input: { after }, idempotencyKey: `${READER} after ${after}` };
  const { startRun } = await client.request(StartRunDocument, { input });
  for (const end = performance.now() + LIMIT_MS; performance.now() < end; ) {
    const { run } = await client.request(RunDetailDocument, { id: startRun.run.id });
    if (run?.status === "SUCCEEDED") return run.answer ?? "[]";
    if (run == null || isFinished(run.status)) break;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  throw new CliError(`the run ${startRun.run.id} of ${READER} did not read the tables of the project`, {
    code: "NOT_READ",
  });
}

/** The ledger of the tools, with what the tables of the project say was paid. */
export function withTables(
  ledger: ReadonlyMap<string, Booked>,
  tables: ReadonlyMap<string, number>,
): Map<string, Booked> {
  const both = new Map(ledger);
  for (const [order, payments] of tables) {
    const known = ledger.get(order) ?? { payments: 0, calls: 0 };
    both.set(order, { ...known, payments: known.payments + payments });
  }
  return both;
}
