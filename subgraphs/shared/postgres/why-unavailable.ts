const LOST = "the connection to the database was lost";
const UNREACHED = "the database cannot be reached";
const OVER = "this service has closed its connections to the database";

const IN_THE_WAY = "two transactions stood in each other's way";

/** Codes that the driver makes up. */
const OF_DRIVER: Readonly<Record<string, string>> = {
  CONNECTION_CLOSED: LOST,
  CONNECTION_DESTROYED: OVER,
  CONNECTION_ENDED: OVER,
  CONNECT_TIMEOUT: "the database did not answer a new connection in time",
};

/** Codes of the system, which other sockets have too. */
const OF_SYSTEM: Readonly<Record<string, string>> = {
  EADDRNOTAVAIL: UNREACHED,
  EAI_AGAIN: "the name of the database's host cannot be looked up",
  ECONNABORTED: LOST,
  ECONNREFUSED: "the database refuses connections",
  ECONNRESET: LOST,
  EHOSTUNREACH: UNREACHED,
  EMFILE: "this service has too many files open to reach the database",
  ENETUNREACH: UNREACHED,
  ENFILE: "the machine has too many files open to reach the database",
  // The socket file of a server on this machine.
  ENOENT: UNREACHED,
  ENOTFOUND: "the name of the database's host cannot be looked up",
  EPIPE: LOST,
  ERR_STREAM_DESTROYED: LOST,
  ERR_STREAM_WRITE_AFTER_END: LOST,
  ETIMEDOUT: "the database did not answer in time",
};

/** What the server says, by SQLSTATE. */
const OF_SERVER: Readonly<Record<string, string>> = {
  "25P03": "the database ended a transaction that stood idle",
  "25P04": "the database ended a transaction that took too long",
  "40001": IN_THE_WAY,
  "40P01": IN_THE_WAY,
  "53100": "the disk of the database is full",
  "53200": "the database is out of memory",
  "53300": "the database has no connection left",
  "53400": "the database has reached a limit of its settings",
  "55P03": "the database could not lock what is needed in time",
  "57014": "the database did not finish a statement in time",
  "57P01": "the database ended the connection",
  "57P02": "the database crashed and starts again",
  "57P03": "the database is starting up or shutting down",
  "57P05": "the database ended the connection",
  "58030": "the database cannot use its disk",
};

/** `DrizzleQueryError` around the error of the driver is one deep. */
const CAUSES = 3;

/**
 * Why the database could not serve, in a few words that a caller may read; undefined for every error that says something about
 * the request, or is not the database's. `asked` is for errors that can only come from it: a refused socket looks like any other.
 */
export function whyUnavailable(error: unknown, options: { asked?: boolean } = {}): string | undefined {
  let each = error;
  for (let depth = 0; depth <= CAUSES && each instanceof Error; depth += 1) {
    const reason = reasonOf(each, options.asked === true);
    if (reason !== undefined) return reason;
    each = each.cause;
  }
  return undefined;
}

function reasonOf(error: Error & { code?: unknown }, asked: boolean): string | undefined {
  const { code } = error;
  if (typeof code !== "string") return undefined;
  if (error.name === "PostgresError") return own(OF_SERVER, code) ?? (code.startsWith("08") ? LOST : undefined);
  return own(OF_DRIVER, code) ?? (asked || isOfStatement(error) ? own(OF_SYSTEM, code) : undefined);
}

/** The driver notes the statement in each error that ended one. */
function isOfStatement(error: Error): boolean {
  return "query" in error && "parameters" in error;
}

function own(table: Readonly<Record<string, string>>, code: string): string | undefined {
  return Object.hasOwn(table, code) ? table[code] : undefined;
}
