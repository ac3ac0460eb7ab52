import { spawn } from "node:child_process";
import type { Product } from "./find-product.ts";
import { print, printJson } from "./print.ts";
import { findPageAddress } from "./sign-in.ts";

/** A program that opens pages leaves at once; one that stays this long has opened it. */
const PATIENCE_MS = 3_000;

export interface OpenOptions {
  /** The run whose page is meant; the first page when left out. */
  run?: string;
  /** Prints the address and opens nothing. */
  print?: boolean;
  json: boolean;
}

/** Where a browser would be. */
export interface Desk {
  platform: NodeJS.Platform;
  env: Readonly<Record<string, string | undefined>>;
}

/**
 * Opens the page in a browser that it signs in, or prints its address where there is no browser. The token of an address
 * that was opened is used up and not printed.
 */
export async function openPage(product: Product, options: OpenOptions, desk: Desk): Promise<void> {
  const address = await findPageAddress(product);
  if (options.run !== undefined) address.pathname = `/runs/${encodeURIComponent(options.run)}`;
  const command = options.print === true ? undefined : browserCommand(address.href, desk);
  const opened = command !== undefined && (await launch(command, desk.env));
  if (opened) address.hash = "";
  if (options.json) printJson({ address: address.href, opened });
  else print(opened ? `opened ${address.href}` : address.href);
  if (!opened && options.print !== true && !options.json)
    process.stderr.write("soma: no browser could be opened here; open the address in one\n");
}

/** The program that opens an address, and its arguments; undefined where nothing could show it. */
export function browserCommand(address: string, { platform, env }: Desk): [string, ...string[]] | undefined {
  if (platform === "darwin") return ["open", address];
  // `start` would read the address as a command line.
  if (platform === "win32") return ["rundll32", "url.dll,FileProtocolHandler", address];
  return env.DISPLAY || env.WAYLAND_DISPLAY || env.BROWSER ? ["xdg-open", address] : undefined;
}

async function launch([program, ...args]: readonly [string, ...string[]], env: Desk["env"]): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const child = spawn(program, args, { detached: true, stdio: "ignore", env: { ...env } });
  const patience = setTimeout(() => resolve(true), PATIENCE_MS);
  child.on("error", () => resolve(false));
  child.on("exit", (code) => resolve(code === 0));
  const opened = await promise;
  clearTimeout(patience);
  child.unref();
  return opened;
}
