import { readFile } from "node:fs/promises";
import { join } from "node:path";

/** The line of postmaster.pid with the port. */
const PORT_LINE = 3;

/** The database of a product that runs on this machine, for `SomaSaver`: by its data folder, `.soma` where it is started without another. */
export async function databaseUrlOf(dataDir: string): Promise<string> {
  const [pid, secrets] = await Promise.all(["pg/postmaster.pid", "secrets.json"].map((file) => readOf(dataDir, file)));
  const port = pid?.split("\n")[PORT_LINE]?.trim();
  const { postgres } = JSON.parse(secrets ?? "{}") as { postgres?: { request?: string } };
  if (port === undefined || postgres?.request === undefined)
    throw new Error(
      `nothing runs on the data folder ${dataDir}; run \`npm start -- --data ${dataDir}\`, or name the folder of what runs`,
    );
  return `postgres://soma_request:${encodeURIComponent(postgres.request)}@127.0.0.1:${port}/postgres`;
}

async function readOf(dataDir: string, file: string): Promise<string | undefined> {
  return readFile(join(dataDir, file), "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
}
