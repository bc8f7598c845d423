import assert from "node:assert/strict";
import { once } from "node:events";
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, before, describe, it, type TestContext } from "node:test";
import { eventually } from "@entra-functions-bff/stand-in-kit/eventually";
import { launchBrowser } from "../support/browser.ts";
import { createClient } from "../support/http-client.ts";
import { startProgram, type Program } from "../support/program.ts";
import { freePortRow, signIn } from "../support/world.ts";

/** Of the file that the test changes, for a check that is quick. */
const typeChecking = {
  compilerOptions: {
    strict: true,
    noEmit: true,
    module: "nodenext",
    target: "es2024",
    allowImportingTsExtensions: true,
    types: ["node"],
    skipLibCheck: true,
  },
  files: ["functions/health.ts"],
};

/** The program behind `npm start` and `npm run dev`, in a copy of the project, on ports of its own. */
describe("the program that runs the local platform", () => {
  let copy: string;
  before(async () => {
    copy = await mkdtemp(join(tmpdir(), "bff-copy-"));
    const parts = ["functions", "shared", "web", "packages", "tools", "scripts", "dist", "host.json", "package.json"];
    await Promise.all(parts.map(async (part) => cp(part, join(copy, part), { recursive: true })));
    await symlink(resolve("node_modules"), join(copy, "node_modules"));
  });
  after(() => rm(copy, { recursive: true, force: true }));

  it("as npm run dev: a change is there, people stay signed in, and a mistake does not end the app", async (test) => {
    await writeFile(join(copy, "tsconfig.json"), JSON.stringify(typeChecking));
    const { program, url } = await start(test, "--watch");
    const client = createClient(url);
    await signIn(client, "ada@contoso.example", "/healthz");
    const health = async () => (await client.fetch("/healthz")).body;
    const source = join(copy, "functions/health.ts");
    const text = await readFile(source, "utf8");

    await writeFile(source, text.replace('status: "ok"', 'status: "changed"'));
    await eventually("the change answers", async () => /changed/.test(await health()));
    assert.equal((await client.fetch("/auth/me")).status, 200);
    await eventually("the change is named", () =>
      /^functions.health\.ts changed: ready in \d+ ms$/m.test(program.written()),
    );

    await writeFile(source, "export const healthz = ;");
    await eventually("the mistake is told", () => /Unexpected ";"/.test(program.written()));
    await eventually("the app goes on as it was", async () => /changed/.test(await health()));

    await writeFile(source, `${text}const count: number = "two"; void count;`);
    await eventually("the mended app answers", async () => /ok/.test(await health()));
    await eventually("a wrong type is told", () => /health\.ts.+error TS2322/.test(program.written()));

    const index = join(copy, "functions/index.ts");
    const entry = await readFile(index, "utf8");
    await writeFile(index, entry.replace("bff()", 'bff({ files: "nowhere" })'));
    await eventually("what is wrong with an option is told", () =>
      /cannot work with these settings:\n +files names the folder "nowhere"/.test(program.written()),
    );
    await writeFile(index, entry);
    await eventually("the app works again", async () => (await client.fetch("/auth/me")).status === 200);
    assert.equal((await program.stop()).code, 0);
    assert.doesNotMatch(program.written(), /SIGTERM|listening|ExperimentalWarning/);
  });

  it("as npm run dev: a page that is open loads again after a change, without an error in its console", async (test) => {
    const { program, url } = await start(test, "--watch");
    const browser = await launchBrowser();
    test.after(() => browser.stop());
    const tab = await (await browser.newProfile(test)).newTab(url);
    await tab.evaluate("window.isBefore = true");
    const source = join(copy, "web/index.html");
    await writeFile(source, (await readFile(source, "utf8")).replace("</body>", "<p>Changed</p></body>"));
    await tab.getByText("Changed", { exact: true }).waitFor();
    assert.equal(await tab.evaluate("window.isBefore"), undefined);
    await tab.close();
    assert.equal((await program.stop()).code, 0);
  });

  it("as npm start: says what runs where, and ends when it is asked to", async (test) => {
    const { program, url } = await start(test);
    assert.match(program.written(), new RegExp(`The app +${url}\\n`));
    assert.equal((await fetch(`${url}/readyz`)).status, 200);
    assert.equal((await program.stop()).code, 0);
  });

  it("on a port that is taken: says which, and whose", async (test) => {
    const first = await freePortRow(7);
    const squatter = createServer().listen(first + 3, "127.0.0.1");
    await once(squatter, "listening");
    const program = run(test, ["--port", String(first)]);
    assert.equal((await program.ended).code, 1);
    assert.match(program.written(), new RegExp(`^Port ${first + 3} is already in use \\(Azure Cosmos DB\\)\\. .+\\n$`));
    squatter.close();
  });

  it("while it runs already: says so", async (test) => {
    await start(test);
    const second = run(test, ["--port", String(await freePortRow(7))]);
    assert.equal((await second.ended).code, 1);
    assert.match(second.written(), /^The local platform is already running in this folder: .+ Stop it first\.\n$/);
  });

  it("with arguments that it does not know: says how to use it", async (test) => {
    for (const args of [["--nonsense"], ["--port", "65535"]]) {
      const program = run(test, args);
      assert.equal((await program.ended).code, 2, args.join(" "));
      assert.match(program.written(), /Usage: npm start/);
    }
  });

  const broken: readonly [setting: string, value: string, ...args: string[]][] = [
    ["Session__MaxPerAccount", "0"],
    ["SignOut__Scope", "no-such-scope", "--watch"],
    ["Session__CookieName", "__Host-shop"],
    ["DownstreamApis__orders__BaseUrl", "no URL"],
    ["PublicBaseUrl", "no URL"],
    ["CosmosDb__databaseName", "a/b"],
  ];
  for (const [setting, value, ...args] of broken) {
    it(`with ${setting}=${value} ${args.join(" ")}: says what is wrong, and suggests nobody to sign in`, async (test) => {
      const { program } = await startWith(test, { [setting]: value }, ...args);
      const output = program.written();
      assert.match(output, /cannot work with these settings/);
      assert.match(output, new RegExp(`^ +${setting} .+; expected `, "m"));
      assert.doesNotMatch(output, /Try this|sign in as/);
      assert.equal(output.includes(value) && value.length > 3, false, "Values are not told");
      assert.equal((await program.stop()).code, 0);
    });
  }

  it("with sound settings of one's own: suggests what to try, and works", async (test) => {
    const { program, url } = await startWith(test, { Session__MaxPerAccount: "3", SignOut__Scope: "session" });
    assert.match(program.written(), /Try this/);
    const client = createClient(url);
    await signIn(client, "ada@contoso.example", "/healthz");
    const name = `__Host-session-${new URL(url).port}`;
    // Beside the note of the sign-in just answered.
    const names = [...client.cookies("localhost").keys()].filter((each) => !each.startsWith(`${name}-signin-`));
    assert.deepEqual(names, [name]);
    assert.equal((await program.stop()).code, 0);
  });

  async function start(test: TestContext, ...args: string[]) {
    return startWith(test, {}, ...args);
  }

  async function startWith(test: TestContext, environment: NodeJS.ProcessEnv, ...args: string[]) {
    const port = await freePortRow(7);
    const program = run(test, ["--port", String(port), ...args], environment);
    await eventually("the banner", () => program.written().includes("Ctrl+C stops everything"));
    return { program, url: `http://localhost:${port}` };
  }

  function run(test: TestContext, args: readonly string[], environment: NodeJS.ProcessEnv = {}): Program {
    const program = startProgram("tools/start/start.ts", args, {
      folder: copy,
      // The program brings its own host, whichever one the other tests are to run on.
      environment: { ...process.env, HOST_UNDER_TEST: undefined, ...environment },
    });
    test.after(() => program.stop());
    return program;
  }
});
