interface Asked {
  /** Text of a GraphQL document. */
  document: string;
  variables: Readonly<Record<string, unknown>>;
  /** Where the API is, such as http://127.0.0.1:4700. */
  origin: string;
  /** What the command line has for it. */
  command: string;
}

/**
 * What shows on this page, as others ask for it: the document that the page itself sends, the same by curl, and the command.
 * Who asks says who they are by SOMA_TOKEN, as the command line does: no token is ever copied.
 */
export function copiesOf({ document, variables, origin, command }: Asked): { name: string; text: string }[] {
  const query = document.trim();
  const body = JSON.stringify({ query, variables });
  const curl = [
    `curl -sS '${origin}/graphql' \\`,
    "  -H 'content-type: application/json' \\",
    '  -H "authorization: Bearer $SOMA_TOKEN" \\',
    "  --data-binary @- <<'SOMA'",
    body,
    "SOMA",
  ];
  return [
    { name: "GraphQL", text: `${query}\n\n# variables: ${JSON.stringify(variables)}\n` },
    { name: "curl", text: `${curl.join("\n")}\n` },
    { name: "CLI", text: `${command}\n` },
  ];
}
