import { isRecord } from "@soma/schemas/json";

/** Who is signed in, as GET /auth/me tells. */
interface Me {
  tenant: string;
  subject: string;
}

export type SignIn =
  | { status: "signed-in"; me: Me }
  | { status: "signed-out"; why: string | null }
  | { status: "unreachable"; why: string };

export interface SignInDeps {
  fetch: typeof fetch;
  location: Pick<Location, "hash" | "pathname" | "search">;
  history: Pick<History, "replaceState" | "state">;
  /** Lets go of what this tab keeps of whoever was signed in before. */
  forget(): void;
}

const WAIT_MS = 10_000;
const TOKEN = /^#t=([\w.~-]{1,2048})$/;

/**
 * Trades the one-time token of a sign-in link for a cookie, when the address has one, and asks who is signed in. The
 * token stands in the fragment, which no server is sent, and leaves the address before anything else happens.
 */
export async function signIn(deps: SignInDeps): Promise<SignIn> {
  const token = takeToken(deps);
  try {
    const refused = token === undefined ? null : await exchange(deps, token);
    const response = await deps.fetch("/auth/me", { credentials: "same-origin", signal: AbortSignal.timeout(WAIT_MS) });
    if (response.status === 401) return { status: "signed-out", why: refused };
    if (!response.ok) return { status: "unreachable", why: `the server answered ${response.status}` };
    return { status: "signed-in", me: toMe(await response.json()) };
  } catch (error) {
    return { status: "unreachable", why: error instanceof Error ? error.message : String(error) };
  }
}

function takeToken({ location, history }: SignInDeps): string | undefined {
  const token = TOKEN.exec(location.hash)?.[1];
  if (token !== undefined) history.replaceState(history.state, "", location.pathname + location.search);
  return token;
}

/** Null when the cookie is set, else why not. */
async function exchange(deps: SignInDeps, token: string): Promise<string | null> {
  const response = await deps.fetch("/auth/exchange", {
    method: "POST",
    credentials: "same-origin",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ token }),
    signal: AbortSignal.timeout(WAIT_MS),
  });
  if (response.ok) {
    deps.forget();
    return null;
  }
  if (response.status >= 500) throw new Error(`the server answered ${response.status}`);
  return "The sign-in link has been used already, or it is too old: a link works once, for a few minutes";
}

function toMe(value: unknown): Me {
  const { tenant, subject } = isRecord(value) ? value : {};
  if (typeof tenant !== "string" || typeof subject !== "string")
    throw new Error("the server did not say who is signed in");
  return { tenant, subject };
}
