import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { describeUserAgent } from "../../shared/http/user-agent.ts";
import { logTelemetry, type Log } from "../../shared/telemetry/log.ts";

function recorder(): { log: Log; lines: [level: string, ...values: unknown[]][] } {
  const lines: [level: string, ...values: unknown[]][] = [];
  const at =
    (level: string) =>
    (...values: unknown[]) =>
      void lines.push([level, ...values]);
  return { lines, log: { info: at("info"), warn: at("warn"), error: at("error") } };
}

describe("an event", () => {
  test("is one line of JSON at its level, and nothing but what was given", () => {
    const { log, lines } = recorder();
    const telemetry = logTelemetry(log);
    telemetry.info("session_opened", { hasSid: true });
    telemetry.warn("sid_missing");
    telemetry.error("signout", { outcome: "failed", durationMs: 12 });
    assert.deepEqual(lines, [
      ["info", '{"event":"session_opened","hasSid":true}'],
      ["warn", '{"event":"sid_missing"}'],
      ["error", '{"event":"signout","outcome":"failed","durationMs":12}'],
    ]);
  });

  test("stays one line whatever its values", () => {
    const { log, lines } = recorder();
    logTelemetry(log).info("token_renewed", { api: 'a\nb"}\r{"event":"forged"' });
    const [[, line] = assert.fail()] = lines;
    assert.doesNotMatch(String(line), /[\r\n]/);
    assert.equal((JSON.parse(String(line)) as { event: string }).event, "token_renewed");
  });
});

describe("in the list of sessions a browser is called", () => {
  const windows = "Mozilla/5.0 (Windows NT 10.0; Win64; x64)";
  const mac = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)";
  const iphone = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X)";
  const webkit = "AppleWebKit/605.1.15 (KHTML, like Gecko)";
  const chrome = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36";

  const names: readonly [name: string, header: string | null][] = [
    ["Chrome on Windows", `${windows} ${chrome}`],
    ["Microsoft Edge on Windows", `${windows} ${chrome} Edg/140.0`],
    ["Opera on Windows", `${windows} ${chrome} OPR/120.0`],
    ["Chrome on Android", `Mozilla/5.0 (Linux; Android 10; K) ${chrome}`],
    ["Chrome on ChromeOS", `Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) ${chrome}`],
    ["Firefox on Linux", "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"],
    ["Safari on macOS", `${mac} ${webkit} Version/18.0 Safari/605.1.15`],
    ["Safari on iOS", `${iphone} ${webkit} Version/18.0 Mobile/15E148 Safari/604.1`],
    ["Chrome on iOS", `${iphone} ${webkit} CriOS/140.0 Mobile/15E148 Safari/604.1`],
    ["Firefox on iOS", `${iphone} ${webkit} FxiOS/128.0 Mobile/15E148 Safari/605.1.15`],
    ["Microsoft Edge on iOS", `${iphone} ${webkit} Version/18.0 EdgiOS/140.0 Mobile/15E148 Safari/605.1.15`],
    ["Unknown browser", "curl/8.0"],
    ["Unknown browser", ""],
    ["Unknown browser", null],
  ];
  for (const [name, header] of names) {
    test(`${name} (${header?.slice(-30) ?? "no header"})`, () => assert.equal(describeUserAgent(header), name));
  }

  test("by names of our own, never by what it says of itself", () => {
    const hostile = `<script>alert(1)</script> Chrome/1 Windows ${"x".repeat(100_000)}`;
    assert.equal(describeUserAgent(hostile), "Chrome on Windows");
  });
});
