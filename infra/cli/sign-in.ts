import { isRecord } from "@soma/schemas/json";
import { CliError, EXIT } from "./cli-error.ts";
import type { Product } from "./find-product.ts";
import { print, printJson } from "./print.ts";

const WAIT_MS = 10_000;

/** A new sign-in link from the product, for the one whose token this is. */
export async function signIn(product: Product, json: boolean): Promise<void> {
  const link = await askForLink(product);
  if (json) printJson({ link });
  else print(link);
}

async function askForLink({ url, token, hints }: Product): Promise<string> {
  const response = await fetch(new URL("/auth/link", url), {
    method: "POST",
    headers: { authorization: `Bearer ${token}` },
    signal: AbortSignal.timeout(WAIT_MS),
  }).catch((cause: unknown) => {
    throw new CliError(`${url} cannot be reached; is it running? Start it with \`${hints.start}\``, {
      code: "UNREACHABLE",
      exitCode: EXIT.UNREACHABLE,
      cause,
    });
  });
  const body: unknown = await response.json().catch(() => undefined);
  if (response.ok && isRecord(body) && typeof body.link === "string") return body.link;
  throw refusal(url, response.status, body);
}

function refusal(url: string, status: number, body: unknown): CliError {
  const why = reasonOf(body) ?? `it answered ${status}`;
  const failed = `${url} gave no sign-in link`;
  if (status === 404)
    return new CliError(
      `${failed}: it does not make any. An older version prints one when it starts; one whose users sign in elsewhere never does`,
      { code: "NOT_FOUND" },
    );
  if (status === 401 || status === 403)
    return new CliError(
      `${failed}: ${why}. Point --data at the data folder of that product, or set SOMA_TOKEN to a token it takes`,
      { code: status === 401 ? "UNAUTHENTICATED" : "FORBIDDEN" },
    );
  return new CliError(`${failed}: ${why}`, { code: "INTERNAL" });
}

/** The message of a refusal as the gateway writes it, like an answer of GraphQL. */
function reasonOf(body: unknown): string | undefined {
  const [first] = isRecord(body) && Array.isArray(body.errors) ? body.errors : [];
  return isRecord(first) && typeof first.message === "string" ? first.message : undefined;
}
