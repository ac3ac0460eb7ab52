import { isRecord } from "@soma/schemas/json";

const WAIT_MS = 10_000;

/** What the command line is called where the server does not say. */
export const SIGN_IN_COMMAND = "npx soma signin";

/** What to type on the server's machine for a sign-in link: with the options that lead to this very product. */
export async function askSignInCommand(send: typeof fetch): Promise<string> {
  const response = await send("/auth/sign-in", { signal: AbortSignal.timeout(WAIT_MS) }).catch(() => undefined);
  const body: unknown = response?.ok === true ? await response.json().catch(() => undefined) : undefined;
  return isRecord(body) && typeof body.command === "string" ? body.command : SIGN_IN_COMMAND;
}
