import { notServed } from "./answer.ts";

/** Where the keys of this installation are told to whoever asks. */
export const JWKS_PATH = "/.well-known/jwks.json";

/** Answers with the set of keys; whoever has it may keep it for less than the time after which a new key signs. */
export function serveKeys(published: (() => string) | undefined, request: Request): Response {
  if (published === undefined) throw notServed(request, JWKS_PATH);
  const headers = { "content-type": "application/jwk-set+json", "cache-control": "public, max-age=60" };
  return new Response(published(), { headers });
}
