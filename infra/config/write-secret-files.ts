import { mkdir } from "node:fs/promises";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { loadRoles } from "@soma/conf/roles";
import { createDevIdentity } from "@soma/gateway/dev-identity";
import { DEVELOPER } from "@soma/local/developer";
import { loadSecrets } from "@soma/local/secrets";
import { CREDENTIALS_FILE } from "@soma/schemas/data-folder";
import { replaceFile } from "@soma/shared/replace-file";
import { toSecretFiles } from "./to-secret-files.ts";

/**
 * Makes the passwords and keys of the compose stack at its first call, in infra/compose/secrets/ or in the folder that is named,
 * and writes what each service is told of them. Again it writes the same, with a new token for the command line.
 */
const TOKEN_S = 30 * 24 * 3_600;
const [folder = fileURLToPath(new URL("../compose/secrets", import.meta.url))] = process.argv.slice(2);

await mkdir(folder, { recursive: true, mode: 0o700 });
// A database may have been made with what postgres.env says.
const secrets = await loadSecrets(folder, "postgres.env");
for (const [name, text] of toSecretFiles(secrets)) await replaceFile(join(folder, name), text, { mode: 0o600 });
const identity = createDevIdentity({ privateJwk: secrets.user.privateKey, publicJwk: secrets.user.publicKey });
const token = await identity.issueAccessToken(
  { ...DEVELOPER, roles: Object.keys(loadRoles().roles), service: null },
  TOKEN_S,
);
await replaceFile(join(folder, CREDENTIALS_FILE), `${JSON.stringify({ token })}\n`, { mode: 0o600 });
console.log(`${relative(process.cwd(), folder)} has the secrets of the stack, and a token for 30 days`);
