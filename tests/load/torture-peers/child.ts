/** A process of a peer that is killed: works through what is left, and says a line for each run that it took and ended. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { PlannedRun } from "../../../infra/cli/torture/plan.ts";
import { ledgerIn } from "../../../subgraphs/sdk/samples/torture/ledger/ledger.ts";
import { openDbos } from "./dbos.ts";
import { openLangGraph } from "./langgraph.ts";

const AT_ONCE = 64;

const [name = "", url = "", folder = ""] = process.argv.slice(2);
const left = JSON.parse(readFileSync(join(folder, "left.json"), "utf8")) as PlannedRun[];
const say = (...words: string[]): void => void process.stdout.write(`${words.join("\t")}\n`);

const ledger = ledgerIn(folder);
const peer = await (name === "dbos" ? openDbos(url, ledger) : openLangGraph(url, ledger));
say("ready");

async function lane(): Promise<void> {
  for (let planned = left.shift(); planned !== undefined; planned = left.shift()) {
    const { order } = planned;
    const taken = (): void => say("taken", order);
    const ended = peer.run(planned, taken).then(
      (answer) => ["SUCCEEDED", answer] as const,
      (error: Error) => ["FAILED", error.message.split("\n")[0] ?? ""] as const,
    );
    say("ended", order, ...(await ended));
  }
}
await Promise.all(Array.from({ length: AT_ONCE }, lane));
process.exit(0);
