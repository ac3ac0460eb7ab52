import { loadRoles } from "@soma/conf";
import { createDevIdentity } from "@soma/gateway/identity";
import { DEVELOPER } from "../local/developer.ts";
import { loadSecrets } from "../local/secrets.ts";
import { CliError } from "./cli-error.ts";
import type { Product } from "./find-product.ts";
import { print, printJson } from "./print.ts";

/** A new sign-in link, made with the key of the data folder: whoever can read that folder may sign in. */
export async function signIn({ url, dataDir }: Product, json: boolean): Promise<void> {
  if (dataDir === undefined)
    throw new CliError("a sign-in link needs the data folder of the product; say where it is with --data", {
      code: "NOT_FOUND",
      exitCode: 2,
    });
  const { user } = await loadSecrets(dataDir);
  const identity = await createDevIdentity({ privateJwk: user.privateKey, publicJwk: user.publicKey });
  const link = `${url}/#t=${await identity.issueSignInToken({ ...DEVELOPER, roles: Object.keys(loadRoles().roles), service: null })}`;
  if (json) printJson({ link });
  else print(link);
}
