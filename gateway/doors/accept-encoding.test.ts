import { expect, test } from "vitest";
import { chooseEncodings } from "./accept-encoding.ts";

test.each([
  [null, []],
  ["", []],
  ["identity", []],
  ["gzip, deflate, br, zstd", ["br", "gzip"]],
  ["GZIP", ["gzip"]],
  ["x-gzip", ["gzip"]],
  ["br;q=0.5, gzip", ["gzip", "br"]],
  ["br; q=0, gzip;q=0.1", ["gzip"]],
  ["*", ["br", "gzip"]],
  ["*;q=0.2, br;q=0", ["gzip"]],
  ["gzip;q=much", []],
])("chooseEncodings(%j) is %j", (header, encodings) => {
  expect(chooseEncodings(header)).toEqual(encodings);
});
