import { randomUUID } from "node:crypto";
import {
  DecideApprovalDocument,
  RunApprovalsDocument,
  type RunQuestionsFragment,
  WaitingRunsDocument,
} from "@soma/graphql/operations";
import { CliError } from "./cli-error.ts";
import type { Product } from "./find-product.ts";
import { line, print, printJson, printTable, safe } from "./print.ts";

type Question = RunQuestionsFragment["pendingApprovals"][number];

/** Runs that wait for a person, and what they ask. */
export async function listApprovals(
  { client }: Product,
  { limit, json }: { limit: number; json: boolean },
): Promise<void> {
  const { runs } = await client.request(WaitingRunsDocument, { first: limit });
  if (json) return printJson(runs.nodes);
  const rows = runs.nodes.flatMap(({ id, pendingApprovals }) => pendingApprovals.map((asked) => toRow(id, asked)));
  if (rows.length === 0) return print("no run waits for a person");
  printTable(["RUN", "STEP", "ROLE", "ASKED", "UNTIL", "QUESTION"], rows);
}

function toRow(runId: string, { stepId, role, askedAt, expiresAt, question }: Question): string[] {
  return [runId, stepNumber(stepId), role, askedAt, expiresAt ?? "", line(question, 60)];
}

/** Decides what a run asks; which step's question has to be said only when it asks several. */
export async function decideApproval(
  product: Product,
  params: { id: string; step: string | undefined; approve: boolean; comment?: string; json: boolean },
): Promise<void> {
  const { approve, comment = null, json } = params;
  const asked = await findQuestion(product, params);
  const input = { approvalId: asked.id, approve, comment, idempotencyKey: randomUUID() };
  const { decideApproval: decided } = await product.client.request(DecideApprovalDocument, { input });
  if (json) printJson(decided.run);
  else print(`run ${decided.run.id}: ${approve ? "approved" : "refused"}: ${safe(asked.question)}`);
}

async function findQuestion(
  { client, hints }: Product,
  { id, step }: { id: string; step: string | undefined },
): Promise<Question> {
  const { run } = await client.request(RunApprovalsDocument, { id });
  if (run === null || run === undefined)
    throw new CliError(`run ${id} does not exist; \`${hints.soma} runs approvals\` shows those that wait`, {
      code: "NOT_FOUND",
    });
  const asked = run.pendingApprovals.filter(({ stepId }) => step === undefined || stepNumber(stepId) === step);
  const [first] = asked;
  if (first !== undefined && asked.length === 1) return first;
  const steps = run.pendingApprovals.map(({ stepId }) => stepNumber(stepId)).join(", ");
  const which = step === undefined ? "" : ` in step ${step}`;
  throw new CliError(
    first === undefined
      ? `run ${id} is ${run.status} and asks nothing${which}${steps === "" ? "" : `; it asks in step ${steps}`}`
      : `run ${id} asks in steps ${steps}; say which step is meant`,
    { code: "BAD_INPUT" },
  );
}

/** Its id is the run's id, a dot, and its number. */
function stepNumber(stepId: string): string {
  return stepId.slice(stepId.lastIndexOf(".") + 1);
}
