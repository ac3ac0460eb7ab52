import { randomUUID } from "node:crypto";
import { createSomaClient } from "@soma/graphql/client";
import { type Asked, CHECKS, NotChecked } from "./checks.ts";
import { type WatchedTopic, watchTopic } from "./watch-topic.ts";

interface Checked {
  name: string;
  outcome: "passed" | "failed" | "not_checked";
  detail: string;
  ms: number;
}

/** By report.schema.json. */
export interface Report {
  url: string;
  at: string;
  passed: boolean;
  checks: Checked[];
}

interface ValidateParams {
  url: string;
  token: string;
  /** Checks that have to be made. */
  required: readonly string[];
  /** The settings of Kafka, where there are any. */
  env: NodeJS.ProcessEnv;
}

/** Asks a running product for what it promises, each thing whatever came of those before. */
export async function validateProduct({ url, token, required, env }: ValidateParams): Promise<Report> {
  const client = createSomaClient({ url, token });
  const topic = await findTopic(client, env);
  const asked: Asked = { url, client, name: `checklist-${randomUUID()}`, topic };
  const checks: Checked[] = [];
  try {
    for (const name of Object.keys(CHECKS)) checks.push(await checkOne(name, asked, required));
  } finally {
    if (topic !== undefined && !(topic instanceof Error)) await topic.close();
  }
  const passed = checks.every(({ outcome }) => outcome !== "failed");
  return { url, at: new Date().toISOString(), passed, checks };
}

/** Read from before the run begins, whose end is looked for. */
async function findTopic(client: Asked["client"], env: NodeJS.ProcessEnv): Promise<WatchedTopic | Error | undefined> {
  if (!env.SOMA_KAFKA_BROKERS) return undefined;
  try {
    const { viewer } = (await client.request("{ viewer { tenant } }", {})) as { viewer: { tenant: string } };
    return await watchTopic(viewer.tenant, env);
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

async function checkOne(name: string, asked: Asked, required: readonly string[]): Promise<Checked> {
  const begun = performance.now();
  const over = (outcome: Checked["outcome"], detail: string): Checked => {
    return { name, outcome, detail: detail || "without a reason", ms: Math.round(performance.now() - begun) };
  };
  try {
    return over("passed", (await CHECKS[name]?.(asked)) ?? "");
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return over(error instanceof NotChecked && !required.includes(name) ? "not_checked" : "failed", why);
  }
}
