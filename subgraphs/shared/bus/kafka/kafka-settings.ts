import { readFileSync } from "node:fs";
import { ConfigError, integer, oneOf, readSettings, text } from "../../config.ts";
import { isTenant } from "../../identity/principal.ts";

const settings = {
  brokers: text({
    env: "SOMA_KAFKA_BROKERS",
    doc: "brokers of Kafka to begin with, as host:port,host:port",
  }),
  clientId: text({
    env: "SOMA_KAFKA_CLIENT_ID",
    doc: "name this process has in Kafka's logs and quotas",
    default: "soma",
  }),
  tls: oneOf(["off", "on"], { env: "SOMA_KAFKA_TLS", doc: "whether brokers are asked over TLS", default: "off" }),
  caFile: text({
    env: "SOMA_KAFKA_CA_FILE",
    doc: "PEM file of the authority that signed the brokers' certificates; those Node knows when left out",
    default: "",
  }),
  mechanism: oneOf(["none", "plain", "scram-sha-256", "scram-sha-512"], {
    env: "SOMA_KAFKA_SASL_MECHANISM",
    doc: "how this process signs in to Kafka",
    default: "none",
  }),
  username: text({ env: "SOMA_KAFKA_SASL_USERNAME", doc: "user that signs in to Kafka", default: "" }),
  password: text({ env: "SOMA_KAFKA_SASL_PASSWORD", doc: "password of that user", default: "", secret: true }),
  passwordFile: text({
    env: "SOMA_KAFKA_SASL_PASSWORD_FILE",
    doc: "file that holds the password, in place of SOMA_KAFKA_SASL_PASSWORD",
    default: "",
  }),
  pooledTenants: text({
    env: "SOMA_KAFKA_POOLED_TENANTS",
    doc: "tenants whose events stand in topics that they share, soma.pool.EVENT, with commas; * for all",
    default: "",
  }),
  transactions: oneOf(["off", "on"], {
    env: "SOMA_KAFKA_TRANSACTIONS",
    doc: "whether a relay sends in transactions, so that brokers shut out one that lost its lease",
    default: "off",
  }),
  requestMs: integer({
    env: "SOMA_KAFKA_REQUEST_MS",
    doc: "milliseconds a broker may take to answer",
    default: 10_000,
    min: 1_000,
    max: 60_000,
  }),
};

/** How Kafka is reached; parsed and whole. */
export interface KafkaSettings {
  brokers: string[];
  clientId: string;
  requestMs: number;
  /** Whether a relay sends in transactions. */
  hasTransactions: boolean;
  /** Those that share topics. */
  pooledTenants: string[];
  ca: string | undefined;
  isTls: boolean;
  user: { mechanism: "plain" | "scram-sha-256" | "scram-sha-512"; username: string; password: string } | undefined;
}

/** Throws ConfigError with every fault. */
export function readKafkaSettings(env: Record<string, string | undefined>): KafkaSettings {
  const said = readSettings(settings, env);
  const brokers = said.brokers.split(",").map((broker) => broker.trim());
  const pooled = said.pooledTenants.split(",").flatMap((tenant) => tenant.trim() || []);
  const faults = [
    ...brokers
      .filter((broker) => !isAddress(broker))
      .map((broker) => `SOMA_KAFKA_BROKERS: "${broker}" is not host:port`),
    ...(said.mechanism !== "none" && said.username === ""
      ? [`SOMA_KAFKA_SASL_USERNAME is not set; ${said.mechanism} signs in with a user`]
      : []),
    ...(said.password !== "" && said.passwordFile !== ""
      ? ["SOMA_KAFKA_SASL_PASSWORD and SOMA_KAFKA_SASL_PASSWORD_FILE are both set; keep one of them"]
      : []),
    ...pooled
      .filter((tenant) => tenant !== "*" && !isTenant(tenant))
      .map((tenant) => `SOMA_KAFKA_POOLED_TENANTS: "${tenant}" is no name of a tenant`),
    ...(said.tls === "off" && said.caFile !== "" ? ["SOMA_KAFKA_CA_FILE is set, and SOMA_KAFKA_TLS is off"] : []),
  ];
  const password =
    said.passwordFile === "" ? said.password : fileOf("SOMA_KAFKA_SASL_PASSWORD_FILE", said.passwordFile, faults);
  const ca = said.caFile === "" ? undefined : fileOf("SOMA_KAFKA_CA_FILE", said.caFile, faults);
  if (faults.length > 0) throw new ConfigError(faults);
  const { mechanism, username } = said;
  return {
    brokers,
    clientId: said.clientId,
    requestMs: said.requestMs,
    hasTransactions: said.transactions === "on",
    pooledTenants: pooled,
    isTls: said.tls === "on",
    ca,
    user: mechanism === "none" ? undefined : { mechanism, username, password: password.trimEnd() },
  };
}

function isAddress(text: string): boolean {
  const [, port] = /^[^\s:/]+:(\d{1,5})$/.exec(text) ?? [];
  return port !== undefined && Number(port) > 0 && Number(port) < 65_536;
}

function fileOf(name: string, path: string, faults: string[]): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    faults.push(`${name}: "${path}" cannot be read: ${error instanceof Error ? error.message : String(error)}`);
    return "";
  }
}
