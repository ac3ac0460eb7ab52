import { resolve } from "node:path";
import { createSomaClient, type SomaClient } from "@soma/graphql/client";
import { CliError, EXIT } from "./cli-error.ts";
import { nearestDataDir, readCredentials, readRuntime } from "./data-folder.ts";
import { type Hints, hintsFor } from "./hints.ts";

/** A running product and how to talk to it. */
export interface Product {
  url: string;
  token: string;
  client: SomaClient;
  hints: Hints;
}

/** What every command is given. */
export interface CommandContext {
  /** The product that is meant, found when it is needed. */
  product(): Promise<Product>;
  json: boolean;
}

/** Which product is meant; each may be left out. */
export interface ProductOptions {
  port?: number;
  data?: string;
}

/**
 * SOMA_URL and SOMA_TOKEN win; else the product that left its address in a data folder: the one given, the nearest
 * .soma upwards from here, or the one of the project this command belongs to. `port` replaces the address, not the
 * token.
 */
export async function findProduct(
  options: ProductOptions,
  env: Record<string, string | undefined>,
  cwd: string,
): Promise<Product> {
  const hints = hintsFor(options, cwd);
  const dataDir = options.data === undefined ? nearestDataDir(env, cwd) : resolve(cwd, options.data);
  const runtime = dataDir === undefined ? undefined : await readRuntime(dataDir);
  const credentials = dataDir === undefined ? undefined : await readCredentials(dataDir);
  const url = options.port === undefined ? env.SOMA_URL || runtime?.url : `http://127.0.0.1:${options.port}`;
  const token = env.SOMA_TOKEN || credentials?.token;
  if (url === undefined)
    throw new CliError(
      `no running product was found; start one with \`${hints.start}\`, or say where it is with --data, --port or SOMA_URL`,
      { code: "NOT_FOUND", exitCode: EXIT.UNREACHABLE },
    );
  if (!URL.canParse(url))
    throw new CliError(`SOMA_URL is "${url}", which is not a URL`, { code: "BAD_INPUT", exitCode: EXIT.USAGE });
  if (token === undefined)
    throw new CliError("there is no token; set SOMA_TOKEN, or point --data at the data folder of the product", {
      code: "UNAUTHENTICATED",
      exitCode: EXIT.USAGE,
    });
  return { url, token, client: createSomaClient({ url, token }), hints };
}
