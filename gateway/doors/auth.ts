import { SomaError } from "@soma/shared/errors";
import type { Principal } from "@soma/shared/identity/principal";
import { type DevIdentity, toSignInLink } from "../ground/dev-identity.ts";
import type { Identified, Identity } from "../ground/identity.ts";
import { answer, notServed } from "./answer.ts";
import type { Origins } from "./origins.ts";
import { readJson } from "./read-json.ts";

const COOKIE = "soma_session";
const SESSION_S = 12 * 3_600;
const MAX_BODY_BYTES = 8_192;

/** The token a request brings: a bearer header, or the cookie a browser got at sign-in. */
function tokenOf(headers: Headers): string | undefined {
  return bearerOf(headers.get("authorization")) ?? cookieOf(headers);
}

function bearerOf(authorization: unknown): string | undefined {
  return typeof authorization === "string" ? /^bearer +(\S+) *$/i.exec(authorization)?.[1] : undefined;
}

/** The token in the introduction of a WebSocket, wherever clients are used to put it. */
export function tokenOfIntroduction(params: Readonly<Record<string, unknown>> = {}): string | undefined {
  if (typeof params.token === "string") return params.token;
  const { headers } = params;
  const places = typeof headers === "object" && headers !== null ? [params, headers] : [params];
  for (const place of places)
    for (const [name, value] of Object.entries(place))
      if (name.toLowerCase() === "authorization") return bearerOf(value) ?? "";
  return undefined;
}

function cookieOf(headers: Headers): string | undefined {
  const cookie = headers
    .get("cookie")
    ?.split(/;\s*/)
    .find((part) => part.startsWith(`${COOKIE}=`));
  return cookie?.slice(COOKIE.length + 1);
}

/** Who asks; throws UNAUTHENTICATED when nobody says so. */
export async function authenticate(identity: Identity, headers: Headers): Promise<Identified> {
  const token = tokenOf(headers);
  if (token === undefined)
    throw new SomaError(
      "UNAUTHENTICATED",
      "no token was sent; sign in by the link `npm start` prints, or send an Authorization header",
    );
  return identity.verify(token);
}

interface AuthRoutes {
  identity: Identity;
  /** Makes links and sessions; left out where identity comes from elsewhere. */
  dev: DevIdentity | undefined;
  /** What somebody without a session types on this machine to get a link. */
  signInCommand: string;
  origins: Origins;
}

/** The routes under /auth/. */
export function createAuthRoutes({ identity, dev, signInCommand, origins }: AuthRoutes) {
  return async (request: Request, path: string): Promise<Response> => {
    if (path === "/auth/me" && request.method === "GET") return me(request, identity);
    if (path === "/auth/sign-in" && request.method === "GET" && dev !== undefined)
      return answer({ command: signInCommand }, 200);
    if (request.method !== "POST") throw notServed(request, path);
    origins.check(request);
    if (path === "/auth/exchange" && dev !== undefined) return exchange(request, dev);
    if (path === "/auth/link" && dev !== undefined) return link(request, dev);
    if (path === "/auth/signout")
      return new Response(null, { status: 204, headers: { "set-cookie": cookie(request, "", 0) } });
    throw notServed(request, path);
  };
}

async function me(request: Request, identity: Identity): Promise<Response> {
  const { principal, expiresAt } = await authenticate(identity, request.headers);
  return Response.json({ ...nameOf(principal), expiresAt: expiresAt.toISOString() });
}

async function exchange(request: Request, dev: DevIdentity): Promise<Response> {
  const body = await readJson(request, MAX_BODY_BYTES);
  const token = typeof body === "object" && body !== null && "token" in body ? body.token : undefined;
  if (typeof token !== "string") throw new SomaError("BAD_INPUT", 'the request is not {"token": "..."}');
  const { principal, expiresAt, tokenId } = dev.redeem(token);
  // No longer than what the link was asked for with: a session must not outlive the proof it comes from.
  const seconds = Math.min(SESSION_S, Math.floor((expiresAt.getTime() - Date.now()) / 1_000));
  if (seconds < 1) throw new SomaError("UNAUTHENTICATED", "the token that asked for this sign-in link has expired");
  const access = await dev.issueAccessToken(principal, seconds, tokenId);
  return Response.json(nameOf(principal), { headers: { "set-cookie": cookie(request, access, seconds) } });
}

/** A link that signs in once as the caller, and as nobody else. */
async function link(request: Request, dev: DevIdentity): Promise<Response> {
  const token = dev.issueSignInToken(await authenticate(dev, request.headers));
  return answer({ link: toSignInLink(new URL(request.url).origin, token) }, 200);
}

function nameOf({ tenant, subject, roles }: Principal) {
  return { tenant, subject, roles };
}

function cookie(request: Request, value: string, maxAgeS: number): string {
  const secure = new URL(request.url).protocol === "https:" ? "; Secure" : "";
  return `${COOKIE}=${value}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${maxAgeS}${secure}`;
}
