import { json, type Setting, text } from "../config.ts";
import { type KeyUse, parseKeys, type TimedKey } from "./key-ring.ts";

interface Declared {
  env: string;
  doc: string;
  inFile: string;
  use: KeyUse;
  /** Another setting, with which these need not be there. */
  or?: string;
}

/** Every set of keys of the product, by what a config calls it. */
export const KEYS = {
  internalSigningKey: {
    env: "SOMA_INTERNAL_SIGNING_KEY",
    doc: "private Ed25519 JWK of the internal tokens, which tell the subgraphs who asks; or a set of them",
    inFile: "SOMA_INTERNAL_SIGNING_KEY_FILE",
    use: "sign",
  },
  internalVerifyKey: {
    env: "SOMA_INTERNAL_VERIFY_KEY",
    doc: "public Ed25519 JWK of the internal tokens, or a set of them",
    inFile: "SOMA_INTERNAL_VERIFY_KEY_FILE",
    use: "verify",
  },
  decisionSigningKey: {
    env: "SOMA_DECISION_SIGNING_KEY",
    doc: "private Ed25519 JWK that signs decisions, or a set of them",
    inFile: "SOMA_DECISION_SIGNING_KEY_FILE",
    use: "sign",
  },
  decisionVerifyKey: {
    env: "SOMA_DECISION_VERIFY_KEY",
    doc: "public Ed25519 JWK of the policy's decision tokens, or a set of them",
    inFile: "SOMA_DECISION_VERIFY_KEY_FILE",
    use: "verify",
  },
  userVerifyKey: {
    env: "SOMA_USER_VERIFY_KEY",
    doc: "public Ed25519 JWK of the tokens callers bring, or a set of them",
    inFile: "SOMA_USER_VERIFY_KEY_FILE",
    use: "verify",
    or: "SOMA_OIDC_JWKS_URL",
  },
} as const satisfies Record<string, Declared>;

export type KeyName = keyof typeof KEYS;

/** What a config says of keys: themselves, or the file that holds them; neither where something else stands in their place. */
export type KeyConfig<N extends KeyName> = Readonly<
  Record<N, readonly TimedKey[] | undefined> & Record<`${N}File`, string>
>;

type KeySettings<N extends KeyName> = Record<N, Setting<readonly TimedKey[] | undefined>> &
  Record<`${N}File`, Setting<string>>;

/** The two settings of keys, of which one is set. */
export function keySettings<N extends KeyName>(name: N): KeySettings<N> {
  const { use, ...declared }: Declared = KEYS[name];
  const { env, inFile } = declared;
  return {
    [name]: json<readonly TimedKey[] | undefined>((value) => parseKeys(value, use), {
      ...declared,
      ...(use === "sign" ? { secret: true } : {}),
    }),
    [`${name}File`]: text({
      env: inFile,
      doc: `file that holds the same in place of ${env}, and is followed`,
      default: "",
    }),
  } as KeySettings<N>;
}
