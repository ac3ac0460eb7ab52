import { buildWebPage } from "./web-page.ts";

/** Tests of the whole product find the page of today's sources. */
export default async function setup(): Promise<void> {
  await buildWebPage({ dataDir: undefined });
}
