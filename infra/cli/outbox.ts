import { randomUUID } from "node:crypto";
import {
  DeadLetterDocument,
  type DeadLetterQuery,
  DeadLettersDocument,
  DecideMemoryLetterDocument,
  DecidePolicyLetterDocument,
  DecideRunsLetterDocument,
  DecideToolsLetterDocument,
  type LetterChoice,
  type LetterDecisionFieldsFragment,
  LetterDecisionsDocument,
  OutboxStatusDocument,
} from "@soma/graphql/operations";
import { CliError, EXIT } from "./cli-error.ts";
import type { Product } from "./find-product.ts";
import { line, print, printJson, printTable, safe } from "./print.ts";
import { ALL_OR_NOTHING, answered } from "./run-history.ts";

/** Who tells others what was done; each has letters of its own. */
export const SERVICES = ["runs", "tools", "policy", "memory"] as const;
type Service = (typeof SERVICES)[number];
type ShownLetter = NonNullable<NonNullable<DeadLetterQuery["runsOutbox"]>["letter"]>;

export async function showOutbox({ client }: Product, json: boolean): Promise<void> {
  const told = await client.request(OutboxStatusDocument, {});
  const rows = SERVICES.map((service) => ({ service, ...answered(told[`${service}Outbox`]) }));
  if (json) return printJson(rows);
  printTable(
    ["SERVICE", "PENDING", "OLDEST", "DEAD", "PARKED KEYS", "HELD"],
    rows.map((row) => [
      row.service,
      ...[String(row.pendingRows), `${row.oldestAgeSeconds.toFixed(1)} s`],
      ...[row.deadLetters, row.parkedKeys, row.heldRows].map(String),
    ]),
  );
}

export interface ListLettersOptions {
  service?: string;
  after?: string;
  limit: number;
  json: boolean;
}

export async function listLetters({ client, hints }: Product, options: ListLettersOptions): Promise<void> {
  const { service, after, limit, json } = options;
  if (after !== undefined && service === undefined)
    throw wrong("--after goes on in one service; say --service as well");
  const wants = (name: Service): boolean => service === undefined || service === name;
  const told = await client.request(
    DeadLettersDocument,
    {
      ...{ limit, ...(after === undefined ? {} : { after }) },
      ...{ runs: wants("runs"), tools: wants("tools"), policy: wants("policy"), memory: wants("memory") },
    },
    ALL_OR_NOTHING,
  );
  const letters = SERVICES.flatMap((name) =>
    (told[`${name}Outbox`]?.letters ?? []).map((letter) => ({ service: name, ...letter })),
  );
  if (json) return printJson(letters);
  if (letters.length === 0) return print("no event waits for a person");
  printTable(
    ["LETTER", "SERVICE", "TYPE", "KEY", "PARKED", "REASON"],
    letters.map(({ id, service: of, type, key, parkedAt, reason }) => [
      ...[id, of, type, line(key, 40), parkedAt, line(reason, 60)],
    ]),
  );
  const full = SERVICES.filter((name) => told[`${name}Outbox`]?.letters?.length === limit);
  for (const name of full) {
    const last = told[`${name}Outbox`]?.letters?.at(-1)?.id;
    print(`\nmore: \`${hints.soma} outbox dead list --service ${name} --limit ${limit} --after ${last}\``);
  }
}

export async function listDecided({ client }: Product, json: boolean): Promise<void> {
  const told = await client.request(LetterDecisionsDocument, {}, ALL_OR_NOTHING);
  const decided = SERVICES.flatMap((service) =>
    (told[`${service}Outbox`]?.decisions ?? []).map((decision) => ({ service, ...decision })),
  );
  if (json) return printJson(decided);
  if (decided.length === 0) return print("nothing was decided yet");
  printTable(
    ["LETTER", "SERVICE", "TYPE", "DECISION", "BY", "AT", "WHY"],
    decided.map(({ letterId, service, type, decision, decidedBy, decidedAt, reason }) => [
      ...[letterId, service, type, decision.toLowerCase(), decidedBy, decidedAt, line(reason ?? "", 60)],
    ]),
  );
}

export async function showLetter(product: Product, { id, json }: { id: string; json: boolean }): Promise<void> {
  const { service, letter } = await getLetter(product, id);
  if (json) return printJson({ service, ...letter });
  print(`letter ${letter.id} of ${service}, parked at ${letter.parkedAt}`);
  print(`reason: ${safe(letter.reason)}`);
  print(`topic:  ${safe(letter.topic)}\nkey:    ${safe(letter.key)}`);
  print(letter.parksKey ? "what comes after it under its key waits" : "other events of its key go on");
  print(`\n${safe(letter.payload ?? "")}`);
}

export interface DecideOptions {
  id: string;
  decision: LetterChoice;
  reason?: string;
  json: boolean;
}

export async function decideLetter(product: Product, { id, decision, reason, json }: DecideOptions): Promise<void> {
  const { service } = await getLetter(product, id);
  const input = { letterId: id, decision, idempotencyKey: randomUUID(), ...(reason === undefined ? {} : { reason }) };
  const decided = await ASK[service](product, { input });
  if (json) return printJson({ service, ...decided });
  print(
    decision === "RETRY"
      ? `letter ${id} of ${service} is sent again, and then what waits behind it`
      : `letter ${id} of ${service} is discarded; what waits behind it goes on`,
  );
}

type Variables = { input: { letterId: string; decision: LetterChoice; reason?: string; idempotencyKey: string } };
const ASK: Record<Service, (product: Product, variables: Variables) => Promise<LetterDecisionFieldsFragment>> = {
  runs: async ({ client }, variables) =>
    answered((await client.request(DecideRunsLetterDocument, variables)).decideRunsLetter).decision,
  tools: async ({ client }, variables) =>
    answered((await client.request(DecideToolsLetterDocument, variables)).decideToolsLetter).decision,
  policy: async ({ client }, variables) =>
    answered((await client.request(DecidePolicyLetterDocument, variables)).decidePolicyLetter).decision,
  memory: async ({ client }, variables) =>
    answered((await client.request(DecideMemoryLetterDocument, variables)).decideMemoryLetter).decision,
};

async function getLetter({ client, hints }: Product, id: string): Promise<{ service: Service; letter: ShownLetter }> {
  const told = await client.request(DeadLetterDocument, { id }, ALL_OR_NOTHING);
  for (const service of SERVICES) {
    const letter = told[`${service}Outbox`]?.letter;
    if (letter !== null && letter !== undefined) return { service, letter };
  }
  throw new CliError(
    `no letter ${safe(id)} waits for a person; \`${hints.soma} outbox dead list\` shows those that do`,
    { code: "NOT_FOUND" },
  );
}

function wrong(message: string): CliError {
  return new CliError(message, { code: "BAD_INPUT", exitCode: EXIT.USAGE });
}
