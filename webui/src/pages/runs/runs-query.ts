import type { RunFilter, RunStatus } from "@soma/graphql/operations";

/** What the page lists, as the address says it; every part may be left out. */
export interface RunsQuery {
  status: StatusChoice;
  agent: string;
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
  const [status, since] = [params.get("status") ?? "", params.get("since") ?? ""];
  return {
    status: Object.hasOwn(STATUS_CHOICES, status) ? (status as StatusChoice) : "",
    agent: params.get("agent") ?? "",
    since: Object.hasOwn(SINCE_CHOICES, since) ? (since as SinceChoice) : "",
    text: (params.get("text") ?? "").slice(0, MAX_TEXT),
    after: params.get("after") ?? "",
    before: params.get("before") ?? "",
  };
}

/** The address of the page with something changed; another filter begins at the newest run again. */
export function toAddress(query: RunsQuery, changes: Partial<RunsQuery>): string {
  const stays = changes.after !== undefined || changes.before !== undefined;
  const next = { ...query, ...(stays ? {} : { after: "", before: "" }), ...changes };
  const said = Object.entries(next).filter(([, value]) => value !== "");
  return said.length === 0 ? "/runs" : `/runs?${new URLSearchParams(said)}`;
}

export function toVariables({ status, agent, since, text, after, before }: RunsQuery, now: number) {
  const [{ statuses }, { ms }] = [STATUS_CHOICES[status], SINCE_CHOICES[since]];
  const filter: RunFilter = {
    ...(statuses === undefined ? {} : { status: [...statuses] }),
    ...(agent === "" ? {} : { graph: agent }),
    ...(ms === undefined ? {} : { createdAfter: new Date(now - ms).toISOString() }),
    ...(text === "" ? {} : { text }),
  };
  if (before !== "") return { filter, last: PAGE_SIZE, before };
  return { filter, first: PAGE_SIZE, ...(after === "" ? {} : { after }) };
}

/** The filters that hold, in words. */
export function filterWords({ status, agent, since, text }: RunsQuery): string[] {
  return [
    status === "" ? "" : STATUS_CHOICES[status].word,
    agent === "" ? "" : `agent ${agent}`,
    since === "" ? "" : SINCE_CHOICES[since].word.toLowerCase(),
    text === "" ? "" : `“${text}”`,
  ].filter((words) => words !== "");
}
