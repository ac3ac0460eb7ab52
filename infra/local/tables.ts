import { migrateSchemas } from "./database.ts";
import { SCHEMAS } from "./parts.ts";
import { readTablesConfig } from "./tables-config.ts";

/**
 * Makes the roles and the tables that the parts need, and brings older tables up to date: what `npm start` does for itself,
 * for who starts each part as a program of its own. Again it changes nothing, and two at a time take turns.
 */
async function main(): Promise<void> {
  const { ownerUrl, passwords } = readTablesConfig(process.env);
  const count = await migrateSchemas(ownerUrl, passwords, Object.keys(SCHEMAS));
  const tables = count === 0 ? "the tables are as they are to be" : `${count} migrations were applied`;
  process.stdout.write(`the roles soma_request and soma_worker are there; ${tables}\n`);
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error);
    process.stderr.write(`the tables could not be made: ${reason}\n`);
    process.exit(1);
  },
);
