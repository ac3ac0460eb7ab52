import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { ConfigError } from "../../config.ts";
import { readKafkaSettings } from "./kafka-settings.ts";

it("readKafkaSettings() gives brokers alone, with nobody signed in and no TLS, where no more is said", () => {
  expect(readKafkaSettings({ SOMA_KAFKA_BROKERS: "a.example:9092, 127.0.0.1:9093" })).toEqual({
    brokers: ["a.example:9092", "127.0.0.1:9093"],
    clientId: "soma",
    requestMs: 10_000,
    hasTransactions: false,
    pooledTenants: [],
    isTls: false,
    ca: undefined,
    user: undefined,
  });
});

it("readKafkaSettings() reads a password and an authority from their files", () => {
  const folder = mkdtempSync(join(tmpdir(), "soma-kafka-settings-"));
  writeFileSync(join(folder, "password"), "secret\n");
  writeFileSync(join(folder, "ca.pem"), "-----BEGIN CERTIFICATE-----");
  const settings = readKafkaSettings({
    SOMA_KAFKA_BROKERS: "a:1",
    SOMA_KAFKA_TLS: "on",
    SOMA_KAFKA_TRANSACTIONS: "on",
    SOMA_KAFKA_CA_FILE: join(folder, "ca.pem"),
    SOMA_KAFKA_POOLED_TENANTS: "small, tiny",
    SOMA_KAFKA_SASL_MECHANISM: "scram-sha-512",
    SOMA_KAFKA_SASL_USERNAME: "relay",
    SOMA_KAFKA_SASL_PASSWORD_FILE: join(folder, "password"),
  });
  rmSync(folder, { recursive: true });
  expect(settings).toMatchObject({
    isTls: true,
    hasTransactions: true,
    pooledTenants: ["small", "tiny"],
    ca: "-----BEGIN CERTIFICATE-----",
    user: { mechanism: "scram-sha-512", username: "relay", password: "secret" },
  });
});

it("readKafkaSettings() tells every fault at once, and no password", () => {
  const env = {
    SOMA_KAFKA_BROKERS: "here,there:99999",
    SOMA_KAFKA_SASL_MECHANISM: "plain",
    SOMA_KAFKA_SASL_PASSWORD: "hunter2",
    SOMA_KAFKA_POOLED_TENANTS: "small,Tiny",
    SOMA_KAFKA_SASL_PASSWORD_FILE: "/nowhere/password",
    SOMA_KAFKA_CA_FILE: "/nowhere/ca.pem",
  };
  const faults = (() => {
    try {
      readKafkaSettings(env);
    } catch (error) {
      return error instanceof ConfigError ? error.faults : [];
    }
    return [];
  })();
  expect(faults.map((fault) => fault.split(" ", 1)[0])).toEqual([
    "SOMA_KAFKA_BROKERS:",
    "SOMA_KAFKA_BROKERS:",
    "SOMA_KAFKA_SASL_USERNAME",
    "SOMA_KAFKA_SASL_PASSWORD",
    "SOMA_KAFKA_POOLED_TENANTS:",
    "SOMA_KAFKA_CA_FILE",
    "SOMA_KAFKA_SASL_PASSWORD_FILE:",
    "SOMA_KAFKA_CA_FILE:",
  ]);
  expect(faults.join()).not.toContain("hunter2");
});
