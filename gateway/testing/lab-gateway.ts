import { createPrincipalSigner } from "@soma/shared/identity/internal-token";
import { createLog } from "@soma/shared/log";
import { readMetrics } from "@soma/shared/metrics";
import type { JWK } from "jose";
import { createGateway, type GatewayLoad, type GatewayOptions } from "../app.ts";
import { createDevIdentity, type DevIdentity } from "../ground/dev-identity.ts";
import type { Identity } from "../ground/identity.ts";
import type { GatewayLimits } from "../ground/limits.ts";
import { serveGateway } from "../node/serve.ts";
import { createUndiciSend } from "../node/undici-send.ts";

/** What a gateway of a lab is made of, as one text can hold it. */
export interface LabGatewaySpec {
  supergraphSdl: string;
  urls: Readonly<Record<string, string>>;
  limits: Partial<GatewayLimits>;
  /** Signs who asks, for the subgraphs. */
  internalKey: JWK;
  user: { privateJwk: JWK; publicJwk: JWK };
  options: PlainOptions;
}

export type PlainOptions = Pick<Partial<GatewayOptions>, "corsOrigins" | "hosts" | "introspection">;

/** A gateway of a lab, in this process or in another one. */
export interface LabGateway {
  url: string;
  seen(): Promise<LabSeen>;
  /** The metrics of the process it is in. */
  metrics(): Promise<string>;
  /** Drains it, as at a deploy. */
  close(): Promise<void>;
}

/** What a gateway tells its test, and nobody else. */
export interface LabSeen {
  load: GatewayLoad;
  /** Bytes that wait to be read. */
  unread: number;
  /** Lines it logged. */
  logged: Record<string, unknown>[];
  /** Bounds that refused somebody. */
  refused: string[];
}

/** What only a gateway in the process of its test can be given. */
export interface InProcess {
  /** Knows the sign-in tokens that it made; otherwise the gateway has one of its own. */
  identity?: DevIdentity;
  options?: Partial<GatewayOptions>;
  wrapIdentity?: (identity: Identity) => Identity;
}

/** A gateway on a free port, on whichever runtime this is. */
export async function openLabGateway(
  spec: LabGatewaySpec,
  { identity: given, options = {}, wrapIdentity = (each) => each }: InProcess = {},
): Promise<LabGateway> {
  const { supergraphSdl, urls, limits } = spec;
  const logged: LabSeen["logged"] = [];
  const refused: string[] = [];
  const log = createLog({
    level: "info",
    service: "lab",
    destination: { write: (line) => void logged.push(JSON.parse(line) as Record<string, unknown>) },
  });
  const identity = given ?? createDevIdentity(spec.user);
  const subgraphs = createUndiciSend();
  const gateway = createGateway({
    supergraphSdl,
    urls,
    identity: wrapIdentity(identity),
    devIdentity: identity,
    signInCommand: "npx soma signin",
    sign: createPrincipalSigner(spec.internalKey, "soma-gateway"),
    readStatic: async () => undefined,
    log,
    limits,
    send: subgraphs.send,
    streamCursors: { steps: { argument: "after", positions: { Step: "seq" } } },
    onRefused: (bound) => refused.push(bound),
    ...spec.options,
    ...options,
  });
  const listening = { host: "127.0.0.1", port: 0, log, limits, afterClose: subgraphs.close };
  const { url, close } = await serveGateway(gateway, listening);
  return {
    url,
    seen: async () => ({ load: gateway.load(), unread: gateway.unread.bytes(), logged, refused }),
    metrics: async () => (await readMetrics()).body,
    close,
  };
}
