/** Where in the product the address leads. */
export type Place =
  | { kind: "new" }
  | { kind: "session"; id: string }
  | { kind: "run"; id: string }
  | { kind: "runs" }
  | { kind: "nowhere" };

const ID = "[\\w.-]{1,100}";
/** Links of before /chat lead to the same conversation. */
const SESSION = new RegExp(`^/(?:chat|sessions)/(${ID})/?$`);
const RUN = new RegExp(`^/runs/(${ID})/?$`);

export function toPlace(path: string): Place {
  if (/^\/?$|^\/chat\/?$/.test(path)) return { kind: "new" };
  if (/^\/runs\/?$/.test(path)) return { kind: "runs" };
  const session = SESSION.exec(path)?.[1];
  if (session !== undefined) return { kind: "session", id: session };
  const run = RUN.exec(path)?.[1];
  return run === undefined ? { kind: "nowhere" } : { kind: "run", id: run };
}

export const NEW_PATH = "/chat";
export const RUNS_PATH = "/runs";

export function sessionPath(id: string): string {
  return `/chat/${encodeURIComponent(id)}`;
}

export function runPath(id: string): string {
  return `/runs/${encodeURIComponent(id)}`;
}

const CHAT_VIEW = "chat";

/** The conversation of a run, with that run's steps. */
export function runChatPath(id: string): string {
  return `${runPath(id)}?view=${CHAT_VIEW}`;
}

/** Whether the part of a run's address after `?` asks for its conversation. */
export function isChatView(search: string): boolean {
  return new URLSearchParams(search).get("view") === CHAT_VIEW;
}

/** A run with one of its steps in view, by the number the steps show. */
export function stepPath(runId: string, step: number): string {
  return `${runPath(runId)}?step=${step}`;
}
