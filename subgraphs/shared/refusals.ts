import { DEPLOY_MODES, type DeployMode, PRODUCTION } from "@soma/schemas/deploy-modes";

/** What a mode does not let be set otherwise, because that would weaken it. */
export interface Refusal {
  env: string;
  modes: readonly DeployMode[];
  /** The values that are good. */
  allows: RegExp;
  /** What holds when it is not set; the default that the setting declares. */
  unset: string;
  why: string;
  /** The processes that read it; every one when left out. */
  parts?: readonly string[];
  /** Another setting, beside whose value this one counts. */
  beside?: { env: string; is: string };
  /** What is said instead of a value, which may be a secret. */
  shown?: string;
}

const TRUE = /^true$/;
const onKafka = { env: "SOMA_EVENT_BUS", is: "kafka" };

export const REFUSALS: readonly Refusal[] = [
  {
    env: "JWT_ENABLED",
    modes: DEPLOY_MODES,
    allows: TRUE,
    unset: "true",
    why: "who asks is known by a signed token, and nobody is answered without one",
  },
  {
    env: "OPA_ENABLED",
    modes: DEPLOY_MODES,
    allows: TRUE,
    unset: "true",
    why: "each call of a tool is decided by the policy, and none is made without a decision",
  },
  {
    env: "USE_REAL_INFRA",
    modes: PRODUCTION,
    allows: TRUE,
    unset: "false",
    why: "what stands in one process alone is lost with it",
  },
  {
    env: "SOMA_EVENT_BUS",
    modes: DEPLOY_MODES,
    allows: /^(?:kafka|hold)?$/,
    unset: "",
    why: "with USE_REAL_INFRA events reach every part, and a local bus reaches one process",
    beside: { env: "USE_REAL_INFRA", is: "true" },
  },
  {
    env: "MTLS_ENABLED",
    modes: PRODUCTION,
    allows: TRUE,
    unset: "false",
    why: "parts call each other over plain HTTP, which only mutual TLS of the network keeps from others",
  },
  {
    env: "SOMA_USER_SIGNING_KEY",
    modes: PRODUCTION,
    allows: /^$/,
    unset: "",
    why: "signing in by a link is for one machine, and who holds the key may be anybody",
    parts: ["gateway"],
    shown: "set",
  },
  {
    env: "SOMA_OIDC_JWKS_URL",
    modes: PRODUCTION,
    allows: /^(?:https:.*)?$/i,
    unset: "",
    why: "whoever stands between could hand out keys of their own; use https://",
    parts: ["gateway"],
  },
  {
    env: "SOMA_GATEWAY_INTROSPECTION",
    modes: PRODUCTION,
    allows: /^off$/,
    unset: "on",
    why: "the schema is not told to whoever asks",
    parts: ["gateway"],
  },
  {
    env: "SOMA_GATEWAY_REDIS_URL",
    modes: PRODUCTION,
    allows: /^(?:rediss:.*)?$/i,
    unset: "",
    why: "its password and who asks for what would go over the network unencrypted; use rediss://",
    parts: ["gateway"],
    shown: "an address without TLS",
  },
  {
    env: "SOMA_KAFKA_TLS",
    modes: PRODUCTION,
    allows: /^on$/,
    unset: "off",
    why: "events would go over the network unencrypted",
    beside: onKafka,
  },
  {
    env: "SOMA_KAFKA_SASL_MECHANISM",
    modes: PRODUCTION,
    allows: /^(?:plain|scram-sha-256|scram-sha-512)$/,
    unset: "none",
    why: "the brokers would not know who writes to a tenant's topics",
    beside: onKafka,
  },
  {
    env: "SOMA_KAFKA_SASL_PASSWORD",
    modes: PRODUCTION,
    allows: /^$/,
    unset: "",
    why: "a password comes from the file that SOMA_KAFKA_SASL_PASSWORD_FILE names",
    shown: "set",
  },
];

type Env = Readonly<Record<string, string | undefined>>;

/** What an environment weakens, by name; of one process, or of all of them when `part` is left out. */
export function findRefused(env: Env, { mode, part }: { mode: DeployMode; part?: string }): string[] {
  return REFUSALS.filter(({ modes, parts }) => modes.includes(mode) && isRead(parts, part))
    .filter(({ beside }) => beside === undefined || env[beside.env] === beside.is)
    .flatMap((refusal) => {
      const value = env[refusal.env] || refusal.unset;
      return refusal.allows.test(value) ? [] : [toWords(refusal, mode, value)];
    });
}

function isRead(parts: readonly string[] | undefined, part: string | undefined): boolean {
  return parts === undefined || part === undefined || parts.includes(part);
}

/** The same words wherever it is refused: when a process starts, when a file is made, when somebody asks, and by Helm. */
export function toWords({ env, shown, why }: Refusal, mode: string, value: string): string {
  return `${env} is ${shown ?? value}, which mode ${mode} refuses: ${why}`;
}
