import type { RunCallsQuery, RunSummaryFragment } from "@soma/graphql/operations";
import { isErased } from "@soma/schemas/erased-payload";
import { showHidden } from "@soma/schemas/hidden-characters";
import { questionOf } from "../../run-log/question-of.ts";
import { STATUS } from "../../ui/status.tsx";
import { fenced } from "./fenced.ts";
import { withinSection } from "./within-section.ts";

type Invocation = NonNullable<NonNullable<RunCallsQuery["run"]>["invocations"]>["nodes"][number];

/** One message and what came of it. */
export interface ExportedTurn {
  run: RunSummaryFragment;
  /** Null where the tools service does not tell. */
  calls: readonly Invocation[] | null;
  /** Whether it had more calls than these. */
  hasMoreCalls: boolean;
}

/** A conversation, whole, as the API tells it. */
export interface ExportedConversation {
  id: string;
  title: string;
  createdAt: string;
  /** Oldest first. */
  turns: readonly ExportedTurn[];
}

export const EXPORT_FORMATS = {
  markdown: { word: "Markdown", ending: "md", type: "text/markdown", write: toMarkdown },
  json: { word: "JSON", ending: "json", type: "application/json", write: toJson },
} as const;

export type ExportFormat = keyof typeof EXPORT_FORMATS;

/** A name that every system takes for a file. */
export function fileName(title: string, format: ExportFormat): string {
  const plain = title
    .normalize("NFKD")
    .replace(/[^\p{L}\p{N}]+/gu, "-")
    .replace(/^-+|-+$/g, "");
  return `${[...plain].slice(0, 60).join("").toLowerCase() || "conversation"}.${EXPORT_FORMATS[format].ending}`;
}

/** Fields are only ever added; another meaning would be another version. */
function toJson({ id, title, createdAt, turns }: ExportedConversation): string {
  const told = turns.map(({ run, calls, hasMoreCalls }) => ({
    runId: run.id,
    sessionId: run.session.id,
    askedAt: run.createdAt,
    finishedAt: run.finishedAt ?? null,
    ...{ agent: run.graph, role: run.role, modelProfile: run.modelProfile },
    ...{ status: run.status, outcome: toOutcome(run.outcome), error: toError(run.error) },
    ...{ input: run.input, answer: run.answer ?? null },
    calls: calls?.map(toCall) ?? null,
    hasMoreCalls,
  }));
  return `${JSON.stringify({ format: "soma.conversation.v1", id, title, createdAt, turns: told }, null, 2)}\n`;
}

// Field by field: what the client of the page adds to answers for itself is nobody else's.
function toCall({ id, tool, status, args, output, error }: Invocation) {
  const why = error ? { type: error.type, message: error.message } : null;
  return { id, tool: tool.name, status, args, output: output ?? null, error: why };
}

function toOutcome(outcome: RunSummaryFragment["outcome"]) {
  if (!outcome) return null;
  const { kind, failedCalls, deniedCalls, cutAnswers } = outcome;
  return { kind, failedCalls, deniedCalls, cutAnswers };
}

function toError(error: RunSummaryFragment["error"]) {
  return error ? { code: error.code, message: error.message } : null;
}

/** For people: what hides in a text is shown by its number, as on the page. */
function toMarkdown({ id, title, createdAt, turns }: ExportedConversation): string {
  const head = [`# ${asLine(title)}`, `Conversation ${id}, begun ${createdAt}`];
  return `${showHidden([...head, ...turns.flatMap(turnLines)].join("\n\n"))}\n`;
}

function turnLines({ run, calls, hasMoreCalls }: ExportedTurn): string[] {
  const { failedCalls = 0, deniedCalls = 0 } = run.outcome ?? {};
  const bad = [
    ...(failedCalls > 0 ? [`${failedCalls} failed`] : []),
    ...(deniedCalls > 0 ? [`${deniedCalls} denied`] : []),
  ];
  const status = `${STATUS[run.status].word}${bad.length === 0 ? "" : ` (tool calls: ${bad.join(", ")})`}`;
  return [
    `## ${run.createdAt}`,
    `${run.graph} as ${run.role}, model ${run.modelProfile}, run ${run.id}: ${status}`,
    "### You",
    questionText(run.input),
    ...(calls ?? []).flatMap(callLines),
    ...(calls === null ? ["Calls of tools could not be read."] : []),
    ...(hasMoreCalls ? ["There were more calls than these."] : []),
    "### Answer",
    run.answer === null ? (run.error ? `None: ${asLine(run.error.message)}` : "None") : withinSection(run.answer),
  ];
}

function questionText(input: unknown): string {
  if (isErased(input)) return "Erased";
  const text = questionOf(input);
  return text === "" ? fenced(JSON.stringify(input, null, 2), "json") : fenced(text, "text");
}

function asLine(text: string): string {
  return text.replace(/\s+/g, " ");
}

function callLines({ tool, status, args, output, error }: Invocation): string[] {
  return [
    `### Tool ${tool.name}: ${status.toLowerCase().replace("_", " ")}`,
    fenced(JSON.stringify(args, null, 2), "json"),
    ...(output ? [fenced(output)] : []),
    ...(error ? [`${error.type}: ${asLine(error.message)}`] : []),
  ];
}
