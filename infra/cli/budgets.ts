import { randomUUID } from "node:crypto";
import {
  type BudgetMeasure,
  type BudgetSpan,
  BudgetsDocument,
  RaiseBudgetDocument,
  RunUsageDocument,
  SessionUsageDocument,
  type UsageBy,
  UsageDocument,
  type UsedFragment,
} from "@soma/graphql/operations";
import { CliError, EXIT } from "./cli-error.ts";
import type { Product } from "./find-product.ts";
import { print, printJson, printTable, safe } from "./print.ts";

export const BY = { day: "DAY", role: "ROLE", agent: "AGENT", profile: "PROFILE" } as const satisfies Record<
  string,
  UsageBy
>;
const PAGE = 200;

interface UsageOptions {
  by: string;
  since?: string;
  run?: string;
  session?: string;
  json: boolean;
}

/** What calls of models and tools have used, by day, role, agent or profile, or of one run or session. */
export async function showUsage(product: Product, { by, since, run, session, json }: UsageOptions): Promise<void> {
  const { client } = product;
  if (run !== undefined && session !== undefined) throw usage("--run and --session are two; give one of them");
  if (run !== undefined) return showUsed("run", await findUsed(product, "run", run), json);
  if (session !== undefined) return showUsed("session", await findUsed(product, "session", session), json);
  const rows: Usage[] = [];
  let after: string | null = null;
  do {
    const asked: Page = await pageOf(client, { by: pick(BY, by, "--by"), since: since ?? null, after });
    rows.push(...asked.nodes);
    after = asked.pageInfo.hasNextPage ? (asked.pageInfo.endCursor ?? null) : null;
  } while (after !== null);
  if (json) return printJson(rows);
  if (rows.length === 0) return print("nothing was used");
  printTable(
    [by.toUpperCase(), "COST", ...COUNTS],
    rows.map((row) => [row.key === "" ? "(tools)" : safe(row.key), `${row.cost} ${row.currency}`, ...countsOf(row)]),
  );
}

type Used = UsedFragment | null | undefined;

async function findUsed({ client, hints }: Product, what: "run" | "session", id: string): Promise<Used> {
  const found =
    what === "run"
      ? (await client.request(RunUsageDocument, { id })).run
      : (await client.request(SessionUsageDocument, { id })).session;
  if (found !== null && found !== undefined) return found.usage;
  const shown = what === "run" ? "runs list` shows those there are" : "runs show RUN` names that of a run";
  throw new CliError(`there is no ${what} ${id}; \`${hints.soma} ${shown}`, { code: "NOT_FOUND" });
}

function showUsed(what: "run" | "session", used: Used, json: boolean): void {
  if (json) printJson(used ?? null);
  else if (used === null || used === undefined) print(`the ${what} has called no model and no tool`);
  else printTable(["COST", ...COUNTS], [[`${used.cost} ${used.currency}`, ...countsOf(used)]]);
}

type Page = Awaited<ReturnType<typeof pageOf>>;
type Usage = Page["nodes"][number];

async function pageOf(
  client: Product["client"],
  variables: { by: UsageBy; since: string | null; after: string | null },
) {
  const { usage } = await client.request(UsageDocument, { ...variables, first: PAGE });
  return usage ?? { nodes: [], pageInfo: { hasNextPage: false, endCursor: null } };
}

const COUNTS = ["TOKENS IN", "KEPT", "TOKENS OUT", "MODEL CALLS", "TOOL CALLS"];

function countsOf(used: Pick<Usage, "inputTokens" | "cachedTokens" | "outputTokens" | "modelCalls" | "toolCalls">) {
  return [used.inputTokens, used.cachedTokens, used.outputTokens, used.modelCalls, used.toolCalls].map(String);
}

/** The limits of conf/budgets.yaml that concern the tenant, and where they stand. */
export async function listBudgets({ client, hints }: Product, json: boolean): Promise<void> {
  const { budgets } = await client.request(BudgetsDocument, {});
  const known = budgets ?? [];
  if (json) return printJson(known);
  if (known.length === 0) return print("no budget has a limit; conf/budgets.yaml gives them");
  printTable(
    ["OF", "NAME", "SPAN", "MEASURE", "LIMIT", "SPENT", "RESERVED", "BEGINS ANEW"],
    known.map((budget) => [
      budget.scope.toLowerCase(),
      safe(budget.name ?? ""),
      budget.span.toLowerCase(),
      budget.measure.toLowerCase() + (typeof budget.currency === "string" ? ` in ${budget.currency}` : ""),
      budget.limit,
      budget.spent,
      budget.reserved,
      budget.resetsAt ?? "never",
    ]),
  );
  const strangers = new Set(known.filter(({ isKnown }) => !isKnown).map(({ name }) => safe(name ?? "")));
  if (strangers.size > 0)
    print(
      `\nno agent is named ${[...strangers].join(", ")}, and those limits hold nobody; \`${hints.soma} agents list\` names those there are`,
    );
}

const MEASURES = {
  money: "MONEY",
  tokens: "TOKENS",
  model_calls: "MODEL_CALLS",
  tool_calls: "TOOL_CALLS",
} as const satisfies Record<string, BudgetMeasure>;
export const SPANS = { day: "DAY", total: "TOTAL" } as const satisfies Record<string, BudgetSpan>;

export interface RaiseBudgetOptions {
  measure: string;
  by: string;
  span: string;
  role?: string;
  agent?: string;
  run?: string;
  reason: string;
}

/** Raises the budget of the tenant, or of what is named, and lets the runs go on that wait for it. */
export async function raiseBudget(
  { client }: Product,
  { measure, by, span, role, agent, run, reason, json }: RaiseBudgetOptions & { json: boolean },
): Promise<void> {
  const named = [
    ["ROLE", role],
    ["AGENT", agent],
    ["RUN", run],
  ] as const;
  const given = named.filter(([, name]) => name !== undefined);
  if (given.length > 1) throw usage("--role, --agent and --run name different budgets; give one of them");
  const [[scope, name] = ["TENANT", undefined] as const] = given;
  const input = {
    ...{ scope, name: name ?? null, measure: pick(MEASURES, measure, "the measure") },
    // A run has one budget, of all its days.
    ...{ span: scope === "RUN" ? SPANS.total : pick(SPANS, span, "--span") },
    ...{ by, reason, idempotencyKey: randomUUID() },
  };
  const { raiseBudget: raised } = await client.request(RaiseBudgetDocument, { input });
  if (json) return printJson(raised);
  print(`raised by ${by}; ${raised.runs} ${raised.runs === 1 ? "run goes" : "runs go"} on`);
}

function pick<T>(among: Readonly<Record<string, T>>, text: string, what: string): T {
  const picked = Object.hasOwn(among, text) ? among[text] : undefined;
  if (picked === undefined) throw usage(`${what} "${text}" is none of ${Object.keys(among).join(", ")}`);
  return picked;
}

function usage(message: string): CliError {
  return new CliError(message, { code: "BAD_INPUT", exitCode: EXIT.USAGE });
}
