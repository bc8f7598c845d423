import * as fc from "fast-check";

/** Should it ever come back unescaped in a page, a script could have done so. */
export const markup = '<fuzz x="\'">';
/** Should an answer ever have it as a header, its head was split. */
export const splitHeader = "x-fuzz-split";

const tricks = [
  "",
  markup,
  `\r\n${splitHeader}: 1`,
  `%0d%0a${splitHeader}:%201`,
  `\u560d\u560a${splitHeader}: 1`,
  "//evil.example",
  "/\\evil.example",
  "/%09/evil.example",
  "\t//evil.example",
  "https://evil.example/",
  "https:evil.example",
  "{self}@evil.example/",
  "{self}.evil.example/",
  "javascript:alert(1)",
  "/a/..//evil.example",
  "/%2e%2e//evil.example",
  "..%2f..%2f",
  "%252e%252e%252f",
  "%",
  "%zz",
  "%00",
  "%c0%af",
  "%ff%fe",
  "%u002f",
  "\u0000",
  "\u2028",
  "\u202e",
  "e\u0301\ufb03\u{1f600}",
  "İıſK",
  "\ud800",
  "__proto__",
  "constructor",
  "{}",
  '{"id_token":{"acrs":{"essential":true,"value":"c1"}}}',
  '{"__proto__":{"a":1}}',
  "[".repeat(2_000),
  "-1",
  "1e309",
  "a".repeat(2_049),
  "a".repeat(9_000),
  "{sid}",
  "{session}",
  "{self}/healthz",
] as const;

const escaped = fc
  .uint8Array({ minLength: 1, maxLength: 6 })
  .map((bytes) => [...bytes].map((byte) => `%${byte.toString(16).padStart(2, "0")}`).join(""));

/** A text that programs trip over, or any other. */
export const text: fc.Arbitrary<string> = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom(...tricks) },
  { weight: 2, arbitrary: fc.string({ maxLength: 24 }) },
  { weight: 2, arbitrary: fc.string({ unit: "binary", maxLength: 8 }) },
  { weight: 1, arbitrary: escaped },
);
