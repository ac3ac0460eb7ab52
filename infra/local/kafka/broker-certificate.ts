import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { findTestProgram } from "../test-programs.ts";

/** Of no worth to anybody: the store is made for one cluster of a test, and is gone with it. */
const PASSWORD = "of-a-test";
const DAYS = "2";
const KEY = ["-keyalg", "EC", "-groupname", "secp256r1", "-validity", DAYS];
const run = promisify(execFile);

/** What brokers show of themselves over TLS. */
export interface BrokerCertificate {
  /** PKCS12, with the key of the brokers and who signed it. */
  store: string;
  password: string;
  /** PEM file of the authority, for clients. */
  caFile: string;
}

/** A certificate for 127.0.0.1, signed by an authority of its own, made by the tool that comes with Java. */
export async function createBrokerCertificate(folder: string): Promise<BrokerCertificate> {
  const keytool = await findTestProgram({ names: ["keytool"], debian: "openjdk-17-jre-headless" });
  if (keytool === undefined) throw new Error("keytool, which comes with Java, is not on the PATH");
  const [store, caFile] = [join(folder, "brokers.p12"), join(folder, "authority.pem")];
  const place = ["-keystore", store, "-storetype", "PKCS12", "-storepass", PASSWORD];
  const tell = (command: string, ...args: string[]) => run(keytool, [command, ...place, ...args]);
  await tell("-genkeypair", "-alias", "authority", "-dname", "CN=authority of tests", "-ext", "bc:c", ...KEY);
  await tell("-exportcert", "-alias", "authority", "-rfc", "-file", caFile);
  const name = ["-dname", "CN=brokers of tests", "-ext", "san=ip:127.0.0.1"];
  await tell("-genkeypair", "-alias", "brokers", "-signer", "authority", ...name, ...KEY);
  // A broker would show whichever of two keys it comes to first.
  await tell("-delete", "-alias", "authority");
  return { store, password: PASSWORD, caFile };
}
