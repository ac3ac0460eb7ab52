import { fileURLToPath } from "node:url";
import { resolveConfig } from "vite";
import { afterEach, expect, test, vi } from "vitest";

afterEach(() => void vi.unstubAllEnvs());

test.each(["", "development", "test", "production"])(
  "the page that is built is for users where NODE_ENV is %j",
  async (word) => {
    vi.stubEnv("NODE_ENV", word);
    const root = fileURLToPath(new URL("./", import.meta.url));
    expect(await resolveConfig({ root, configLoader: "native" }, "build")).toMatchObject({ isProduction: true });
  },
);
