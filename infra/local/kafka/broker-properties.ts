import type { BrokerCertificate } from "./broker-certificate.ts";

/** Ports of one broker on loopback. */
export interface BrokerPlace {
  port: number;
  /** Where clients sign in by SCRAM, or whoever comes through a proxy. */
  saslPort: number;
  /** Where clients come by TLS, and where they sign in by it. */
  tlsPort: number;
  tlsSaslPort: number;
  controllerPort: number;
}

export interface ClusterShape {
  /** Brokers; 1 when left out. Of three and more, every topic has three copies, of which two must be written. */
  brokers?: number;
  /**
   * Passwords of users, who sign in and may do what access lists let them; `admin` may do everything, as may whoever comes by
   * the ports without a password. Left out, there is no other port and no list.
   */
  users?: Record<string, string>;
  /** Whether there are ports for clients that come by TLS too; one of them for users, where there are users. */
  hasTls?: boolean;
  /** Port of a proxy that stands before the one broker: it is told to whoever comes that way. Not together with `users`. */
  proxyPort?: number;
}

interface PropertiesParams {
  /** Which of the brokers, from 0. */
  at: number;
  places: readonly BrokerPlace[];
  /** Its own, for what it writes. */
  folder: string;
  shape: ClusterShape;
  /** What it shows of itself over TLS, where it has such ports. */
  certificate: BrokerCertificate | undefined;
}

/** The settings of one broker, as the file of it has them. */
export function propertiesOf({ at, places, folder, shape, certificate }: PropertiesParams): string {
  const place = places[at];
  if (place === undefined) throw new Error(`there is no broker ${at}`);
  const copies = Math.min(3, places.length);
  const needed = copies === 3 ? 2 : 1;
  const hasUsers = shape.users !== undefined;
  const listeners = [`PLAINTEXT://127.0.0.1:${place.port}`];
  if (hasUsers) listeners.push(`SASL_PLAINTEXT://127.0.0.1:${place.saslPort}`);
  if (certificate !== undefined) {
    listeners.push(`SSL://127.0.0.1:${place.tlsPort}`);
    if (hasUsers) listeners.push(`SASL_SSL://127.0.0.1:${place.tlsSaslPort}`);
  }
  const told = [...listeners];
  if (shape.proxyPort !== undefined) {
    listeners.push(`PROXIED://127.0.0.1:${place.saslPort}`);
    told.push(`PROXIED://127.0.0.1:${shape.proxyPort}`);
  }
  const settings: Record<string, string | number | boolean> = {
    "process.roles": "broker,controller",
    "node.id": at + 1,
    "controller.quorum.voters": places.map((each, i) => `${i + 1}@127.0.0.1:${each.controllerPort}`).join(","),
    listeners: [...listeners, `CONTROLLER://127.0.0.1:${place.controllerPort}`].join(","),
    "advertised.listeners": told.join(","),
    "listener.security.protocol.map": PROTOCOLS,
    "inter.broker.listener.name": "PLAINTEXT",
    "controller.listener.names": "CONTROLLER",
    "log.dirs": `${folder}/data`,
    "default.replication.factor": copies,
    "min.insync.replicas": needed,
    "offsets.topic.replication.factor": copies,
    "offsets.topic.num.partitions": 4,
    "transaction.state.log.replication.factor": copies,
    "transaction.state.log.min.isr": needed,
    "transaction.state.log.num.partitions": 4,
    "share.coordinator.state.topic.replication.factor": copies,
    "share.coordinator.state.topic.min.isr": needed,
    "group.initial.rebalance.delay.ms": 0,
    "auto.create.topics.enable": false,
    "log.cleaner.dedupe.buffer.size": 2_097_152,
    "broker.session.timeout.ms": 6_000,
    "broker.heartbeat.interval.ms": 1_000,
    "controller.quorum.election.timeout.ms": 1_000,
    "controller.quorum.fetch.timeout.ms": 2_000,
    ...(hasUsers ? ACCESS : {}),
    ...(certificate === undefined ? {} : tlsOf(certificate)),
  };
  return `${Object.entries(settings)
    .map(([name, value]) => `${name}=${value}`)
    .join("\n")}\n`;
}

const PROTOCOLS =
  "PLAINTEXT:PLAINTEXT,PROXIED:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT,SSL:SSL,SASL_SSL:SASL_SSL,CONTROLLER:PLAINTEXT";

const tlsOf = ({ store, password }: BrokerCertificate) => ({
  "ssl.keystore.type": "PKCS12",
  "ssl.keystore.location": store,
  "ssl.keystore.password": password,
  "ssl.key.password": password,
});

const SCRAM = "org.apache.kafka.common.security.scram.ScramLoginModule required;";
const ACCESS = {
  "sasl.enabled.mechanisms": "SCRAM-SHA-512",
  "listener.name.sasl_plaintext.scram-sha-512.sasl.jaas.config": SCRAM,
  "listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config": SCRAM,
  "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
  "super.users": "User:admin;User:ANONYMOUS",
  "allow.everyone.if.no.acl.found": false,
};

/** The users, as the program that formats a broker's folder takes them. */
export function scramOf({ users = {} }: ClusterShape): string[] {
  return Object.entries(users).flatMap(([name, password]) => [
    "--add-scram",
    `SCRAM-SHA-512=[name=${name},password=${password}]`,
  ]);
}
