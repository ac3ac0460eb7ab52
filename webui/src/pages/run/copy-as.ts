interface Asked {
  /** Text of a GraphQL document. */
  document: string;
  variables: Readonly<Record<string, string>>;
  /** Where the API is, such as http://127.0.0.1:4700. */
  origin: string;
  /** How the command line is called, such as `npx soma --data DIR`. */
  soma: string;
  /** What it has for it, such as `runs show ID`. */
  command: string;
}

/**
 * What shows on this page, as others ask for it: the document that the page itself sends, the same by curl, and the command.
 * Each can be pasted where it belongs and does the same. Who asks says who they are by SOMA_TOKEN, or by the token that the
 * command line of this machine has: none is ever copied.
 */
export function copiesOf({ document, variables, origin, soma, command }: Asked): { name: string; text: string }[] {
  const query = document.trim();
  const curl = [
    `curl -sS '${origin}/graphql' \\`,
    "  -H 'content-type: application/json' \\",
    `  -H "authorization: Bearer \${SOMA_TOKEN:-$(${soma} token)}" \\`,
    "  --data-binary @- <<'SOMA'",
    JSON.stringify({ query, variables }),
    "SOMA",
  ];
  return [
    { name: "GraphQL", text: `${withValues(query, variables)}\n` },
    { name: "curl", text: `${curl.join("\n")}\n` },
    { name: "CLI", text: `${soma} ${command}\n` },
  ];
}

/** The document with the values as defaults of its variables, so that it needs nothing beside it. A string of JSON is one of GraphQL. */
function withValues(query: string, variables: Asked["variables"]): string {
  return query.replace(/\$(\w+): ?[\w![\]]+/g, (declared, name: string) =>
    Object.hasOwn(variables, name) ? `${declared} = ${JSON.stringify(variables[name])}` : declared,
  );
}

/** The command line by itself, of the command that gives a sign-in link. */
export function somaOf(signInCommand: string): string {
  return signInCommand.endsWith(SIGN_IN) ? signInCommand.slice(0, -SIGN_IN.length) : "npx soma";
}

const SIGN_IN = " signin";
