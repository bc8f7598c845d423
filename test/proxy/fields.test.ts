import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";
import { headerOf, type RawAnswer } from "@entra-functions-bff/stand-in-kit/raw-answers";
import { answerBytes } from "./raw-api.ts";
import { namesOf, registry } from "./registry.ts";
import { modes, startProxyStage, type ProxyStage } from "./stage.ts";

/** Fewer than the Functions host takes in one request. */
const atOnce = 50;

const toApis = [...namesOf("both ways"), ...namesOf("to APIs")];
const toBrowsers = [...namesOf("both ways"), ...namesOf("to browsers")];
const all = [...new Set([...toApis, ...toBrowsers, ...namesOf("neither")])];
const valueOf = (name: string) => `value of ${name}`;
const lines = (names: readonly string[]) => names.map((name) => `${name}: ${valueOf(name)}`);

function groupsOf(names: readonly string[]): string[][] {
  return Array.from({ length: Math.ceil(names.length / atOnce) }, (_, index) =>
    names.slice(index * atOnce, (index + 1) * atOnce),
  );
}

for (const [mode, streaming] of modes) {
  describe(`header fields on their way through the app, ${mode}`, () => {
    let stage: ProxyStage;
    before(async () => {
      stage = await startProxyStage(streaming);
    });
    after(() => stage.stop());
    beforeEach(() => {
      stage.api.calls.splice(0);
      stage.api.answer((socket) => socket.write(answerBytes("200 OK", [], "ok")));
    });

    const sent = (name: string) => stage.api.calls.at(-1)?.fields.find(([each]) => each === name.toLowerCase())?.[1];

    it("are all that are registered, each once", () => {
      const names = Object.keys(registry).flatMap((group) => namesOf(group as keyof typeof registry));
      assert.equal(new Set(names).size, names.length);
      assert.ok(names.length > 240, String(names.length));
    });

    it("reach the API, but for those that are the app's business alone", async () => {
      // The browser's cookie is what it is signed in by, and Origin is the app's own.
      const inTest = all.filter((name) => !["Cookie", "Origin"].includes(name));
      const passed: string[] = [];
      for (const names of groupsOf(inTest)) {
        assert.equal((await stage.ask("GET", "x", lines(names))).status, 200);
        passed.push(...names.filter((name) => sent(name) === valueOf(name)));
        for (const name of ["Cookie", "Origin"]) assert.equal(sent(name), undefined, name);
      }
      assert.deepEqual(passed.toSorted(), toApis.toSorted());
    });

    it("reach the browser, but for those that are the app's to say", async () => {
      const passed: string[] = [];
      for (const names of groupsOf(all)) {
        stage.api.answer((socket) => socket.write(answerBytes("200 OK", lines(names), "ok")));
        const answer = await stage.ask("GET", "x");
        passed.push(...names.filter((name) => headerOf(answer, name.toLowerCase()) === valueOf(name)));
      }
      assert.deepEqual(passed.toSorted(), toBrowsers.toSorted());
    });

    it("of the message are those of each side", async () => {
      const answer = await stage.ask(
        "POST",
        "x",
        ["Content-Encoding: gzip", "TE: trailers", "Traceparent: 00-1"],
        "12345",
      );
      const { body } = stage.api.calls[0] ?? assert.fail();
      assert.equal(body.toString(), "12345");
      assert.deepEqual(
        ["host", "content-length", "content-encoding", "te", "transfer-encoding", "expect"].map((name) => sent(name)),
        [new URL(stage.api.url).host, "5", "gzip", undefined, undefined, undefined],
      );
      assert.equal(sent("authorization")?.startsWith("Bearer ey"), true);
      assert.equal(headerOf(answer, "content-length"), "2");
    });

    it("that Connection names end at the app, on both sides", async () => {
      stage.api.answer((socket) => {
        socket.write(answerBytes("200 OK", ["Connection: keep-alive, X-Theirs", "X-Theirs: 1", "X-Kept: 2"], "ok"));
      });
      const answer = await stage.ask("GET", "x", ["Connection: close, X-Ours", "X-Ours: 1", "X-Kept: 2"]);
      assert.deepEqual([sent("x-ours"), sent("x-kept")], [undefined, "2"]);
      assert.deepEqual([headerOf(answer, "x-theirs"), headerOf(answer, "x-kept")], [undefined, "2"]);
    });

    it("that are repeated arrive joined, and in the order in which they came", async () => {
      const repeated = ["Link: <a>", "X-One: 1", "Link: <b>"];
      stage.api.answer((socket) => socket.write(answerBytes("200 OK", repeated, "ok")));
      const answer = await stage.ask("GET", "x", repeated);
      assert.match(String(sent("link")), /^<a>, ?<b>$/);
      assert.equal(headerOf(answer, "link"), "<a>, <b>");
    });

    it("that are not ASCII: UTF-8 to the API, and to the browser a file's name alone", async () => {
      const utf8 = Buffer.from("Übersicht €").toString("latin1");
      stage.api.answer((socket) => {
        const fields = [
          `Content-Disposition: attachment; filename="${utf8}.pdf"`,
          `X-Title: ${utf8}`,
          "X-Latin: \u00fc",
        ];
        socket.write(answerBytes("200 OK", fields, "ok"));
      });
      // With HTTP streams, the Functions host itself does not pass on such a request.
      const title = streaming ? "Uber" : "Über";
      const answer = await stage.ask("GET", "x", [`X-Title: ${Buffer.from(title).toString("latin1")}`]);
      assert.equal(Buffer.from(sent("x-title") ?? "", "latin1").toString(), title);
      const disposition = "attachment; filename=\"_bersicht _.pdf\"; filename*=UTF-8''%C3%9Cbersicht%20%E2%82%AC.pdf";
      assert.equal(headerOf(answer, "content-disposition"), disposition);
      assert.deepEqual([headerOf(answer, "x-title"), headerOf(answer, "x-latin")], [undefined, undefined]);
    });

    it("that lead somewhere lead through the app where they can", async () => {
      const cases = [
        ["/base/items/?x=1", "/api/raw/items/?x=1"],
        [`${stage.api.url}/base/a`, "/api/raw/a"],
        ["b", "/api/raw/b"],
        ["/auth/logout", `${stage.api.url}/auth/logout`],
        ["https://elsewhere.example/", "https://elsewhere.example/"],
      ] as const;
      for (const [came, goes] of cases) {
        const fields = [`Location: ${came}`, `Content-Location: ${came}`];
        stage.api.answer((socket) => socket.write(answerBytes("307 Temporary Redirect", fields)));
        const answer: RawAnswer = await stage.ask("GET", "x");
        assert.deepEqual([headerOf(answer, "location"), headerOf(answer, "content-location")], [goes, goes]);
      }
    });

    const refused: readonly [what: string, fields: readonly string[], body: string, problem: string][] = [
      ["Expect", ["Expect: 100-continue", "Connection: close"], "", "417 expectation_failed"],
      [
        "Trailer",
        ["Trailer: X-Sum", "Transfer-Encoding: chunked", "Connection: close"],
        "2\r\nok\r\n0\r\nX-Sum: 1\r\n\r\n",
        "501 framing_unsupported",
      ],
      [
        "Upgrade",
        ["Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: eA=="],
        "",
        "501 framing_unsupported",
      ],
    ];
    for (const [what, fields, body, problem] of refused) {
      it(`that ask for more than an answer are refused before the API hears of it: ${what}`, async () => {
        const method = body === "" ? "GET" : "POST";
        const socket = stage.open(`${stage.head(method, "x", fields)}\r\n\r\n${body}`);
        const received = await new Promise<string>((resolve) => {
          let text = "";
          socket.on("data", (data: Buffer) => {
            text += data.toString("latin1");
            if (text.includes('"code"')) resolve(text);
          });
          socket.on("close", () => resolve(text));
        });
        socket.destroy();
        const [status = "", code = ""] = problem.split(" ");
        assert.match(received, new RegExp(`^(?:HTTP/1.1 100 Continue\\r\\n\\r\\n)?HTTP/1.1 ${status} `));
        assert.match(received, new RegExp(`"code":"${code}"`));
        assert.deepEqual(stage.api.calls, []);
      });
    }
  });
}
