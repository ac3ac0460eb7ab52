/** A link that signs a browser in once as the owner of the token, or why the product at the address gave none. */
export type SignInLink = { link: string } | { status: number; reason: string | undefined };

const WAIT_MS = 10_000;

/** Asks the product for it, as everybody does: it makes the link and remembers which was used. Throws when no answer comes. */
export async function askForSignInLink({ url, token }: { url: string; token: string }): Promise<SignInLink> {
  const response = await fetch(new URL("/auth/link", url), {
    method: "POST",
    headers: { authorization: `Bearer ${token}` },
    signal: AbortSignal.timeout(WAIT_MS),
  });
  const body = (await response.json().catch(() => null)) as Partial<{ link: unknown; errors: unknown }> | null;
  if (response.ok && typeof body?.link === "string") return { link: body.link };
  const [first] = (Array.isArray(body?.errors) ? body.errors : []) as Partial<{ message: unknown }>[];
  return { status: response.status, reason: typeof first?.message === "string" ? first.message : undefined };
}
