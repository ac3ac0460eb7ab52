import type { RunFilter, RunOutcomeKind, RunStatus } from "@soma/graphql/operations";

/** What the page lists, as the address says it; every part may be left out. */
export interface RunsQuery {
  status: StatusChoice;
  outcome: OutcomeChoice;
  recovered: RecoveredChoice;
  agent: string;
  role: string;
  since: SinceChoice;
  text: string;
  /** Cursors: the page of older runs after one, or of newer ones before one. */
  after: string;
  before: string;
}

export const STATUS_CHOICES = {
  "": { word: "Any", statuses: undefined },
  active: { word: "Not finished", statuses: ["QUEUED", "RUNNING", "WAITING_APPROVAL", "PAUSED"] },
  queued: { word: "Queued", statuses: ["QUEUED"] },
  running: { word: "Running", statuses: ["RUNNING"] },
  approval: { word: "Needs approval", statuses: ["WAITING_APPROVAL"] },
  paused: { word: "Paused", statuses: ["PAUSED"] },
  succeeded: { word: "Succeeded", statuses: ["SUCCEEDED"] },
  failed: { word: "Failed", statuses: ["FAILED"] },
  canceled: { word: "Canceled", statuses: ["CANCELED"] },
} as const satisfies Record<string, { word: string; statuses: readonly RunStatus[] | undefined }>;
type StatusChoice = keyof typeof STATUS_CHOICES;

export const OUTCOME_CHOICES = {
  "": { word: "Any", kinds: undefined },
  ok: { word: "OK", kinds: ["OK"] },
  problem: { word: "With a problem", kinds: ["INCOMPLETE", "WITH_FAILURES", "WITH_DENIALS"] },
  incomplete: { word: "Answers cut", kinds: ["INCOMPLETE"] },
  with_failures: { word: "Calls failed", kinds: ["WITH_FAILURES"] },
  with_denials: { word: "Calls denied", kinds: ["WITH_DENIALS"] },
  failed: { word: "Failed", kinds: ["FAILED"] },
  canceled: { word: "Canceled", kinds: ["CANCELED"] },
} as const satisfies Record<string, { word: string; kinds: readonly RunOutcomeKind[] | undefined }>;
type OutcomeChoice = keyof typeof OUTCOME_CHOICES;

export const RECOVERED_CHOICES = {
  "": { word: "Any", recovered: undefined },
  yes: { word: "At least once", recovered: true },
  no: { word: "Never", recovered: false },
} as const satisfies Record<string, { word: string; recovered: boolean | undefined }>;
type RecoveredChoice = keyof typeof RECOVERED_CHOICES;

const HOUR_MS = 3_600_000;
export const SINCE_CHOICES = {
  "": { word: "Any time", ms: undefined },
  "1h": { word: "Last hour", ms: HOUR_MS },
  "24h": { word: "Last 24 hours", ms: 24 * HOUR_MS },
  "7d": { word: "Last 7 days", ms: 7 * 24 * HOUR_MS },
  "30d": { word: "Last 30 days", ms: 30 * 24 * HOUR_MS },
} as const satisfies Record<string, { word: string; ms: number | undefined }>;
type SinceChoice = keyof typeof SINCE_CHOICES;

/** Longer ones are refused by the API. */
export const MAX_TEXT = 200;
export const PAGE_SIZE = 50;

/** Reads the part of the address after `?`; what is not known there counts as left out. */
export function parseQuery(search: string): RunsQuery {
  const params = new URLSearchParams(search);
  const said = (name: string): string => params.get(name) ?? "";
  return {
    status: choiceOf(STATUS_CHOICES, said("status")),
    outcome: choiceOf(OUTCOME_CHOICES, said("outcome")),
    recovered: choiceOf(RECOVERED_CHOICES, said("recovered")),
    agent: said("agent"),
    role: said("role"),
    since: choiceOf(SINCE_CHOICES, said("since")),
    text: said("text").slice(0, MAX_TEXT),
    after: said("after"),
    before: said("before"),
  };
}

function choiceOf<Choice extends string>(choices: Readonly<Record<Choice | "", unknown>>, said: string): Choice | "" {
  return Object.hasOwn(choices, said) ? (said as Choice) : "";
}

/** The address of the page with something changed; another filter begins at the newest run again. */
export function toAddress(query: RunsQuery, changes: Partial<RunsQuery>): string {
  const stays = changes.after !== undefined || changes.before !== undefined;
  const next = { ...query, ...(stays ? {} : { after: "", before: "" }), ...changes };
  const said = Object.entries(next).filter(([, value]) => value !== "");
  return said.length === 0 ? "/runs" : `/runs?${new URLSearchParams(said)}`;
}

export function toVariables(query: RunsQuery, now: number) {
  const { status, outcome, recovered, agent, role, since, text, after, before } = query;
  const [{ statuses }, { kinds }] = [STATUS_CHOICES[status], OUTCOME_CHOICES[outcome]];
  const [was, { ms }] = [RECOVERED_CHOICES[recovered], SINCE_CHOICES[since]];
  const filter: RunFilter = {
    ...(statuses === undefined ? {} : { status: [...statuses] }),
    ...(kinds === undefined ? {} : { outcome: [...kinds] }),
    ...(was.recovered === undefined ? {} : { recovered: was.recovered }),
    ...(agent === "" ? {} : { graph: agent }),
    ...(role === "" ? {} : { role }),
    ...(ms === undefined ? {} : { createdAfter: new Date(now - ms).toISOString() }),
    ...(text === "" ? {} : { text }),
  };
  if (before !== "") return { filter, last: PAGE_SIZE, before };
  return { filter, first: PAGE_SIZE, ...(after === "" ? {} : { after }) };
}

/** The filters that hold, in words. */
export function filterWords({ status, outcome, recovered, agent, role, since, text }: RunsQuery): string[] {
  return [
    status === "" ? "" : STATUS_CHOICES[status].word,
    outcome === "" ? "" : `outcome “${OUTCOME_CHOICES[outcome].word}”`,
    recovered === "" ? "" : `recovered ${RECOVERED_CHOICES[recovered].word.toLowerCase()}`,
    agent === "" ? "" : `agent ${agent}`,
    role === "" ? "" : `role ${role}`,
    since === "" ? "" : SINCE_CHOICES[since].word.toLowerCase(),
    text === "" ? "" : `“${text}”`,
  ].filter((words) => words !== "");
}
