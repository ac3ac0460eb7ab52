import { tmpdir } from "node:os";
import { onLinux } from "@soma/shared/testing/on-linux";
import { describe, expect, it } from "vitest";
import { createDiskCheck } from "./disk-space.ts";

describe("createDiskCheck()", () => {
  it("passes while there is room", async () => {
    await expect(createDiskCheck("the test", tmpdir())()).resolves.toBeUndefined();
  });

  it.skipIf(process.platform !== "linux")(onLinux("passes where neither bytes nor files are counted"), async () => {
    await expect(createDiskCheck("the test", "/proc")()).resolves.toBeUndefined();
  });
});
