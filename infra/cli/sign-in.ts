import { askForSignInLink, type SignInLink } from "@soma/graphql/sign-in-link";
import { CliError, EXIT } from "./cli-error.ts";
import type { Product } from "./find-product.ts";
import { print, printJson } from "./print.ts";

/** A new sign-in link from the product, for the one whose token this is. */
export async function signIn(product: Product, json: boolean): Promise<void> {
  const answer = await askForLink(product);
  if (!("link" in answer)) throw refusal(product.url, answer);
  if (json) printJson({ link: answer.link });
  else print(answer.link);
}

/** The address of the page, which signs in whoever opens it first; the plain one where users sign in elsewhere. */
export async function findPageAddress(product: Product): Promise<URL> {
  const answer = await askForLink(product);
  if ("link" in answer) return new URL(answer.link);
  if (answer.status === 404) return new URL(product.url);
  throw refusal(product.url, answer);
}

async function askForLink({ url, token, hints }: Product): Promise<SignInLink> {
  return askForSignInLink({ url, token }).catch((cause: unknown) => {
    throw new CliError(`${url} cannot be reached; is it running? Start it with \`${hints.start}\``, {
      code: "UNREACHABLE",
      exitCode: EXIT.UNREACHABLE,
      cause,
    });
  });
}

function refusal(url: string, { status, reason }: { status: number; reason: string | undefined }): CliError {
  const why = reason ?? `it answered ${status}`;
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
