import { isRecord } from "@soma/schemas/json";
import type { Product } from "./find-product.ts";
import { print, printJson } from "./print.ts";

/**
 * The token that this command line sends, for programs that ask the API without it. What it is worth is said where a
 * terminal shows it, and not to a program that reads it.
 */
export function showToken({ token, url }: Pick<Product, "token" | "url">, json: boolean): void {
  const expiresAt = expiryOf(token);
  if (json) printJson({ token, expiresAt });
  else print(token);
  if (!process.stdout.isTTY) return;
  const until = expiresAt === null ? "" : ` until ${expiresAt}`;
  process.stderr.write(
    `soma: whoever has this token may do at ${url} what you may do${until}; keep it out of chats, files and screenshots\n`,
  );
}

/** RFC 3339; null of a token that does not say it. The product decides what it takes, so nothing is verified here. */
function expiryOf(token: string): string | null {
  try {
    const claims: unknown = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString());
    const exp = isRecord(claims) ? claims.exp : undefined;
    return typeof exp === "number" ? new Date(exp * 1_000).toISOString() : null;
  } catch {
    return null;
  }
}
