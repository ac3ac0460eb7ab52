/** Where in the product the address leads. */
export type Place =
  | { kind: "new" }
  | { kind: "session"; id: string }
  | { kind: "run"; id: string }
  | { kind: "runs" }
  | { kind: "agents" }
  | { kind: "agent"; name: string }
  | { kind: "api" }
  | { kind: "nowhere" };

const ID = "[\\w.-]{1,100}";
/** Links of before /chat lead to the same conversation. */
const SESSION = new RegExp(`^/(?:chat|sessions)/(${ID})/?$`);
const AGENT = new RegExp(`^/agents/(${ID})/?$`);
const RUN = new RegExp(`^/runs/(${ID})/?$`);

export function toPlace(path: string): Place {
  if (/^\/?$|^\/chat\/?$/.test(path)) return { kind: "new" };
  if (/^\/runs\/?$/.test(path)) return { kind: "runs" };
  if (/^\/agents\/?$/.test(path)) return { kind: "agents" };
  if (/^\/api\/?$/.test(path)) return { kind: "api" };
  const agent = AGENT.exec(path)?.[1];
  if (agent !== undefined) return { kind: "agent", name: agent };
  const session = SESSION.exec(path)?.[1];
  if (session !== undefined) return { kind: "session", id: session };
  const run = RUN.exec(path)?.[1];
  return run === undefined ? { kind: "nowhere" } : { kind: "run", id: run };
}

export const NEW_PATH = "/chat";
export const RUNS_PATH = "/runs";
export const AGENTS_PATH = "/agents";
export const API_PATH = "/api";

/** A new conversation with a question ready, and whom it goes to. */
export function readyPath(asked: { text: string; role: string; model: string }): string {
  return `${NEW_PATH}?${new URLSearchParams(asked)}`;
}

export function sessionPath(id: string): string {
  return `/chat/${encodeURIComponent(id)}`;
}

export function runPath(id: string): string {
  return `/runs/${encodeURIComponent(id)}`;
}

export function agentPath(name: string): string {
  return `${AGENTS_PATH}/${encodeURIComponent(name)}`;
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
