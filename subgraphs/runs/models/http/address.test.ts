import { describe, expect, test } from "vitest";
import { basesOf, operationAt, repairAddress } from "./address.ts";

describe("repairAddress()", () => {
  test.each([
    ["http://127.0.0.1:11434", "http://127.0.0.1:11434"],
    [" https://api.example.com/v1/ ", "https://api.example.com/v1"],
    ["https://api.example.com/v1/chat/completions", "https://api.example.com/v1"],
    ["http://localhost:8000/v1/models", "http://localhost:8000/v1"],
    ["localhost:11434", "http://localhost:11434"],
    ["192.168.1.7:1234/v1", "http://192.168.1.7:1234/v1"],
    ["ollama:11434", "http://ollama:11434"],
    ["host.docker.internal:11434", "http://host.docker.internal:11434"],
    ["0.0.0.0:11434", "http://0.0.0.0:11434"],
    ["100.64.1.2:11434", "http://100.64.1.2:11434"],
    ["100.128.1.2:11434", "https://100.128.1.2:11434"],
    ["gpu.lan:8000", "http://gpu.lan:8000"],
    ["[fd00::1]:11434", "http://[fd00::1]:11434"],
    ["[2001:db8::1]:8000", "https://[2001:db8::1]:8000"],
    ["lan.example.com:8000", "https://lan.example.com:8000"],
    ["api.example.com/v1", "https://api.example.com/v1"],
    [
      "https://x.example.com/openai/deployments/d/chat/completions?api-version=2026-01-01",
      "https://x.example.com/openai/deployments/d?api-version=2026-01-01",
    ],
    ["ftp://a/v1", "ftp://a/v1"],
    ["not a url", "not a url"],
    ["", ""],
  ])("reads %j as %j", (written, address) => {
    expect(repairAddress(written)).toBe(address);
  });
});

describe("operationAt()", () => {
  test("keeps the query behind the path", () => {
    expect(operationAt("https://a/d?api-version=1", "/chat/completions")).toBe(
      "https://a/d/chat/completions?api-version=1",
    );
    expect(operationAt("https://a/v1/", "/models")).toBe("https://a/v1/models");
  });
});

describe("basesOf()", () => {
  test("looks below /v1 as well, where the address has no version of its own", () => {
    expect(basesOf("http://a:11434")).toEqual(["http://a:11434", "http://a:11434/v1"]);
    expect(basesOf("https://a/api")).toEqual(["https://a/api", "https://a/api/v1"]);
    for (const whole of ["https://a/v1", "https://a/v1beta/openai", "https://a/openai/deployments/d?api-version=1"])
      expect(basesOf(whole)).toEqual([whole]);
  });
});
