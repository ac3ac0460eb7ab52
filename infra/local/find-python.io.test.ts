import { expect, it } from "vitest";
import { findPython } from "./find-python.ts";

it("findPython() says what to install where there is none, or one that cannot be used", async () => {
  expect(await findPython(["soma-no-python"])).toEqual({ missing: expect.stringContaining("install Python 3.11") });
  expect(await findPython(["soma-no-python", process.execPath])).toEqual({
    missing: expect.stringContaining("has no pip or no venv"),
  });
});
